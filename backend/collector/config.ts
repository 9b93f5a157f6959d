import { dirname, resolve } from 'node:path';
import { TIMINGS, type Timings } from '@openclaw-fleet/contract';
import { parse as parseYaml } from 'yaml';
import type { z } from 'zod';
import { nearest } from './config-nearest.ts';
import { crossChecks, settings, type About, type Settings } from './config-schema.ts';
import { ConfigError, shown, type ConfigProblem } from './config-error.ts';

export { ConfigError } from './config-error.ts';

/** Every setting, checked. Paths are absolute; `durations` are milliseconds. */
export type Config = Omit<Settings, 'durations'> & { readonly durations: Timings };

/** Where a setting's value came from. */
export type Origin = 'default' | 'environment' | 'file';

/** Reads a text file; throws when it cannot. */
export type ReadFile = (path: string) => string;

export type Environment = Readonly<Record<string, string | undefined>>;

export interface LoadedConfig {
  readonly config: Config;
  /** By key, such as `intake.port`. */
  readonly origins: ReadonlyMap<string, Origin>;
}

/** One setting: what a person can set, and what it means. */
export interface Setting {
  /** Where it stands in the file, such as `intake.port`. */
  readonly key: string;
  /** Its environment variable, such as `OPENCLAW_FLEET_INTAKE_PORT`. */
  readonly env: string;
  /** Another variable it is read from, such as `SMART_FLEET_V2_ENABLED`; null: there is none. */
  readonly alias: string | null;
  readonly unit: string;
  readonly meaning: string;
  readonly default: string;
}

export const ENV_PREFIX = 'OPENCLAW_FLEET_';
/** Names the YAML file. */
export const CONFIG_FILE_ENV = `${ENV_PREFIX}CONFIG`;
/** What the commands that ask a running collector read: where it is, and how to be let in. A shell may have them for all. */
const ASKING_ENVS = ['URL', 'TOKEN', 'TOKEN_FILE', 'CA_FILE'].map((name) => ENV_PREFIX + name);

interface Leaf {
  readonly path: readonly string[];
  readonly key: string;
  readonly env: string;
  readonly alias: string | null;
  readonly schema: z.ZodType;
}

const metaOf = (schema: z.ZodType): About => schema.meta() as About;

/** `intake.maxInFlight` is `OPENCLAW_FLEET_INTAKE_MAX_IN_FLIGHT`. */
function envName(path: readonly string[]): string {
  return ENV_PREFIX + path.map((part) => part.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()).join('_');
}

function leavesOf(schema: z.ZodType, path: readonly string[] = []): Leaf[] {
  const inner = bare(schema);
  if (inner.def.type !== 'object')
    return [{ path, key: path.join('.'), env: envName(path), alias: metaOf(schema).alias ?? null, schema }];
  const { shape } = inner as z.ZodObject<Record<string, z.ZodType>>;
  return Object.entries(shape).flatMap(([name, child]) => leavesOf(child, [...path, name]));
}

/** The schema without its default, optional and the like. */
function bare(schema: z.ZodType): z.ZodType {
  const def = schema.def as { innerType?: z.ZodType };
  return def.innerType ? bare(def.innerType) : schema;
}

const LEAVES = leavesOf(settings);

/** Makes of an environment variable's text what the schema expects; text that is not that goes through for the schema to refuse. */
function fromText(schema: z.ZodType, text: string): unknown {
  switch (bare(schema).def.type) {
    case 'number':
      return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text;
    case 'array':
    case 'record':
      try {
        return JSON.parse(text);
      } catch {
        return text;
      }
    default:
      return text;
  }
}

type Tree = { [name: string]: unknown };

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

function put(tree: Tree, path: readonly string[], value: unknown): void {
  let at = tree;
  for (const name of path.slice(0, -1)) {
    const next = at[name];
    at = isTree(next) ? next : (at[name] = {});
  }
  at[path.at(-1) ?? ''] = value;
}

function get(tree: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, name) => (isTree(at) && Object.hasOwn(at, name) ? at[name] : undefined), tree);
}

