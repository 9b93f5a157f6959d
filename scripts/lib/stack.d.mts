import type { InstalledGrafana } from './grafana.mjs';
export interface FoundStack {
  readonly prometheus: string | null;
  readonly alertmanager: string | null;
  readonly grafana: InstalledGrafana | null;
}
export const HOW_TO_GET: Readonly<Record<keyof FoundStack, string>>;
export function findStack(env?: Readonly<Record<string, string | undefined>>): FoundStack;
