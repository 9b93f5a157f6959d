import {
  canonicalJson,
  configPathSchema,
  countOfValues,
  deniedSetting,
  MAX_CONFIG_BYTES,
  MAX_CONFIG_VALUES,
  MAX_MANAGED_PATHS,
  shownPath,
  type ConfigValues,
} from '@openclaw-fleet/contract';
import { secretProblems } from './secrets.ts';
import type { ConfigProblem } from './types.ts';

/** A document's size, so that a report of it, with its hashes, has at most MAX_CONFIG_BYTES. */
const MAX_DOCUMENT_BYTES = MAX_CONFIG_BYTES - 1024;
/** Problems named at most; a person mends the first ones first. */
const MAX_PROBLEMS = 32;

/**
 * Everything that speaks against a revision's document (or an overlay's); empty when it may be stored. Contract's schema
 * has bounded its nesting before.
 */
export function documentProblems(values: ConfigValues): ConfigProblem[] {
  const shape = shapeProblems(values);
  if (shape.length > 0) return shape;
  const refused = Object.entries(values).flatMap(([path, value]): ConfigProblem[] => {
    const found = deniedSetting(path, value);
    return found === null
      ? []
      : [{ path: found.path, rule: 'denied', message: `no revision may manage this: ${found.why}` }];
  });
  return [...refused, ...secretProblems(values)].slice(0, MAX_PROBLEMS);
}

/** What speaks against the form of managed values, whatever they say. */
export function shapeProblems(values: ConfigValues): ConfigProblem[] {
  const paths = Object.keys(values);
  const problem = (path: string, message: string): ConfigProblem => ({ path: shownPath(path), rule: 'shape', message });
  if (paths.length > MAX_MANAGED_PATHS) return [problem('values', `must have at most ${MAX_MANAGED_PATHS} paths`)];
  const problems = [
    ...paths
      .filter((path) => !configPathSchema.safeParse(path).success)
      .map((path) => problem(path, 'is no dotted path such as messages.ackReaction')),
    ...overlaps(paths).map(([outer, inner]) =>
      problem(inner, `lies within ${shownPath(outer)}, which is managed too: name one of the two`)
    ),
  ];
  if (problems.length > 0) return problems.slice(0, MAX_PROBLEMS);
  const unfit = Object.entries(values).filter(([, value]) => !hasCanonicalForm(value));
  if (unfit.length > 0) {
    return unfit
      .map(([path]) => problem(path, 'must be JSON with finite numbers and whole Unicode characters'))
      .slice(0, MAX_PROBLEMS);
  }
  return sizeProblems(values);
}

/** What speaks against the size of managed values: their bridge could not report them. */
export function sizeProblems(values: ConfigValues): ConfigProblem[] {
  const bytes = Buffer.byteLength(canonicalJson(values));
  const count = countOfValues(values);
  const [has, most, what] =
    bytes > MAX_DOCUMENT_BYTES ? [bytes, MAX_DOCUMENT_BYTES, 'bytes'] : [count, MAX_CONFIG_VALUES, 'values'];
  if (has <= most) return [];
  const message = `has ${has} ${what} in all and may have ${most}: manage fewer or smaller settings`;
  return [{ path: 'values', rule: 'shape', message }];
}

/** Pairs of paths of which the first lies around the second. */
export function overlaps(paths: readonly string[]): [string, string][] {
  const all = new Set(paths);
  return paths.flatMap((path) => {
    const steps = path.split('.');
    const outer = steps.map((_, index) => steps.slice(0, index).join('.')).find((above) => all.has(above));
    return outer === undefined ? [] : [[outer, path] as [string, string]];
  });
}

function hasCanonicalForm(value: unknown): boolean {
  try {
    canonicalJson(value);
    return true;
  } catch {
    return false;
  }
}
