import type { Output } from './progress.mjs';
export const RUN_WORKSPACES: readonly string[];
export function nodeBinary(root: string): string;
export function npmCommand(env?: Readonly<Record<string, string | undefined>>): string[];
export function installArguments(workspaces: readonly string[] | null): string[];
export function ensureInstalled(options: {
  readonly root: string;
  readonly workspaces: readonly string[] | null;
  readonly what: string;
  readonly out?: Output;
}): Promise<void>;
