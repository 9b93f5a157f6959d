import { Authority, createAuthority } from '../../backend/collector/identity/authority.ts';
import { newKeyPair, privatePem } from '../../backend/collector/identity/keys.ts';
import { beatRequest } from './beat.ts';
import { makeIdentities, nodeName, type Identities } from './identities.ts';
import { Load, percentile } from './load.ts';
import { median, printTable, progress, spread } from './report.ts';
import { scrape } from './scrape.ts';
import { startSubject, type Subject } from './subjects.ts';

const AUDIENCE = 'bench';
const CONNECTIONS = 256;
/** Long enough for a large fleet's checkpoints to fall into most rounds. */
const ROUND_SECONDS = 2;
/** More than the others: a virtual machine's speed changes from second to second. */
const MORE_ROUNDS = 2;
const LATENCY_SECONDS = 4;
/** So little that each round of latencies meets several checkpoints. */
const OFTEN_BYTES = 4 * 1024 * 1024;
const SMALL = 1_000;
const LARGE = 100_000;
/** Heartbeats a second at which latency is measured. */
const RATE = 2_000;

/** Heartbeats of many nodes in random order over one set of connections, each node's later than its last. */
async function sendOver(port: number, nodes: number, identities: Identities): Promise<Load> {
  const tokens = Array.from({ length: nodes }, (_, index) => identities.tokenOf(nodeName(index)));
  const last = new Float64Array(nodes).fill(Date.now());
  const order = shuffled(nodes);
  let turn = 0;
  const next = (): string => {
    const index = order[turn++ % nodes] ?? 0;
    const at = Math.max(Date.now(), (last[index] ?? 0) + 1);
    last[index] = at;
    return beatRequest(nodeName(index), tokens[index] ?? '', at);
  };
  return Load.open({ port, connections: CONNECTIONS, next });
}

/** Until every node was heard, every token verified and the code is compiled. */
async function warm(load: Load): Promise<void> {
  await load.count(LARGE);
}

function shuffled(count: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  for (let index = count - 1; index > 0; index--) {
    const other = Math.floor(Math.random() * (index + 1));
    [order[index], order[other]] = [order[other] ?? 0, order[index] ?? 0];
  }
  return order;
}

interface Lane {
  readonly name: string;
  readonly subject: Subject;
  readonly load: Load;
  /** Per round. */
  readonly micros: number[];
  readonly p99: number[];
}

/** CPU microseconds per request in one round. */
async function costOf({ subject, load, name }: Lane): Promise<number> {
  const before = (await subject.usage()).cpu;
  const { requests, statuses } = await load.for(ROUND_SECONDS, null);
  const failed = Object.entries(statuses).filter(([status]) => status !== '200');
  if (failed.length > 0) throw new Error(`${name} answered ${JSON.stringify(statuses)}`);
  return ((await subject.usage()).cpu - before) / requests;
}

async function mtlsLane(publicKey: string): Promise<Lane> {
  const { certificate, keys } = await createAuthority(1, Date.now());
  const authority = new Authority(certificate, keys);
  const issue = async (
    id: string | null
  ): Promise<{ cert: string; key: string; keys: ReturnType<typeof newKeyPair> }> => {
    const pair = newKeyPair();
    const leaf = { publicKey: pair.publicKey, names: ['localhost'], days: 1, nowMs: Date.now() };
    const issued = await (id === null ? authority.issueCollector('server', leaf) : authority.issueNode(id, leaf));
    return { cert: issued.certificate, key: privatePem(pair.privateKey), keys: pair };
  };
  const server = await issue(null);
  const subject = await startSubject({
    kind: 'mtls',
    publicKey,
    audience: AUDIENCE,
    registered: SMALL,
    credentials: { certificate: server.cert, key: server.key, authority: authority.bundle },
  });
  const nodes = await Promise.all(Array.from({ length: CONNECTIONS }, (_, index) => issue(nodeName(index))));
  const tokens = nodes.map((node, index) => makeIdentities(AUDIENCE, node.keys).tokenOf(nodeName(index)));
  const last = new Float64Array(CONNECTIONS).fill(Date.now());
  const load = await Load.open({
    port: subject.port,
    connections: CONNECTIONS,
    next: (index) => {
      const at = Math.max(Date.now(), (last[index] ?? 0) + 1);
      last[index] = at;
      return beatRequest(nodeName(index), tokens[index] ?? '', at);
    },
    tls: (index) => ({
      ca: authority.bundle,
      cert: nodes[index]?.cert,
      key: nodes[index]?.key,
      servername: 'localhost',
    }),
  });
  await warm(load);
  return { name: 'mTLS, 1,000 nodes', subject, load, micros: [], p99: [] };
}

