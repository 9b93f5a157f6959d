import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';

export const ROOT = resolve(import.meta.dirname, '..', '..');
export const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

export interface Mount {
  /** A path of the repository, or the name of a volume. */
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  /** Docker fills and owns an empty volume after the image of whoever mounts it. */
  readonly copies: boolean;
}

type Volume = string | { source: string; target: string; read_only?: boolean; volume?: { nocopy?: boolean } };

export interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly target: string };
  readonly user?: string;
  readonly network_mode?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly restart?: string;
  readonly ports?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly volumes?: readonly Volume[];
  readonly tmpfs?: readonly string[];
  readonly mem_limit?: string;
  readonly pids_limit?: number;
  readonly logging?: { readonly options: object };
}

export interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, null>>;
}

export const COMPOSE_TEXT = read('docker-compose.yml');

/** docker-compose.yml, its merges done. */
export const compose = parse(COMPOSE_TEXT, { merge: true }) as Compose;

/** Each `${NAME:-default}` of a text replaced by its default, and `$$` by `$`. */
export const withDefaults = (text: string): string => text.replace(/\$\{\w+:-([^}]*)\}/g, '$1').replaceAll('$$', '$');

export function mountsOf({ volumes = [] }: Service): Mount[] {
  return volumes.map((volume) => {
    if (typeof volume !== 'string') {
      const { source, target, read_only: readOnly = false, volume: { nocopy = false } = {} } = volume;
      return { source, target, readOnly, copies: !nocopy };
    }
    const [source = '', target = '', mode = ''] = volume.split(':');
    return { source, target, readOnly: mode === 'ro', copies: true };
  });
}

export const isPath = ({ source }: Mount): boolean => source.startsWith('.');
