import {
  canonicalJson,
  configPathSchema,
  deniedSetting,
  isSecretReference,
  namesSecret,
  plainSecrets,
  REDACTED,
  redactedValue,
  shownPath,
} from '@openclaw-fleet/contract';
import type { ConfigValues, Json } from '@openclaw-fleet/contract';
import { managedConfigHash, managedValues } from '../gateway/config-hash.ts';
import { isObject, mergePatch } from './merge-patch.ts';
import type { JsonObject } from './merge-patch.ts';

/** One setting that would change. Absent: there is none, or none any more. */
export interface Change {
  readonly path: string;
  readonly from?: Json;
  readonly to?: Json;
}

/** What would be written to make a gateway run a revision, and nothing else. */
export interface Plan {
  /** A JSON merge patch (RFC 7396); it holds no secret and no secret's name. */
  readonly patch: JsonObject;
  /** Setting by setting; empty: the gateway has the revision's values already. */
  readonly changes: readonly Change[];
  /** Arrays that OpenClaw is to replace; without this it keeps their old items. */
  readonly replacePaths: readonly string[];
  /** The whole document afterwards. */
  readonly expected: JsonObject;
}

/** Why a revision cannot be applied. Neither member holds a value. */
export interface Objection {
  readonly refusal: 'denied-path' | 'revision-refused';
  readonly path: string;
  readonly why: string;
}

export type Planned =
  | { readonly plan: Plan; readonly objections: readonly [] }
  | { readonly plan: null; readonly objections: readonly Objection[] };

/**
 * What speaks against a revision whatever the gateway has: a path that no revision may manage, a secret in plain, paths
 * within each other. The collector refuses these too; a bridge does not take its word for it.
 */
export function objectionsTo(values: ConfigValues): Objection[] {
  const entries = Object.entries(values);
  const denied = entries.flatMap(([path, value]): Objection[] => {
    const found = deniedSetting(path, value);
    return found === null ? [] : [{ refusal: 'denied-path', ...found }];
  });
  const secrets = entries
    .flatMap(([path, value]) => plainSecrets(path, value))
    .map(({ path }): Objection => {
      return { refusal: 'denied-path', path, why: 'a secret would be written in plain' };
    });
  const malformed = entries
    .filter(([path]) => !configPathSchema.safeParse(path).success)
    .map(([path]): Objection => refused(path, 'is no dotted path'));
  const nested = entries
    .filter(([path]) => stepsAbove(path).some((outer) => Object.hasOwn(values, outer)))
    .map(([path]): Objection => refused(path, 'lies within another path of the revision'));
  return [...denied, ...secrets, ...malformed, ...nested];
}

/**
 * The smallest change of a gateway's document after which its managed settings are `values` (domain-rules section 4,
 * openclaw-notes section 11, playbook B). Pure. Secrets stay as they are: where the revision names one, there must be one,
 * and none is removed or overwritten, since nothing could bring it back.
 * @param current `parsed` of `config.get`, secrets redacted
 */
export function planChange(current: JsonObject, values: ConfigValues): Planned {
  const changes: Change[] = [];
  const objections: Objection[] = [...objectionsTo(values)];
  if (objections.length > 0) return { plan: null, objections };

  const patch: Record<string, Json> = {};
  for (const [path, wish] of Object.entries(values)) {
    const steps = path.split('.');
    const found = locate(current, steps);
    if (found === 'blocked') {
      objections.push(refused(path, 'lies below a setting that is no section on this gateway; mend that one by hand'));
      continue;
    }
    const change = diff(path, found.value, wish);
    if (change !== undefined) put(patch, steps, change);
  }
  if (objections.length > 0) return { plan: null, objections };

  const expected = mergePatch(current, patch) as JsonObject;
  if (managedConfigHash(managedValues(expected, values)) !== managedConfigHash(values)) {
    return {
      plan: null,
      objections: [refused('values', 'have no form that a merge patch of this gateway could reach')],
    };
  }
  const replacePaths = changes
    .filter(({ from, to }) => Array.isArray(from) || Array.isArray(to))
    .map(({ path }) => path);
  return { plan: { patch, changes, replacePaths, expected }, objections: [] };

  function diff(path: string, has: Json | undefined, wish: Json): Json | undefined {
    if (has !== undefined && same(redactedValue(path, has, wish), wish)) return undefined;
    if (isSecretReference(wish)) {
      objections.push(refused(path, 'names a secret, and the gateway has none there; set it on the gateway first'));
      return undefined;
    }
    if (!isObject(wish) || !isObject(has)) return replaced(path, has, wish);
    const names = new Set([...Object.keys(has), ...Object.keys(wish)]);
    const members = [...names].map((name): [string, Json | undefined] => {
      const inner = `${path}.${name}`;
      if (!Object.hasOwn(wish, name)) return [name, isHidden(path, name) ? undefined : removed(inner, own(has, name))];
      const wished = own(wish, name) ?? null;
      return [
        name,
        Object.hasOwn(has, name) ? diff(inner, own(has, name), wished) : replaced(inner, undefined, wished),
      ];
    });
    return Object.fromEntries(members.filter((member): member is [string, Json] => member[1] !== undefined));
  }

  function replaced(path: string, has: Json | undefined, wish: Json): Json {
    if (namesSecret(wish)) {
      const why = Array.isArray(wish)
        ? 'is a list with a secret in it, and differs; a list is written whole, so change it on the gateway'
        : 'names a secret, and the gateway has none there; set it on the gateway first';
      objections.push(refused(path, why));
    }
    if (hasNull(wish)) objections.push(refused(path, 'is null, which a merge patch cannot write'));
    if (has !== undefined) lose(path, has);
    const before = new Map(has === undefined ? [] : leaves(path, has));
    const after = new Map(leaves(path, wish));
    for (const leaf of new Set([...before.keys(), ...after.keys()])) {
      changes.push(changeOf(leaf, before.get(leaf), after.get(leaf)));
    }
    return wish;
  }

  function removed(path: string, has: Json | undefined): null {
    if (has === undefined) return null;
    lose(path, has);
    for (const [leaf, from] of leaves(path, has)) changes.push(changeOf(leaf, from, undefined));
    return null;
  }

  /** Whether what is there may go. */
  function lose(path: string, has: Json): void {
    for (const [leaf, value] of leaves(path, has)) {
      const denied = deniedSetting(leaf, withoutTexts(value));
      if (denied !== null) {
        const why = `${denied.why}, and the revision would remove it: name the settings beside it one by one`;
        objections.push({ refusal: 'denied-path', path: denied.path, why });
      }
      if (JSON.stringify(value).includes(REDACTED)) {
        objections.push(refused(leaf, 'is a secret that the revision would remove, and nothing could bring it back'));
      }
    }
  }
}