function readTree(file: string, readFile: ReadFile): Tree {
  let text: string;
  try {
    text = readFile(file);
  } catch (error) {
    throw new ConfigError([
      {
        setting: CONFIG_FILE_ENV,
        message: `cannot read ${file} (${(error as Error).message}): name a file that can be read, or unset it`,
      },
    ]);
  }
  let tree: unknown;
  try {
    tree = parseYaml(text);
  } catch (error) {
    throw new ConfigError([
      { setting: file, message: `is not YAML: ${(error as Error).message.split('\n')[0] ?? ''}` },
    ]);
  }
  if (tree === null || tree === undefined) return {};
  if (!isTree(tree))
    throw new ConfigError([{ setting: file, message: 'must hold settings by name, such as "intake: { port: 8443 }"' }]);
  return tree;
}

/** Names in the file that are no setting. Inside a list the schema itself looks. */
function unknownKeys(tree: Tree, file: string): ConfigProblem[] {
  const known = new Map<string, boolean>();
  for (const leaf of LEAVES) {
    leaf.path.forEach((_, index) => known.set(leaf.path.slice(0, index + 1).join('.'), index < leaf.path.length - 1));
  }
  const found: ConfigProblem[] = [];
  const visit = (at: Tree, prefix: string): void => {
    for (const [name, value] of Object.entries(at)) {
      const key = prefix + name;
      const group = known.get(key);
      if (group === undefined)
        found.push({
          setting: key,
          message: `there is no such setting (in ${file})${suggestion(key, [...known.keys()])}`,
        });
      else if (group && isTree(value)) visit(value, `${key}.`);
      else if (group && value !== null)
        found.push({
          setting: key,
          value: shown(value),
          message: `is a group of settings: write "${key}.<name>" under it`,
        });
    }
  };
  visit(tree, '');
  return found;
}

function suggestion(name: string, names: readonly string[], prefix = ''): string {
  const short = (one: string): string => one.slice(prefix.length);
  const near = nearest(short(name), names.map(short));
  return near === undefined ? '; `openclaw-fleet config` lists all' : `; did you mean ${prefix}${near}?`;
}

function unknownVariables(env: Environment): ConfigProblem[] {
  const names = [CONFIG_FILE_ENV, ...LEAVES.map((leaf) => leaf.env)];
  return Object.keys(env)
    .filter((name) => name.startsWith(ENV_PREFIX) && env[name] !== undefined)
    .filter((name) => !names.includes(name) && !ASKING_ENVS.includes(name))
    .map((name) => ({ setting: name, message: `there is no such setting${suggestion(name, names, ENV_PREFIX)}` }));
}

/** The variables that are set for a leaf; empty ones count as not set. */
function variablesOf({ env: own, alias }: Leaf, env: Environment): { name: string; text: string }[] {
  return [own, ...(alias === null ? [] : [alias])].flatMap((name) => {
    const text = env[name];
    return text === undefined || text === '' ? [] : [{ name, text }];
  });
}

/** Settings that are given different values under both of their names. */
function contradictions(env: Environment): ConfigProblem[] {
  return LEAVES.flatMap((leaf) => {
    const [first, second] = variablesOf(leaf, env);
    if (first === undefined || second === undefined || first.text === second.text) return [];
    const message = `is the same setting as ${first.name} and says otherwise: unset one of them`;
    return [{ setting: second.name, value: shown(second.text), message }];
  });
}

interface Written {
  readonly input: Tree;
  readonly origins: Map<string, Origin>;
  /** The variable that each setting from the environment came from. */
  readonly variables: Map<string, string>;
}

/** What a person wrote: the environment first, then the file. Empty variables and nulls in the file count as not written. */
function gather(env: Environment, tree: Tree, file: string | undefined): Written {
  const input: Tree = {};
  const origins = new Map<string, Origin>();
  const variables = new Map<string, string>();
  for (const leaf of LEAVES) {
    const [variable] = variablesOf(leaf, env);
    const written = get(tree, leaf.path) ?? undefined;
    const isPath = metaOf(leaf.schema).path === true;
    if (variable !== undefined) {
      put(input, leaf.path, isPath ? resolve(variable.text) : fromText(leaf.schema, variable.text));
      origins.set(leaf.key, 'environment');
      variables.set(leaf.key, variable.name);
    } else if (written !== undefined) {
      put(input, leaf.path, isPath && typeof written === 'string' ? resolve(dirname(file ?? ''), written) : written);
      origins.set(leaf.key, 'file');
    } else {
      origins.set(leaf.key, 'default');
    }
  }
  return { input, origins, variables };
}

