import type { Output } from './progress.mjs';
export function notBuilt(dist: string): string | null;
export function outdated(root: string): boolean;
export function ensureBuilt(options: { readonly root: string; readonly out?: Output }): Promise<void>;
