export const RUN_VARIABLE: 'FLEET_DEMO_RUN';
export function clean(folder: string): string[];
export function cleanLeftovers(parent: string): string[];
export function note(
  folder: string,
  owner: number | undefined,
  children: readonly { readonly name: string; readonly pid: number | undefined }[]
): void;
