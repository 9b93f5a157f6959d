import { isEnded } from '@openclaw-fleet/contract';
import type { FleetTarget, Run } from '@openclaw-fleet/contract';
import type { FleetPicture } from './fleet-api.ts';

export interface TableInput {
  readonly picture: FleetPicture;
  /** By target id: what the demo does to it now. */
  readonly doing: ReadonlyMap<string, string>;
  /** Targets with a fault that a repair is for. */
  readonly repairable: ReadonlySet<string>;
  /** The newest last. */
  readonly changes: readonly string[];
  readonly footer: readonly string[];
  readonly columns: number;
  readonly rows: number;
  readonly colour: boolean;
}

const COLOURS: Record<string, number> = {
  online: 32,
  stale: 33,
  expired: 31,
  unknown: 33,
  ok: 32,
  warn: 33,
  error: 31,
  normal: 32,
  partial: 33,
  full: 31,
  blind: 31,
  healthy: 32,
  warning: 33,
  degraded: 33,
  critical: 31,
};
const CHANGES_SHOWN = 6;
const TODO_SHOWN = 3;

const paint = (text: string, colour: boolean): string => {
  const code = COLOURS[text.trim()];
  return colour && code !== undefined ? `\x1b[${code}m${text}\x1b[0m` : text;
};

const seconds = (value: number | null): string => (value === null ? '-' : `${Math.round(value)} s`);

const RUN_WORDS: Partial<Record<Run['state'], string>> = {
  pending_approval: 'waits for approval',
  approved: 'is approved',
  running: 'runs',
  verifying: 'verifies',
};
/** How long the end of a repair is shown. Milliseconds. */
const ENDED_SHOWN = 30_000;

/** The repair of a target that is open, or ended just now; empty without one. */
function repairOf(target: FleetTarget, { runs, summary }: FleetPicture): string {
  const newest = runs.find(({ targetId }) => targetId === target.id);
  if (!newest) return '';
  const over = newest.endedAt !== null && Date.parse(summary.at) - Date.parse(newest.endedAt) > ENDED_SHOWN;
  return over ? '' : `${newest.playbook} ${RUN_WORDS[newest.state] ?? newest.state.replaceAll('_', ' ')}`;
}

/** What a person could do now: approve what waits, and begin what nobody began. */
function todo({ runs, targets }: FleetPicture, repairable: ReadonlySet<string>): string[] {
  const waiting = runs.filter(({ state }) => state === 'pending_approval');
  const busy = new Set(runs.filter(({ state }) => !isEnded(state)).map(({ targetId }) => targetId));
  const free = targets.filter(({ id }) => repairable.has(id) && !busy.has(id));
  return [
    ...waiting.map(({ id }) => `approve (as another person): npx openclaw-fleet approve ${id} --reason "seen"`),
    ...free.map(({ id }) => `repair: npx openclaw-fleet reconcile ${id} --reason "try it"`),
  ].slice(0, TODO_SHOWN);
}

/** The cells of one target. */
function cellsOf(target: FleetTarget, doing: string, repair: string): string[] {
  const { liveness, reported, jobs } = target;
  return [
    target.name,
    target.zone,
    liveness.state,
    seconds(liveness.ageSeconds),
    seconds(liveness.clockSkewSeconds),
    reported ? reported.healthStatus : '-',
    target.fleetHealthScore === undefined ? '-' : String(target.fleetHealthScore),
    target.band,
    jobs ? `${jobs.failures_1h}/${jobs.results_1h}` : '-',
    (reported?.configHash ?? reported?.fullConfigHash ?? '-').slice(0, 8),
    repair || '-',
    [...(liveness.flapping ? ['flapping'] : []), ...(doing ? [doing] : [])].join('; '),
  ];
}

const HEADER = [
  'TARGET',
  'ZONE',
  'STATE',
  'AGE',
  'SKEW',
  'HEALTH',
  'SCORE',
  'BAND',
  'FAILED',
  'CONFIG',
  'REPAIR',
  'WHAT GOES ON',
];
const ORDERED: ReadonlySet<number> = new Set([3, 4, 6, 8]);
const PAINTED: ReadonlySet<number> = new Set([2, 5, 7]);

