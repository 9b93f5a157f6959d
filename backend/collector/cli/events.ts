import {
  driftDetectedSchema,
  EVENT_NAMES,
  fleetHealthChangedSchema,
  policyViolationEventSchema,
  remediationStatusEventSchema,
  STREAM_RESET,
  streamResetSchema,
  targetOfflineSchema,
} from '@openclaw-fleet/contract';
import { UsageError } from './command.ts';
import type { Command } from './command.ts';
import { EXIT } from './exit.ts';
import { CONNECTION_USAGE } from './remote/connection.ts';
import { follow } from './remote/stream.ts';
import type { Streamed } from './remote/stream.ts';
import { RUN_TONES } from './repairs/words.ts';
import { tinted } from './terminal/screen.ts';
import type { Screen, Tone } from './terminal/screen.ts';
import { fit, paragraph, printable, printableAll, safeJson, widthOf } from './terminal/text.ts';
import { BAND_TONES, moment, SEVERITY_TONES } from './terminal/words.ts';
import { notices, viewArguments } from './view.ts';

const NAME_WIDTH = Math.max(...EVENT_NAMES.map(({ length }) => length));
const HANGING = '    ';

interface Told {
  readonly at: string | null;
  readonly target: string;
  readonly words: string;
  readonly tone: Tone | undefined;
}

const shownScore = ({ score, band }: { readonly score: number | null; readonly band: string }): string =>
  score === null ? band : `${score} ${band}`;

/** An event in words. */
function tell({ name, data }: Streamed): Told {
  const base = { at: textOf(data['at']), target: textOf(data['name']) ?? textOf(data['targetId']) ?? '' };
  const health = name === 'fleet-health-changed' ? fleetHealthChangedSchema.safeParse(data).data : undefined;
  if (health !== undefined) {
    const words = [`${shownScore(health.before)} -> ${shownScore(health.after)}`, ...health.reasons].join('; ');
    return { ...base, words, tone: BAND_TONES[health.after.band] };
  }
  const drift = name === 'drift-detected' ? driftDetectedSchema.safeParse(data).data : undefined;
  if (drift !== undefined) {
    const tone = drift.change === 'resolved' ? 'good' : SEVERITY_TONES[drift.severity];
    return { ...base, words: `${drift.category} drift ${drift.change}, ${drift.severity}: ${drift.reason}`, tone };
  }
  const violation = name === 'policy-violation' ? policyViolationEventSchema.safeParse(data).data : undefined;
  if (violation !== undefined) {
    const { change, severity, code, message } = violation;
    const tone = change === 'resolved' ? 'good' : SEVERITY_TONES[severity];
    return { ...base, words: `${code} ${change}, ${severity}: ${message}`, tone };
  }
  const repair = name === 'remediation-status' ? remediationStatusEventSchema.safeParse(data).data : undefined;
  if (repair !== undefined) {
    const { playbook, before, state, reason, runId, breakGlass } = repair;
    const from = before === null ? '' : `${before} -> `;
    const words = `${breakGlass ? 'BREAK-GLASS ' : ''}${playbook} ${from}${state}: ${reason} (${runId})`;
    return { ...base, words, tone: RUN_TONES[state] };
  }
  const offline = name === 'target-offline' ? targetOfflineSchema.safeParse(data).data : undefined;
  if (offline !== undefined) return { ...base, words: offline.reason, tone: 'worst' };
  const reset = name === STREAM_RESET ? streamResetSchema.safeParse(data).data : undefined;
  return { ...base, words: reset?.reason ?? safeJson(data, 0), tone: undefined };
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function shown(event: Streamed, screen: Screen): string {
  const { at, target, words, tone } = tell(printableAll(event));
  const time = at === null || Number.isNaN(Date.parse(at)) ? ' '.repeat(20) : moment(at);
  const start = `${time}  ${event.name.padEnd(NAME_WIDTH)}  `;
  const head = start + fit(target, screen.columns - start.length);
  const tintedHead = head.replace(event.name, (name) => tinted(name, tone, screen));
  if (widthOf(`${head}  ${words}`) <= screen.columns) return `${tintedHead}  ${words}`;
  return `${tintedHead}\n${paragraph(words, screen.columns, HANGING)}`;
}

function wholeNumber(text: string | undefined, option: string): number | null {
  if (text === undefined) return null;
  if (!/^\d{1,15}$/.test(text))
    throw new UsageError(`--${option} must be a whole number, and not ${JSON.stringify(text)}`);
  return Number(text);
}

export const events: Command = {
  name: 'events',
  summary: 'follow what happens in a running fleet, until it is interrupted',
  usage: [
    `[--event <${EVENT_NAMES.join('|')}>]  of this kind alone; may be given several times`,
    '[--target <id or name>]    of one target alone',
    '[--last-event-id <id>]     from the event after this one on, as long as it is kept (7 days); from now without it',
    '[--count <number>]         ends, with 0, after so many',
    ...CONNECTION_USAGE,
    'with --json one event a line, with its id; a connection that is lost is made again after the last event seen',
  ],
  async run(args, context) {
    const { values, client } = viewArguments(args, context, {
      event: { type: 'string', multiple: true },
      target: { type: 'string' },
      'last-event-id': { type: 'string' },
      count: { type: 'string' },
    });
    const wrong = values.event?.find((name) => !(EVENT_NAMES as readonly string[]).includes(name));
    if (wrong !== undefined)
      throw new UsageError(`--event must be ${EVENT_NAMES.join(', ')}, and not ${JSON.stringify(wrong)}`);
    let left = wholeNumber(values.count, 'count') ?? Infinity;
    const after = wholeNumber(values['last-event-id'], 'last-event-id');
    if (!values.json) for (const line of await notices(client)) context.print(line);
    if (left === 0) return EXIT.fine;
    const wanted = ({ name, data }: Streamed): boolean =>
      name === STREAM_RESET ||
      ((values.event?.includes(name) ?? true) &&
        (values.target === undefined || values.target === data['targetId'] || values.target === data['name']));
    await follow(client, {
      after,
      onEvent(event) {
        if (!wanted(event)) return true;
        context.print(values.json ? safeJson(event, 0) : shown(event, context.screen));
        return --left > 0;
      },
      onLost: (what) => context.warn(`openclaw-fleet: ${printable(what)}`),
    });
    return EXIT.fine;
  },
};
