import { execFile } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority } from '../../backend/client/testing/certificates.ts';
import type { Authority, Pair } from '../../backend/client/testing/certificates.ts';
import { startCollector } from '../../backend/client/testing/collector.ts';
import type { Answer, Received, TestCollector } from '../../backend/client/testing/collector.ts';
import { TestProcess } from '../integration/support/process.ts';
import { waitFor } from '../integration/support/wait.ts';
import { clientProgram } from './clients.ts';
import type { ClientName } from './clients.ts';

const NODE_ID = 'node-1';
const LIMIT_MS = 90_000;

/** What one request must look like. */
interface ExpectedRequest {
  readonly seq: number;
  readonly body?: object;
  readonly publisher?: object;
  /** The members of the body in their order. */
  readonly keys?: string;
  /** A retry, at least so long after the answer before: a slow machine makes it longer, never shorter. */
  readonly afterMs?: number;
  readonly bearer?: string;
  /** Subject alternative names of the node's certificate. */
  readonly client?: string;
  readonly connection?: number;
}

/** `fill`: the body is so many characters. */
type Planned = (Answer & { readonly fill?: number }) | 'cut' | 'hang';

/** One entry of scenarios.json: how a server answers, and what every client then does. */
export interface Scenario {
  readonly name: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly snapshot?: object;
  /** To heartbeats, in turn; then each is accepted. `cut` closes the connection, `hang` never answers. */
  readonly answers?: readonly Planned[];
  /** From the second heartbeat on 503, until one comes with that seq. */
  readonly outageUntilSeq?: number;
  /** To requests for a token, in turn; then each is granted. */
  readonly mints?: readonly { readonly status?: number; readonly expires_in?: number }[];
  /** What OPENCLAW_TOKEN_FILE may name holds. */
  readonly token?: string;
  readonly rotate?: { readonly afterRequests: number; readonly token?: string; readonly certificate?: true | 'half' };
  readonly server?: 'otherAuthority' | 'otherName' | 'node' | 'expired' | 'none';
  readonly pinsOfTheChain?: boolean;
  /** Permissions of the node's key, octal; default 600. */
  readonly keyMode?: string;
  /** It goes on until these series have at least these values. */
  readonly until?: Readonly<Record<string, number>>;
  readonly untilRequests?: number;
  /** It ends by itself with this status. */
  readonly exit?: number;
  readonly requests?: readonly ExpectedRequest[];
  /** Seqs of the heartbeats that were accepted, in order. */
  readonly delivered?: readonly number[];
  /** Series with these very values at the end. */
  readonly metrics?: Readonly<Record<string, number>>;
  /** How many its `requests` came on. */
  readonly connections?: number;
  readonly log?: readonly string[];
  /** The last heartbeat says `shutdown`. */
  readonly goodbye?: boolean;
}

export const scenarios = JSON.parse(
  readFileSync(new URL('scenarios.json', import.meta.url), 'utf8')
) as readonly Scenario[];

export interface Arrived extends Received {
  readonly beat: Record<string, unknown>;
  readonly accepted: boolean;
  /** Since the answer before, in milliseconds. */
  readonly afterMs: number;
}

export interface Outcome {
  readonly requests: readonly Arrived[];
  /** Bearer tokens that must not be in the log. */
  readonly secrets: readonly string[];
  readonly exposition: string;
  readonly log: string;
  readonly exit: string;
}

const SNAPSHOT = {
  hostname: 'chimera-01.prod',
  version: '1.2.0',
  capacity: { workers: 24, available_slots: 5 },
  queue_depth: { planner: 3, worker: 120 },
  tags: ['region:us-east-1', 'gpu:true'],
  uptime_seconds: 86_400,
};
const ACCEPTED: Answer = { body: { status: 'accepted', next_heartbeat_seconds: 3 } };

/** The value of a series in an exposition; 0 when it is not there. */
export function valueOf(exposition: string, series: string): number {
  const line = exposition.split('\n').find((one) => one.startsWith(`${series} `));
  return line === undefined ? 0 : Number(line.slice(series.length));
}

function serverPair(scenario: Scenario, authority: Authority): Pair {
  const day = 86_400_000;
  const uri = 'openclaw://collector/server';
  switch (scenario.server) {
    case 'otherAuthority':
      return createAuthority('Another authority').issue({ uri, ip: '127.0.0.1' });
    case 'otherName':
      return authority.issue({ uri, dns: 'collector.example' });
    case 'node':
      return authority.issue({ uri: 'openclaw://node/node-2', ip: '127.0.0.1' });
    case 'expired':
      return authority.issue({
        uri,
        ip: '127.0.0.1',
        notBefore: new Date(Date.now() - 3 * day),
        notAfter: new Date(Date.now() - day),
      });
    default:
      return authority.issue({ uri, ip: '127.0.0.1' });
  }
}

/** The server's side of a scenario. */
class Script {
  readonly arrived: Arrived[] = [];
  readonly #scenario: Scenario;
  readonly #onRequest: (count: number) => void;
  #answeredMs = 0;
  #mints = 0;
  #outage = true;
  collector: TestCollector | null = null;

  constructor(scenario: Scenario, onRequest: (count: number) => void) {
    this.#scenario = scenario;
    this.#onRequest = onRequest;
  }