/** The fleet on one screen: at most `rows` lines of at most `columns` characters each. */
export function renderTable(input: TableInput): string[] {
  const { picture, doing, repairable, changes, footer, columns, rows, colour } = input;
  const { summary, targets } = picture;
  const body = targets.map((target) => cellsOf(target, doing.get(target.id) ?? '', repairOf(target, picture)));
  const widths = HEADER.map((title, column) =>
    Math.max(title.length, ...body.map((cells) => cells[column]?.length ?? 0))
  );
  const line = (cells: readonly string[], painted: boolean): string => {
    const padded = cells.map((cell, column) =>
      ORDERED.has(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)
    );
    const text = padded.join('  ').trimEnd().slice(0, columns);
    if (!painted || !colour) return text;
    return padded.reduce(
      (shown, cell, column) => (PAINTED.has(column) ? shown.replace(cell, paint(cell, true)) : shown),
      text
    );
  };
  const zones = summary.zones.map(({ zone, verdict, online, expected }) => `${zone} ${verdict} ${online}/${expected}`);
  const head = [
    `Fleet: ${summary.verdict.value}, ${summary.online} of ${summary.expected} expected online.${zones.length > 0 ? ` Zones: ${zones.join(', ')}.` : ''}`,
    ...(summary.expiryHeld === null ? [] : [`Nothing expires now: ${summary.expiryHeld}`]),
  ].map((text) => text.slice(0, columns));
  const news = [...changes.slice(-CHANGES_SHOWN), ...todo(picture, repairable)].map((text) => `  ${text}`);
  const tail = [...news, ...footer].map((text) => text.slice(0, columns));
  const room = Math.max(1, rows - head.length - tail.length - 4);
  const shown = body.slice(0, room).map((cells) => line(cells, true));
  const hidden = body.length - shown.length;
  const table = [line(HEADER, false), ...shown, ...(hidden > 0 ? [`... and ${hidden} more`.slice(0, columns)] : [])];
  return [...head, '', ...table, '', ...tail].slice(0, rows);
}

/** What changed between two pictures, one line each. */
export function changesBetween(before: FleetPicture | null, after: FleetPicture): string[] {
  const time = after.summary.at.slice(11, 19);
  const lines: string[] = [];
  const add = (text: string): void => void lines.push(`${time} ${text}`);
  if (before && before.summary.verdict.value !== after.summary.verdict.value) {
    add(`fleet ${before.summary.verdict.value} -> ${after.summary.verdict.value}: ${after.summary.verdict.reason}`);
  }
  for (const zone of after.summary.zones) {
    const was = before?.summary.zones.find((one) => one.zone === zone.zone)?.verdict;
    if (was !== undefined && was !== zone.verdict) add(`zone ${zone.zone} ${was} -> ${zone.verdict}`);
  }
  for (const target of after.targets) {
    const was = before?.targets.find(({ id }) => id === target.id);
    for (const change of targetChanges(was, target)) add(`${target.name} ${change}`);
  }
  for (const run of [...after.runs].reverse()) {
    const was = before?.runs.find(({ id }) => id === run.id)?.state;
    if (was === run.state || (before === null && isEnded(run.state))) continue;
    add(`repair ${run.id} of ${run.targetId}: ${run.playbook} ${run.state.replaceAll('_', ' ')}: ${run.reason}`);
  }
  return lines;
}

function targetChanges(was: FleetTarget | undefined, is: FleetTarget): string[] {
  const { liveness, reported } = is;
  if (!was) return [`appeared as ${liveness.state}`];
  const changes: string[] = [];
  if (was.liveness.state !== liveness.state)
    changes.push(`${was.liveness.state} -> ${liveness.state}: ${liveness.reason}`);
  if (!was.liveness.flapping && liveness.flapping) changes.push('is flapping');
  if (!was.reported || !reported) return changes;
  if (was.reported.healthStatus !== reported.healthStatus) {
    const why = reported.healthReasons[0];
    changes.push(
      `health ${was.reported.healthStatus} -> ${reported.healthStatus}${why === undefined ? '' : `: ${why}`}`
    );
  }
  if (was.reported.gatewayState !== reported.gatewayState)
    changes.push(`gateway ${was.reported.gatewayState} -> ${reported.gatewayState}`);
  const [hashWas, hashIs] = [was.reported, reported].map(
    ({ configHash, fullConfigHash }) => configHash ?? fullConfigHash
  );
  if (hashWas && hashIs && hashWas !== hashIs)
    changes.push(`configuration ${hashWas.slice(0, 8)} -> ${hashIs.slice(0, 8)}`);
  return changes;
}
