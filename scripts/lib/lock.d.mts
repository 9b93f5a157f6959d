export interface LockedPackage {
  readonly path: string;
  readonly version: string;
}
export interface Platform {
  readonly os: string;
  readonly cpu: string;
  readonly libc?: string | undefined;
}
export function neededPackages(
  lock: { readonly packages: Readonly<Record<string, object>> },
  workspaces: readonly string[],
  platform?: Platform
): LockedPackage[];
export function missingPackages(
  needed: readonly LockedPackage[],
  installedVersion: (path: string) => string | null
): LockedPackage[];
