import type { DataLink, InterpolateFunction, ScopedVars } from '@grafana/data';

/** What a data link of a panel may name, as `${__target}` and so on. */
export interface LinkedTarget {
  readonly id: string;
  readonly name: string;
  readonly zone: string;
}

export interface ShownLink {
  readonly title: string;
  readonly href: string;
  readonly newTab: boolean;
}

const one = (value: string): { text: string; value: string } => ({ text: value, value });
const scopeOf = ({ id, name, zone }: LinkedTarget): ScopedVars => ({
  __target: one(id),
  __name: one(name),
  __zone: one(zone),
});

/** Only what leads somewhere within Grafana or over http may be a link: a dashboard's author is not the reader. */
function isSafe(href: string): boolean {
  return /^\/(?!\/)/.test(href) || /^https?:\/\//i.test(href);
}

/** The panel's data links for one target, with its id, name and zone filled in; what would lead to a script is left out. */
export function linksOf(
  links: readonly DataLink[] | undefined,
  target: LinkedTarget,
  replace: InterpolateFunction
): ShownLink[] {
  const scope = scopeOf(target);
  return (links ?? []).flatMap(({ title, url, targetBlank = false }) => {
    const href = replace(url, scope, encodeURIComponent);
    return isSafe(href) ? [{ title: title === '' ? href : replace(title, scope), href, newTab: targetBlank }] : [];
  });
}
