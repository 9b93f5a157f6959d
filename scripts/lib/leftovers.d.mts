export const RUN_VARIABLE: 'FLEET_DEMO_RUN';
export function clean(folder: string): string[];
export function cleanLeftovers(parent: string): string[];