/**
 * The values themselves as a merge patch, to write them again where they stand: without secrets, which stay as they are,
 * and without null, which would remove.
 */
export function restate(values: ConfigValues): Pick<Plan, 'patch' | 'replacePaths'> {
  const said = Object.entries(values).filter(([, value]) => !namesSecret(value) && !hasNull(value));
  const patch: Record<string, Json> = {};
  for (const [path, value] of said) put(patch, path.split('.'), value);
  return {
    patch,
    replacePaths: said
      .flatMap(([path, value]) => leaves(path, value))
      .filter(([, value]) => Array.isArray(value))
      .map(([path]) => path),
  };
}

/** What a reload of the changed settings takes, by the gateway's word about each. */
export type ReloadKind = 'none' | 'hot' | 'restart';
export const isReloadKind = (value: unknown): value is ReloadKind =>
  value === 'none' || value === 'hot' || value === 'restart';

const MAX_SHOWN = 80;

/** A change in words, for a note: secrets redacted, values cut, no control characters. */
export function wordsOf({ path, from, to }: Change, kind: ReloadKind): string {
  const effect = kind === 'restart' ? 'restarts the gateway' : kind === 'hot' ? 'reloads hot' : 'needs no reload';
  return `${shownPath(path).slice(0, 160)}: ${shown(path, from)} -> ${shown(path, to)} (${effect})`;
}

function shown(path: string, value: Json | undefined): string {
  if (value === undefined) return '(not set)';
  const text = JSON.stringify(redactedValue(path, value, undefined)).replace(/[\u007f-\u009f]/g, '?');
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}...`;
}

function locate(document: JsonObject, steps: readonly string[]): 'blocked' | { readonly value: Json | undefined } {
  let at: Json | undefined = document;
  for (const step of steps) {
    if (at === undefined) break;
    if (!isObject(at)) return 'blocked';
    at = own(at, step);
  }
  return { value: at };
}

/** Puts a change at its place among those of other paths, none of which lies within another. */
function put(patch: Record<string, Json>, steps: readonly string[], change: Json): void {
  const last = steps.at(-1) ?? '';
  let at: Record<string, Json> = patch;
  for (const step of steps.slice(0, -1)) {
    const next = own(at, step);
    const section: Record<string, Json> = isObject(next) ? next : {};
    at[step] = section;
    at = section;
  }
  at[last] = change;
}

/** Every value that is no section, with its path; an empty section is one. */
function leaves(path: string, value: Json): [string, Json][] {
  if (!isObject(value) || Object.keys(value).length === 0) return [[path, value]];
  return Object.entries(value).flatMap(([name, inner]) => leaves(`${path}.${name}`, inner));
}

/** What a text says does not matter where it goes: names do. */
const withoutTexts = (value: Json): Json =>
  JSON.parse(JSON.stringify(value, (_name, inner: unknown) => (typeof inner === 'string' ? '' : inner))) as Json;

/** A merge patch takes a null in an array as it is, and any other as a removal. */
const hasNull = (value: Json): boolean => value === null || (isObject(value) && Object.values(value).some(hasNull));

/** What `redactedValue` leaves out is not compared, so it is not removed either. */
const isHidden = (path: string, name: string): boolean =>
  !Object.hasOwn(redactedValue(path, Object.fromEntries([[name, true]]), undefined) as JsonObject, name);

const changeOf = (path: string, from: Json | undefined, to: Json | undefined): Change => ({
  path,
  ...(from !== undefined && { from }),
  ...(to !== undefined && { to }),
});
const own = (members: JsonObject, name: string): Json | undefined =>
  Object.hasOwn(members, name) ? members[name] : undefined;
const same = (a: Json, b: Json): boolean => canonicalJson(a) === canonicalJson(b);
const refused = (path: string, why: string): Objection => ({ refusal: 'revision-refused', path: shownPath(path), why });
const stepsAbove = (path: string): string[] =>
  path.split('.').map((_step, index, steps) => steps.slice(0, index).join('.'));