/** How the person who must mend it knows the setting: by its variable when it came from there, else by its key in the file. */
function nameOf(path: readonly PropertyKey[], { origins, variables }: Written): string {
  const text = path.map(String);
  const leaf = LEAVES.find((one) => one.path.every((part, index) => text[index] === part));
  if (leaf === undefined) return text.join('.');
  const rest = text.slice(leaf.path.length).map((part) => (/^\d+$/.test(part) ? `[${part}]` : `.${part}`));
  const fromFile = origins.get(leaf.key) === 'file' ? leaf.key : `${leaf.key} (${leaf.env})`;
  return (variables.get(leaf.key) ?? fromFile) + rest.join('');
}

function problemOf(issue: z.core.$ZodIssue, written: Written): ConfigProblem {
  const setting = nameOf(issue.path, written);
  if (issue.code === 'unrecognized_keys')
    return { setting, message: `has no ${issue.keys.join(', ')}: remove it, or mend its name` };
  if (issue.input === undefined) return { setting, message: 'is missing' };
  return { setting, value: shown(issue.input), message: issue.message };
}

/**
 * Reads every setting: the environment beats the file that OPENCLAW_FLEET_CONFIG names, and that beats the default.
 * Paths in the file are relative to its folder, those in the environment to the working directory.
 * @throws ConfigError naming every bad and every unknown setting, its value and what to do
 */
export function loadConfig(env: Environment, readFile: ReadFile): LoadedConfig {
  const named = env[CONFIG_FILE_ENV];
  const file = named === undefined || named === '' ? undefined : resolve(named);
  const tree = file === undefined ? {} : readTree(file, readFile);
  const problems = [
    ...unknownVariables(env),
    ...contradictions(env),
    ...(file === undefined ? [] : unknownKeys(tree, file)),
  ];
  const written = gather(env, tree, file);
  const { input, origins } = written;
  const parsed = settings.safeParse(input, { reportInput: true });
  if (!parsed.success) {
    problems.push(...parsed.error.issues.map((issue) => problemOf(issue, written)));
    throw new ConfigError(problems);
  }
  problems.push(...crossChecks(parsed.data).map((found) => ({ ...found, setting: nameOf(found.path, written) })));
  if (problems.length > 0) throw new ConfigError(problems);
  const base = origins.get('intake.issuers') === 'file' ? dirname(file ?? '') : '.';
  return { config: complete(parsed.data, base), origins };
}

/** The profile's durations under what was written, in milliseconds. @param base folder that key sets of issuers are relative to */
function complete(data: Settings, base: string): Config {
  const written = Object.entries(data.durations).filter((entry): entry is [string, number] => entry[1] !== undefined);
  const durations: Timings = {
    ...TIMINGS[data.timings],
    ...Object.fromEntries(written.map(([name, seconds]) => [name, seconds * 1000])),
  };
  const paths = { dataDir: resolve(data.dataDir), pkiDir: resolve(data.pkiDir) };
  const issuers = data.intake.issuers.map((one) =>
    one.jwksFile === undefined ? one : { ...one, jwksFile: resolve(base, one.jwksFile) }
  );
  return { ...data, ...paths, intake: { ...data.intake, issuers }, durations };
}

/** Every setting there is, in the order of the schema. */
export function listSettings(): Setting[] {
  const defaults: unknown = settings.parse({});
  return LEAVES.map((leaf) => {
    const meta = metaOf(leaf.schema);
    const value = get(defaults, leaf.path);
    return {
      key: leaf.key,
      env: leaf.env,
      alias: leaf.alias,
      unit: meta.unit ?? '',
      meaning: meta.about,
      default: meta.fallback ?? (value === undefined ? 'none' : asText(value)),
    };
  });
}

export interface ConfigRow extends Setting {
  readonly value: string;
  readonly origin: Origin;
}

/** Every setting with its value and where that came from, for a person. */
export function describeConfig({ config, origins }: LoadedConfig): ConfigRow[] {
  return listSettings().map((setting) => {
    const value = get(config, setting.key.split('.'));
    const seconds = setting.key.startsWith('durations.') && typeof value === 'number' ? value / 1000 : value;
    return {
      ...setting,
      value: seconds === undefined ? 'none' : asText(seconds),
      origin: origins.get(setting.key) ?? 'default',
    };
  });
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
