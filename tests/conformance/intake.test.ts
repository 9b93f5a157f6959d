import { X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FleetTarget } from '@openclaw-fleet/contract';
import { newKeyPair, privatePem } from '../../backend/collector/identity/keys.ts';
import { requireAuthority } from '../../backend/collector/identity/pki.ts';
import { createAuthority } from '../../backend/client/testing/certificates.ts';
import { TestCollector } from '../integration/support/collector.ts';
import { enrolMany } from '../integration/support/fleet.ts';
import { TestNode } from '../integration/support/node.ts';
import { TestProcess } from '../integration/support/process.ts';
import { waitFor } from '../integration/support/wait.ts';
import { CLIENTS, clientProgram } from './clients.ts';
import type { ClientName } from './clients.ts';
import { valueOf } from './scenario.ts';

const LIMIT_MS = 60_000;
const SNAPSHOT = {
  version: '1.2.0',
  capacity: { workers: 24, available_slots: 5 },
  queue_depth: { planner: 3, worker: 120 },
  tags: ['gpu:true'],
  uptime_seconds: 86_400,
};
const MINT = { OPENCLAW_TOKEN_MODE: 'mint' };
const accepted = 'openclaw_publish_success_total';
const failed = (reason: string): string => `openclaw_publish_failure_total{reason="${reason}"}`;

const NAMES = ['plain', 'file', 'revoked', 'other', 'wrong-pin', 'wrong-ca', 'expired', 'outage'] as const;
type Name = (typeof NAMES)[number];

/** A client that runs beside the real collector, by a node.env as enrolment writes it. */
class Running {
  readonly node: TestNode;
  readonly folder: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #collector: TestCollector;
  #process: TestProcess | null = null;
  #metricsAt = '';

  constructor(collector: TestCollector, folder: string, env: Readonly<Record<string, string>>) {
    this.#collector = collector;
    this.#env = env;
    this.folder = folder;
    this.node = new TestNode(folder, () => collector.intakePort);
    this.write('snapshot.json', JSON.stringify(SNAPSHOT));
  }

  get id(): string {
    return this.node.id;
  }

  get log(): string {
    return this.#process?.log ?? '';
  }