export interface HeartbeatFigures {
  readonly heartbeat_http_x_bare: number;
  readonly heartbeat_mtls_x_http: number;
  readonly heartbeat_100k_x_1k: number;
  readonly bytes_per_node: number;
  readonly p99_over_bare_ms: number;
}

/** What one durable, token-checked, validated heartbeat costs, against a bare server that parses the same JSON. */
export async function measureHeartbeats(rounds: number): Promise<HeartbeatFigures> {
  const identities = makeIdentities(AUDIENCE);
  const publicKey = identities.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const http = { kind: 'http', publicKey, audience: AUDIENCE } as const;
  progress('starting the subjects and warming them up');
  const lane = async (name: string, subject: Subject, nodes: number): Promise<Lane> => {
    const load = await sendOver(subject.port, nodes, identities);
    await warm(load);
    return { name, subject, load, micros: [], p99: [] };
  };
  const bare = await lane('bare node:http', await startSubject({ kind: 'bare' }), SMALL);
  const often = { ...http, registered: SMALL, checkpointBytes: OFTEN_BYTES };
  const prompt = await lane('the same, checkpoints each second', await startSubject(often), SMALL);
  // First, while nothing else takes time from the same few cores.
  for (let round = 0; round < rounds; round++) {
    progress(`latency at ${RATE} a second, during scrapes and checkpoints, round ${round + 1} of ${rounds}`);
    for (const one of [bare, prompt]) one.p99.push(await p99Of(one));
  }
  await close([prompt]);
  progress('starting three more, one with 100,000 nodes');
  const small = await lane('HTTP harness, 1,000 nodes', await startSubject({ ...http, registered: SMALL }), SMALL);
  const large = await lane('HTTP harness, 100,000 nodes', await startSubject({ ...http, registered: LARGE }), LARGE);
  const mtls = await mtlsLane(publicKey);
  const lanes = [bare, small, large, mtls];

  const costRounds = rounds * MORE_ROUNDS;
  for (let round = 0; round < costRounds; round++) {
    progress(`CPU per heartbeat, round ${round + 1} of ${costRounds}`);
    for (const one of lanes) one.micros.push(await costOf(one));
  }
  const memory = { small: (await small.subject.memory()).memory, large: (await large.subject.memory()).memory };
  await close(lanes);

  const ratio = (a: Lane, b: Lane): number[] =>
    a.micros.map((micros, round) => micros / (b.micros[round] ?? Number.NaN));
  const over = prompt.p99.map((p99, round) => p99 - (bare.p99[round] ?? Number.NaN));
  printTable(
    `Cost of a heartbeat (${CONNECTIONS} keep-alive connections, closed loop, ${costRounds} interleaved rounds of ${ROUND_SECONDS} s)`,
    ['what', 'CPU µs', `p99 ms at ${RATE}/s`],
    [bare, small, prompt, large, mtls].map(({ name, micros, p99 }) => [
      name,
      micros.length ? spread(micros, 1) : '–',
      p99.length ? spread(p99, 1) : '–',
    ])
  );
  printTable(
    'Ratios, round by round',
    ['ratio', 'median (least to most)', 'target'],
    [
      ['HTTP harness / bare', spread(ratio(small, bare)), '1.8'],
      ['mTLS / HTTP harness', spread(ratio(mtls, small)), '1.8'],
      ['100,000 nodes / 1,000 nodes', spread(ratio(large, small)), '1.3'],
      ['p99 over bare, ms', spread(over, 1), '15'],
    ]
  );
  return {
    heartbeat_http_x_bare: median(ratio(small, bare)),
    heartbeat_mtls_x_http: median(ratio(mtls, small)),
    heartbeat_100k_x_1k: median(ratio(large, small)),
    bytes_per_node: (memory.large - memory.small) / (LARGE - SMALL),
    p99_over_bare_ms: median(over),
  };
}

/** p99 of one round in milliseconds, while the metrics are scraped each second; the round is long enough for checkpoints. */
async function p99Of({ subject, load }: Lane): Promise<number> {
  const { metricsPort } = subject;
  const scrapes: Promise<number>[] = [];
  const timer = metricsPort === null ? undefined : setInterval(() => scrapes.push(scrape(metricsPort)), 1000);
  const { latencies } = await load.for(LATENCY_SECONDS, RATE);
  clearInterval(timer);
  await Promise.all(scrapes);
  return percentile(latencies, 0.99);
}

async function close(lanes: readonly Lane[]): Promise<void> {
  for (const { load, subject } of lanes) {
    load.close();
    await subject.stop();
  }
}
