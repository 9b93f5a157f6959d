import { shownPath, type ConfigValues } from '@openclaw-fleet/contract';
import type { ConfigProblem } from './types.ts';

/** A target's values over a revision's. Paths that the revision does not manage are passed over. */
export function overlaid(values: ConfigValues, overlay: ConfigValues): ConfigValues {
  const own = Object.entries(overlay).filter(([path]) => Object.hasOwn(values, path));
  return own.length === 0 ? values : { ...values, ...Object.fromEntries(own) };
}

/** The paths of an overlay that the revision does not manage. */
export function unmanaged(values: ConfigValues, overlay: ConfigValues): ConfigProblem[] {
  return Object.keys(overlay)
    .filter((path) => !Object.hasOwn(values, path))
    .map((path) => ({
      path: shownPath(path),
      rule: 'unmanaged',
      message:
        'the revision does not manage this path: an overlay may set only paths of its revision, as they stand there',
    }));
}