  async start(client: ClientName, env: Record<string, string> = {}): Promise<void> {
    const endpoint = { OPENCLAW_ENDPOINT: `https://localhost:${this.#collector.intakePort}` };
    const program = clientProgram(client, join(this.folder, 'snapshot.json'), { ...this.#env, ...endpoint, ...env });
    this.#process = new TestProcess(program);
    [, this.#metricsAt = ''] = await this.#process.logs(/(http:\/\/127\.0\.0\.1:\d+\/metrics)/, LIMIT_MS);
  }

  async value(series: string): Promise<number> {
    return valueOf(await (await fetch(this.#metricsAt)).text(), series);
  }

  /** Waits until a series has grown so far. */
  async reaches(series: string, value: number): Promise<void> {
    const said = (): string => `${series} to be ${value}; it said:\n${this.log}`;
    await waitFor(async () => (await this.value(series)) >= value, said, LIMIT_MS, 50);
  }

  write(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  }

  async stop(): Promise<string> {
    this.node.close();
    return (await this.#process?.stop()) ?? '';
  }
}

/** Enrols nodes: the first by the command line, as a user would, and the others as that does. */
async function enrolAll(collector: TestCollector, names: readonly string[]): Promise<Map<string, Running>> {
  const folderOf = (name: string): string => join(collector.folder, 'nodes', name);
  const [first = '', ...others] = names;
  collector.enroll(first, '--zone', 'eu-1').close();
  const written = parseEnv(readFileSync(join(folderOf(first), 'node.env'), 'utf8')) as Record<string, string>;
  const running = new Map([[first, new Running(collector, folderOf(first), written)]]);
  const credentials = await enrolMany(collector, others);
  for (const { id, cert, key, ca } of credentials) {
    const folder = folderOf(id);
    mkdirSync(folder);
    const file = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text, { mode: 0o600 });
      return join(folder, name);
    };
    const env = {
      ...written,
      OPENCLAW_NODE_ID: id,
      OPENCLAW_CA_FILE: file('ca.crt', ca),
      OPENCLAW_CERT_FILE: file('node.crt', cert),
      OPENCLAW_KEY_FILE: file('node.key', key),
    };
    running.set(id, new Running(collector, folder, env));
  }
  return running;
}

describe.each(CLIENTS)('the %s client at the real intake', (client) => {
  let collector: TestCollector;
  let running: Map<string, Running>;
  const nodeOf = (name: Name): Running => running.get(name)!;
  const target = (one: Running): Promise<FleetTarget> => collector.target(one.id);
  const unheard = async (one: Running): Promise<boolean> =>
    (await collector.get(`/fleet/targets/${one.id}`)).status === 404;

  beforeAll(async () => {
    collector = new TestCollector({ OPENCLAW_FLEET_TIMINGS: 'demo' });
    running = await enrolAll(collector, NAMES);
    await collector.start();
  }, LIMIT_MS);
  afterAll(async () => {
    await Promise.all([...running.values()].map((one) => one.stop()));
    await collector.close();
  }, LIMIT_MS);

  it('is recorded as it says, keeps the pace, and leaves with a goodbye', async () => {
    const one = nodeOf('plain');
    await one.start(client, { ...MINT, OPENCLAW_QUEUE_THRESHOLD: '100' });
    await one.reaches(accepted, 2);
    expect(await target(one)).toMatchObject({
      name: 'plain',
      zone: 'eu-1',
      version: '1.2.0',
      liveness: { state: 'online', intervalSeconds: 3 },
      tags: ['region:eu-1', 'gpu:true'],
      capacity: { workers: 24, available_slots: 3 },
      queueDepth: SNAPSHOT.queue_depth,
      uptimeSeconds: SNAPSHOT.uptime_seconds,
      publisher: { failure_total: {}, dropped_total: 0, buffered: 0 },
    });
    expect(await one.stop()).toBe('0');
    expect((await target(one)).liveness.state).toBe('stopped');
    expect(one.log).not.toMatch(/not delivered|PRIVATE|eyJ/);
  }, 120_000);

  it('sends the token of a file, drops what is refused, and takes the next token', async () => {
    const one = nodeOf('file');
    const mint = async (): Promise<string> => String((await one.node.post({}, '/openclaw/token')).body['access_token']);
    const path = one.write('token', await mint());
    await one.start(client, { OPENCLAW_TOKEN_FILE: path });
    await one.reaches(accepted, 1);
    one.write('token', 'not.a.token');
    await one.reaches(failed('http_401'), 1);
    await waitFor(() => one.log.includes('this heartbeat is dropped'), 'the refusal to be told', LIMIT_MS);
    const before = await one.value(accepted);
    one.write('token', await mint());
    await one.reaches(accepted, before + 1);
    expect(await one.value('openclaw_publish_dropped_total')).toBeGreaterThanOrEqual(1);
    expect(one.log).not.toContain('not.a.token');
  }, 120_000);

  it('is refused once it is revoked, says so, and goes on asking', async () => {
    const one = nodeOf('revoked');
    await one.start(client, MINT);
    await one.reaches(accepted, 1);
    collector.cli('revoke', one.id, '--reason', 'a test');
    await one.reaches(failed('http_403'), 2);
    expect(one.log).toMatch(/This node is revoked.*this heartbeat is dropped/);
    expect(await one.value('openclaw_publish_buffered')).toBe(0);
  }, 120_000);

  it('is refused with the certificate of another node', async () => {
    const one = nodeOf('other');
    await one.start(client, { ...MINT, OPENCLAW_NODE_ID: 'somebody-else' });
    await one.reaches(failed('http_403'), 1);
    expect(one.log).toContain('Certificate, token and body name different nodes');
    expect(await unheard(one)).toBe(true);
  }, 120_000);

  it('sends nothing to a collector of another pin or another authority', async () => {
    const [pin, ca] = [nodeOf('wrong-pin'), nodeOf('wrong-ca')];
    await pin.start(client, { ...MINT, OPENCLAW_SERVER_PIN: createAuthority().pin });
    await ca.start(client, { ...MINT, OPENCLAW_CA_FILE: ca.write('other.crt', createAuthority().cert) });
    for (const one of [pin, ca]) {
      await one.reaches(failed('tls'), 2);
      expect(await unheard(one)).toBe(true);
    }
    expect(pin.log).toContain('OPENCLAW_SERVER_PIN');
  }, 120_000);

  it('is turned away with a certificate that has expired', async () => {
    const one = nodeOf('expired');
    const day = 86_400_000;
    const { publicKey, privateKey } = newKeyPair();
    const authority = requireAuthority(join(collector.folder, 'pki'));
    const issued = await authority.issueNode(one.id, { publicKey, names: [], days: 1, nowMs: Date.now() - 2 * day });
    expect(new X509Certificate(issued.certificate).validToDate.getTime()).toBeLessThan(Date.now());
    one.write('node.crt', issued.certificate);
    one.write('node.key', privatePem(privateKey));
    await one.start(client, { ...MINT, OPENCLAW_RENEW: 'false' });
    // The alert may come after the collector has closed the connection.
    const turnedAway = async (): Promise<boolean> =>
      (await one.value(failed('tls'))) + (await one.value(failed('network'))) >= 2;
    await waitFor(turnedAway, () => `it to be turned away; it said:\n${one.log}`, LIMIT_MS, 50);
    expect(await unheard(one)).toBe(true);
    if (client === 'Python') expect(one.log).toMatch(/the node certificate ended on .* openclaw-fleet rotate/);
  }, 120_000);

  // The last: it ends the collector.
  it('catches up after the collector was gone: nothing is lost, and the newest comes first', async () => {
    const one = nodeOf('outage');
    await one.start(client, MINT);
    await one.reaches(accepted, 1);
    await collector.kill('SIGKILL');
    await one.reaches('openclaw_publish_buffered', 2);
    await collector.start();
    const caughtUp = async (): Promise<boolean> => (await one.value('openclaw_publish_buffered')) === 0;
    await waitFor(caughtUp, () => `the buffer to be empty; it said:\n${one.log}`, LIMIT_MS, 50);
    const superseded = 'openclaw_collector_heartbeats_total{outcome="superseded"}';
    expect(valueOf(await collector.metrics(), superseded)).toBeGreaterThanOrEqual(2);
    expect(await one.value('openclaw_publish_dropped_total')).toBe(0);
    expect((await target(one)).liveness.state).toBe('online');
  }, 180_000);
});
