export function findOnPath(name: string, path?: string): string | null;