  answer(request: Received): Answer | null {
    if (request.path === '/openclaw/token') return this.#mint();
    const beat = JSON.parse(request.body.toString()) as Record<string, unknown>;
    const planned = this.#plan(Number(beat['seq']));
    const accepted = typeof planned === 'object' && (planned.status ?? 200) < 300;
    const now = performance.now();
    this.arrived.push({ ...request, beat, accepted, afterMs: now - this.#answeredMs });
    this.#onRequest(this.arrived.length);
    if (planned === 'cut') this.collector?.hangUp();
    if (typeof planned === 'string') return null;
    this.#answeredMs = performance.now();
    const bearer = request.headers.authorization?.slice('Bearer '.length) ?? '';
    const body = JSON.stringify(planned.body ?? 'x'.repeat(planned.fill ?? 0)).replace('{bearer}', bearer);
    return { ...planned, body: planned.status === 204 ? '' : body };
  }

  #plan(seq: number): Planned {
    const { answers = [], outageUntilSeq } = this.#scenario;
    const next = answers[this.arrived.length];
    if (next !== undefined) return next;
    if (outageUntilSeq !== undefined && seq >= outageUntilSeq) this.#outage = false;
    return outageUntilSeq !== undefined && this.#outage ? { status: 503 } : ACCEPTED;
  }

  #mint(): Answer {
    const { status = 200, expires_in = 900 } = this.#scenario.mints?.[this.#mints] ?? {};
    this.#mints++;
    return { status, body: { access_token: `eyMinted.token.${this.#mints}`, token_type: 'Bearer', expires_in } };
  }
}

/** Runs a client through a scenario, in real time with demo timings. @throws Error when it does not get there in time */
export async function runScenario(scenario: Scenario, client: ClientName): Promise<Outcome> {
  await using ending = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'openclaw-conformance-'));
  ending.defer(() => rm(folder, { recursive: true, force: true }));
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text, { mode: 0o600 });
  const authority = createAuthority();
  const node = authority.issue({ uri: `openclaw://node/${NODE_ID}` });
  write('ca.crt', authority.cert);
  write('node.crt', node.cert);
  write('node.key', node.key);
  chmodSync(join(folder, 'node.key'), Number.parseInt(scenario.keyMode ?? '600', 8));
  write('token', scenario.token ?? '');
  write('snapshot.json', JSON.stringify(scenario.snapshot ?? SNAPSHOT));

  const rotate = (count: number): void => {
    const { afterRequests, token, certificate } = scenario.rotate ?? { afterRequests: 0 };
    if (count !== afterRequests) return;
    if (token !== undefined) write('token', token);
    if (certificate === undefined) return;
    const renewed = authority.issue({ uri: `openclaw://node/${NODE_ID}`, dns: 'renewed' });
    write('node.crt', renewed.cert);
    if (certificate === true) write('node.key', renewed.key);
  };
  const script = new Script(scenario, rotate);
  const server = serverPair(scenario, authority);
  const collector = await startCollector(authority.cert, server, (request) => script.answer(request));
  ending.defer(() => collector.close());
  script.collector = collector;
  if (scenario.server === 'none') await collector.close();

  const fillIn: Readonly<Record<string, string>> = {
    folder,
    serverPin: server.pin,
    authorityPin: authority.pin,
    otherPin: createAuthority().pin,
  };
  const env = {
    OPENCLAW_ENABLED: 'true',
    OPENCLAW_ENDPOINT: collector.url,
    OPENCLAW_NODE_ID: NODE_ID,
    OPENCLAW_CA_FILE: join(folder, 'ca.crt'),
    OPENCLAW_CERT_FILE: join(folder, 'node.crt'),
    OPENCLAW_KEY_FILE: join(folder, 'node.key'),
    OPENCLAW_TIMINGS: 'demo',
    ...scenario.env,
  };
  const filled = Object.entries(env).map(([name, value]) => [
    name,
    value.replace(/\{(\w+)\}/g, (_, key: string) => fillIn[key] ?? ''),
  ]);
  const program = clientProgram(client, join(folder, 'snapshot.json'), Object.fromEntries(filled) as typeof env);
  const common = (): Pick<Outcome, 'requests' | 'secrets'> => ({
    requests: script.arrived,
    secrets: [
      ...script.arrived.map(({ headers }) => headers.authorization?.slice('Bearer '.length) ?? 'no token'),
      ...(scenario.token?.split('\n') ?? []),
    ],
  });
  if (scenario.exit !== undefined) return { ...common(), exposition: '', ...(await ended(program)) };

  const running = new TestProcess(program);
  ending.defer(async () => {
    await running.stop();
  });
  const [, address = ''] = await running.logs(/(http:\/\/127\.0\.0\.1:\d+\/metrics)/, LIMIT_MS);
  let exposition = '';
  const there = async (): Promise<boolean> => {
    exposition = await (await fetch(address)).text();
    return (
      Object.entries(scenario.until ?? {}).every(([series, value]) => valueOf(exposition, series) >= value) &&
      script.arrived.length >= (scenario.untilRequests ?? 0)
    );
  };
  const told = (): string =>
    `${JSON.stringify(scenario.until)}; it said:\n${running.log}\n${exposition.replace(/^#.*\n/gm, '')}`;
  await waitFor(there, told, LIMIT_MS, 50);
  const exit = await running.stop();
  return { ...common(), exposition, log: running.log, exit };
}

/** Runs a program that ends by itself. */
function ended(program: ReturnType<typeof clientProgram>): Promise<{ log: string; exit: string }> {
  const { command, args, env, cwd } = program;
  return new Promise((resolve) => {
    execFile(command, [...args], { env, cwd, timeout: LIMIT_MS }, (error, _stdout, stderr) =>
      resolve({ log: stderr, exit: String(error === null ? 0 : (error.code ?? error.signal)) })
    );
  });
}

/** Runs tasks a few at a time, in order. */
export async function runAll(tasks: readonly (() => Promise<void>)[], atOnce: number): Promise<void> {
  const waiting = [...tasks];
  const work = async (): Promise<void> => {
    for (let task = waiting.shift(); task; task = waiting.shift()) await task();
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}
