import type { FleetSummary, Me, Problem } from '@openclaw-fleet/contract';

/** What came back from one question that went through Grafana's proxy. */
export type Answer =
  | { readonly came: true; readonly status: number; readonly data: unknown; readonly ms: number }
  /** Not even Grafana answered. */
  | { readonly came: false; readonly why: string };

export interface Probe {
  readonly url: string;
  readonly secretSet: boolean;
  /** `fleet/me`; null: it was not asked. */
  readonly me: Answer | null;
  /** `fleet/summary`; null: it was not asked. */
  readonly summary: Answer | null;
}

export const FAULTS = [
  'no-url',
  'no-secret',
  'not-saved',
  'grafana-away',
  'logged-out',
  'role',
  'app-outdated',
  'unreachable',
  'timeout',
  'not-collector',
  'collector-outdated',
  'no-grafana',
  'wrong-secret',
  'identity',
  'keys',
  'flag-off',
  'not-ready',
  'busy',
  'failed',
] as const;
export type FaultCode = (typeof FAULTS)[number];

/** The connection works; or the one thing that is wrong first. */
export type Finding =
  | {
      readonly code: 'ok';
      readonly me: Me;
      readonly summary: Pick<FleetSummary, 'total' | 'timings'>;
      /** How long the collector took for both questions. */
      readonly ms: number;
    }
  | {
      readonly code: FaultCode;
      /** What the collector, or Grafana, said itself; null: nothing that helps. */
      readonly said: string | null;
      /** 0: no answer. */
      readonly status: number;
    };

const PROBLEM = 'urn:openclaw-fleet:problem:';

/** What is wrong with the connection, from what the two questions brought. */
export function diagnose({ url, secretSet, me, summary }: Probe): Finding {
  if (url.trim() === '') return { code: 'no-url', said: null, status: 0 };
  if (!secretSet) return { code: 'no-secret', said: null, status: 0 };
  const first = faultOf(me, isMe);
  if (first !== null) return first;
  const second = faultOf(summary, isSummary);
  if (second !== null) return second;
  const [who, fleet] = [me, summary] as Extract<Answer, { came: true }>[];
  if (who === undefined || fleet === undefined) return { code: 'failed', said: null, status: 0 };
  const { total, timings } = fleet.data as FleetSummary;
  return { code: 'ok', me: who.data as Me, summary: { total, timings }, ms: who.ms + fleet.ms };
}

/** What is wrong with one answer; null: it is what was asked for. */
function faultOf(answer: Answer | null, isRight: (data: unknown) => boolean): Finding | null {
  if (answer === null) return { code: 'failed', said: null, status: 0 };
  if (!answer.came) return { code: 'grafana-away', said: answer.why, status: 0 };
  const { status, data } = answer;
  if (status === 200 && isRight(data)) return null;
  const problem = problemOf(data);
  if (problem !== null) return { code: codeOf(problem), said: problem.detail, status };
  const said = messageOf(data);
  const code = withoutProblem(status, said);
  // Grafana says no more than the name of the status.
  return { code, said: code === 'unreachable' || code === 'timeout' ? null : said, status };
}

function codeOf({ type, detail }: Problem): FaultCode {
  const name = type.slice(PROBLEM.length);
  switch (name) {
    case 'grafana-secret':
      // Its words are all that tells a collector that takes nothing from Grafana from one with another secret.
      return detail.includes('grafana.url') ? 'no-grafana' : 'wrong-secret';
    case 'grafana-identity':
      return 'identity';
    case 'grafana-unavailable':
      return 'keys';
    case 'feature-disabled':
      return 'flag-off';
    case 'not-ready':
    case 'storage-unavailable':
      return 'not-ready';
    case 'overloaded':
    case 'rate-limited':
      return 'busy';
    case 'forbidden':
    case 'person-required':
      return 'role';
    case 'not-found':
    case 'method-not-allowed':
      return 'collector-outdated';
    default:
      return 'failed';
  }
}

/** Words of Grafana's own plugin proxy (pkg/api/plugin_proxy.go), which has no codes for them. */
const GRAFANA: readonly (readonly [number, string, FaultCode])[] = [
  [403, 'plugin proxy route access denied', 'role'],
  [404, 'plugin route match not found', 'app-outdated'],
  [404, 'plugin not found', 'app-outdated'],
  [500, 'failed to fetch plugin settings', 'not-saved'],
];

function withoutProblem(status: number, said: string | null): FaultCode {
  const words = said?.toLowerCase() ?? '';
  const own = GRAFANA.find(([each, start]) => each === status && words.startsWith(start));
  if (own !== undefined) return own[2];
  if (status === 504) return 'timeout';
  if (status === 502 || status === 0) return 'unreachable';
  return status === 401 ? 'logged-out' : 'not-collector';
}

function problemOf(data: unknown): Problem | null {
  const { type } = (typeof data === 'object' && data !== null ? data : {}) as Partial<Problem>;
  return typeof type === 'string' && type.startsWith(PROBLEM) ? (data as Problem) : null;
}

function messageOf(data: unknown): string | null {
  const { message } = (typeof data === 'object' && data !== null ? data : {}) as { message?: unknown };
  return typeof message === 'string' && message !== '' ? message : null;
}

const has = (data: unknown, fields: Readonly<Record<string, string>>): boolean =>
  typeof data === 'object' &&
  data !== null &&
  Object.entries(fields).every(([name, type]) => typeof (data as Record<string, unknown>)[name] === type);
const isMe = (data: unknown): boolean =>
  has(data, { actor: 'string', role: 'string', kind: 'string', version: 'string' });
const isSummary = (data: unknown): boolean => has(data, { total: 'number', timings: 'string', verdict: 'object' });
