import { deniedSetting, shownPath, type ConfigValues, type Json } from '@openclaw-fleet/contract';
import { secretProblems } from './secrets.ts';
import type { ConfigProblem } from './types.ts';

/**
 * What a report says at the paths of a revision. A report of another revision, or of a whole configuration, may have a
 * path's value spread over several paths, or within one.
 */
export function reportedAt(report: ConfigValues, paths: readonly string[]): ConfigValues {
  const below = entriesBelow(report, new Set(paths));
  const found = paths.map((path): [string, Json | undefined] => [path, valueAt(report, path, below.get(path) ?? [])]);
  return Object.fromEntries(found.filter((entry): entry is [string, Json] => entry[1] !== undefined));
}

/** What a report has below each of some paths. */
function entriesBelow(report: ConfigValues, paths: ReadonlySet<string>): Map<string, [string, Json][]> {
  const found = new Map<string, [string, Json][]>();
  for (const entry of Object.entries(report)) {
    for (const above of pathsAbove(entry[0])) {
      if (!paths.has(above)) continue;
      const entries = found.get(above);
      if (entries === undefined) found.set(above, [entry]);
      else entries.push(entry);
    }
  }
  return found;
}

/** `a.b` and `a` of `a.b.c`. */
function pathsAbove(path: string): string[] {
  const above: string[] = [];
  for (let end = path.lastIndexOf('.'); end > 0; end = path.lastIndexOf('.', end - 1)) above.push(path.slice(0, end));
  return above;
}

function valueAt(report: ConfigValues, path: string, below: readonly [string, Json][]): Json | undefined {
  if (Object.hasOwn(report, path)) return report[path];
  const above = pathsAbove(path).find((one) => Object.hasOwn(report, one));
  if (above !== undefined) return within(report[above], path.slice(above.length + 1).split('.'));
  if (below.length === 0) return undefined;
  const section: { [key: string]: Json } = {};
  for (const [one, value] of below) put(section, one.slice(path.length + 1).split('.'), value);
  return section;
}

function within(value: Json | undefined, steps: readonly string[]): Json | undefined {
  return steps.reduce<Json | undefined>((at, step) => {
    if (typeof at !== 'object' || at === null || Array.isArray(at) || !Object.hasOwn(at, step)) return undefined;
    return at[step];
  }, value);
}

function put(section: { [key: string]: Json }, steps: readonly string[], value: Json): void {
  const [step = '', ...rest] = steps;
  if (rest.length === 0) {
    section[step] = value;
    return;
  }
  const inner = Object.hasOwn(section, step) ? section[step] : undefined;
  const next = typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? inner : {};
  section[step] = next;
  put(next, rest, value);
}

/** What of a report may become a revision. */
export interface Adoptable {
  readonly values: ConfigValues;
  /** What may not, with why. */
  readonly leftOut: readonly ConfigProblem[];
  /** Paths asked for that the report does not have. */
  readonly absent: readonly ConfigProblem[];
}

/** @param wanted paths, or whole sections; null: everything */
export function adoptable(report: ConfigValues, wanted: readonly string[] | null): Adoptable {
  const asked = new Set(wanted);
  const matched = new Set<string>();
  const chosen = Object.entries(report).filter(([path]) => {
    const by = [path, ...pathsAbove(path)].filter((one) => asked.has(one));
    for (const one of by) matched.add(one);
    return wanted === null || by.length > 0;
  });
  const absent = (wanted ?? [])
    .filter((one) => !matched.has(one))
    .map((path): ConfigProblem => ({
      path: shownPath(path),
      rule: 'not-reported',
      message: 'the gateway did not report this path: name one of its report, or a section above several',
    }));
  const judged = chosen.map(([path, value]) => ({ path, value, problem: problemOf(path, value) }));
  return {
    values: Object.fromEntries(
      judged.filter(({ problem }) => problem === null).map(({ path, value }) => [path, value])
    ),
    leftOut: judged.flatMap(({ problem }) => (problem === null ? [] : [problem])),
    absent,
  };
}

function problemOf(path: string, value: Json): ConfigProblem | null {
  const found = deniedSetting(path, value);
  if (found !== null) return { path: found.path, rule: 'denied', message: `no revision may manage this: ${found.why}` };
  return secretProblems({ [path]: value })[0] ?? null;
}
