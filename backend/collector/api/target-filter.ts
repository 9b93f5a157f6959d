import { BANDS } from '@openclaw-fleet/contract';
import type { Band, FleetMapQuery } from '@openclaw-fleet/contract';
import type { FleetNode, FleetView, Selection } from '../fleet/types.ts';
import { RISK_OF } from './target.ts';

type Fault = FleetNode['assessment']['faults'][number];

function among<T>(values: readonly T[] | undefined, value: T | null): boolean {
  return values === undefined || (value !== null && values.includes(value));
}

function hasFault(
  node: FleetNode,
  kind: Fault['kind'],
  codes?: readonly string[],
  severities?: readonly string[]
): boolean {
  if (codes === undefined && severities === undefined) return true;
  return node.assessment.faults.some(
    (fault) => fault.kind === kind && among<string>(codes, fault.code) && among<string>(severities, fault.severity)
  );
}

/** What a list asks of the nodes themselves; null: nothing. */
function keepOf(query: FleetMapQuery, fleet: FleetView): ((node: FleetNode) => boolean) | null {
  const { tag, profile, owner } = query;
  const part = query.q?.toLowerCase() ?? '';
  const faults = [query.drift, query.driftSeverity, query.violation, query.violationSeverity];
  if ([...faults, tag, profile, owner].every((asked) => asked === undefined) && part === '') return null;
  return (node) =>
    hasFault(node, 'drift', query.drift, query.driftSeverity) &&
    hasFault(node, 'violation', query.violation, query.violationSeverity) &&
    (profile === undefined || among(profile, fleet.expectation(node).profileId)) &&
    (owner === undefined || among(owner, fleet.expectation(node).owner)) &&
    (tag === undefined || tag.every((each) => node.report.tags.includes(each))) &&
    (part === '' || node.id.toLowerCase().includes(part) || node.report.hostname.toLowerCase().includes(part));
}

/** The bands that a list asks for, by name or by risk; null: any. */
function bandsOf({ band, risk }: FleetMapQuery): Band[] | null {
  if (band === undefined && risk === undefined) return null;
  return BANDS.filter((each) => among(band, each) && among(risk, RISK_OF[each]));
}

const asked = (flag: 'true' | 'false' | undefined): boolean | null => (flag === undefined ? null : flag === 'true');

/** What of a selection the filters of a query decide. */
export function filterOf(
  query: FleetMapQuery,
  fleet: FleetView
): Omit<Selection, 'sort' | 'descending' | 'after' | 'limit'> {
  return {
    zones: query.zone ?? null,
    bands: bandsOf(query),
    states: query.state ?? null,
    bridged: asked(query.bridged),
    isolated: asked(query.isolated),
    drifted: query.drift !== undefined || query.driftSeverity !== undefined,
    violating: query.violation !== undefined || query.violationSeverity !== undefined,
    keep: keepOf(query, fleet),
  };
}
