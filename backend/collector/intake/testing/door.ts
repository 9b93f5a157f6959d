import { randomUUID, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TIMINGS } from '@openclaw-fleet/contract';
import { FlattenedSign, SignJWT } from 'jose';
import { Fleet } from '../../fleet/registry.ts';
import { Authority, createAuthority } from '../../identity/authority.ts';
import { newKeyPair, privatePem, type KeyPair } from '../../identity/keys.ts';
import { openStorage, type EmbeddedStorage } from '../../storage/index.ts';
import { CANARY_ID, HeartbeatHandler, type NodeTrust } from '../heartbeat.ts';
import { NodeLimits } from '../limits.ts';
import { peerOf } from '../peer.ts';
import { IntakeServer, type IntakeServerOptions } from '../server.ts';
import { TokenVerifier, type TokenIssuer } from '../token.ts';

export const AUDIENCE = 'openclaw-fleet';

/** Seed 004's example, byte for byte as far as its fields go. */
export const SEED_BODY =
  '{"node_id":"uuid-1234","hostname":"chimera-01.prod","version":"1.2.0","capacity":{"workers":24,"available_slots":5},' +
  '"queue_depth":{"planner":3,"worker":120},"last_heartbeat":"2026-02-06T12:34:56Z","tags":["region:us-east-1","gpu:true"],' +
  '"uptime_seconds":86400}';

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Shipment {
  readonly body?: string | Buffer;
  readonly token?: string | null;
  readonly headers?: Record<string, string>;
  readonly method?: string;
  readonly path?: string;
  readonly agent?: Agent;
}

/** A node with an identity of its own, as it stands at the door. */
export interface TestNode {
  readonly id: string;
  readonly keys: KeyPair;
  readonly certificate: string;
  readonly fingerprint: string;
  readonly agent: Agent;
  token(
    claims?: Record<string, unknown>,
    options?: { keys?: KeyPair; alg?: string; lifetime?: string | number }
  ): Promise<string>;
  beat(changes?: Record<string, unknown>): string;
  signature(body: string): Promise<string>;
  send(shipment?: Shipment): Promise<Answer>;
}

/** The real door: TLS, registry and storage, on a free port, with a clock that the test moves. */
export class Door {
  nowMs = Date.parse('2026-11-22T12:00:00Z');
  readonly folder = mkdtempSync(join(tmpdir(), 'fleet-door-'));
  readonly revoked = new Set<string>();
  readonly enrolled = new Set<string>();
  readonly mustSign = new Set<string>();
  /** Judges certificates' holders for the parts that are given it. */
  readonly trust: NodeTrust = {
    standing: (id, fingerprint) =>
      this.revoked.has(id) || this.revoked.has(fingerprint) ? 'revoked' : this.enrolled.has(id) ? 'ok' : 'not-enrolled',
    requiresSignature: (id) => this.mustSign.has(id),
  };
  readonly outcomes: string[] = [];
  readonly errors: unknown[] = [];
  dropped = 0;
  /** What the server takes the wall clock for when it looks at certificates; null: the real one. */
  serverNowMs: number | null = null;
  storage!: EmbeddedStorage;
  fleet!: Fleet;
  server!: IntakeServer;
  handler!: HeartbeatHandler;
  authority!: Authority;
  port = 0;
  readonly #agents: Agent[] = [];

  static async open({
    issuers = [],
    maxInFlight = 1000,
    requestTimeoutMs = 10_000,
    rest = () => (_req, res) => res.writeHead(404).end(),
  }: {
    issuers?: TokenIssuer[];
    maxInFlight?: number;
    requestTimeoutMs?: number;
    /** Everything but heartbeats. */
    rest?: (door: Door) => IntakeServerOptions['rest'];
  } = {}): Promise<Door> {
    const door = new Door();
    const { certificate, keys } = await createAuthority(10, Date.now());
    door.authority = new Authority(certificate, keys);
    door.storage = await openStorage({ file: join(door.folder, 'fleet.db') });
    const clock = (): number => door.nowMs;
    const epoch = await door.storage.takeEpoch();
    door.fleet = new Fleet({ timings: TIMINGS.production, clock, store: door.storage, epoch: () => epoch });
    await door.fleet.load();
    door.handler = new HeartbeatHandler({
      clock,
      wallClock: clock,
      fleet: door.fleet,
      tokens: new TokenVerifier({ audience: AUDIENCE, issuers }),
      trust: door.trust,
      limits: new NodeLimits({ beatsPerInterval: 2, burst: 3, replays: 20 }, TIMINGS.production.replayWindow),
      defaultIntervalMs: TIMINGS.production.beat,
      futureLimitMs: TIMINGS.production.futureLimit,
      lingerMs: 1,
      maxInFlight,
      canary: () => door.storage.check(),
      counters: {
        answered: (outcome) => door.outcomes.push(outcome),
        droppedFields: (count) => (door.dropped += count),
        tokenCache: () => undefined,
      },
      onError: (error) => door.errors.push(error),
    });
    const own = newKeyPair();
    const issued = await door.authority.issueCollector('server', {
      publicKey: own.publicKey,
      names: ['localhost'],
      days: 1,
      nowMs: Date.now(),
    });
    door.server = new IntakeServer({
      credentials: {
        certificate: issued.certificate,
        key: privatePem(own.privateKey),
        authority: door.authority.bundle,
      },
      heartbeats: door.handler,
      trust: door.trust,
      rest: rest(door),
      keepAliveMs: 10_000,
      maxConnections: 100,
      requestTimeoutMs,
      wallClock: () => door.serverNowMs ?? Date.now(),
    });
    door.port = await door.server.listen(0, '127.0.0.1');
    return door;
  }

  async close(): Promise<void> {
    for (const agent of this.#agents) agent.destroy();
    await this.server.close(100);
    await this.storage.close();
    rmSync(this.folder, { recursive: true });
  }

  /** Enrols a node. @param by another authority makes a stranger */
  async node(id: string = randomUUID(), by: Authority = this.authority): Promise<TestNode> {
    const keys = newKeyPair();
    const issued = await by.issueNode(id, { publicKey: keys.publicKey, names: [], days: 1, nowMs: Date.now() });
    this.enrolled.add(id);
    return this.#stand(id, `openclaw://node/${id}`, id, keys, issued.certificate);
  }

  /** The collector's own canary. */
  async canary(): Promise<TestNode> {
    const keys = newKeyPair();
    const issued = await this.authority.issueCollector('client', {
      publicKey: keys.publicKey,
      names: [],
      days: 1,
      nowMs: Date.now(),
    });
    return this.#stand(CANARY_ID, 'openclaw://collector/client', CANARY_ID, keys, issued.certificate);
  }

  #stand(id: string, issuer: string, subject: string, keys: KeyPair, certificate: string): TestNode {
    const agent = new Agent({
      keepAlive: true,
      maxSockets: 4,
      ca: this.authority.bundle,
      cert: certificate,
      key: privatePem(keys.privateKey),
      servername: 'localhost',
    });
    this.#agents.push(agent);
    const peer = peerOf(new X509Certificate(certificate));
    const node: TestNode = {
      id,
      keys,
      certificate,
      agent,
      fingerprint: peer?.fingerprint ?? '',
      token: (claims = {}, options = {}) => {
        const now = Math.floor(this.nowMs / 1000);
        const lifetime = options.lifetime ?? 600;
        const payload = { iss: issuer, sub: subject, aud: AUDIENCE, iat: now, exp: now + Number(lifetime), ...claims };
        return new SignJWT(payload)
          .setProtectedHeader({ alg: options.alg ?? 'ES256' })
          .sign((options.keys ?? keys).privateKey);
      },
      beat: (changes = {}) =>
        JSON.stringify({
          ...(JSON.parse(SEED_BODY) as object),
          node_id: id,
          last_heartbeat: new Date(this.nowMs).toISOString(),
          ...changes,
        }),
      signature: async (body) => {
        const jws = await new FlattenedSign(Buffer.from(body))
          .setProtectedHeader({ alg: 'ES256', b64: false, crit: ['b64'] })
          .sign(keys.privateKey);
        return `${jws.protected ?? ''}..${jws.signature}`;
      },
      send: async (shipment = {}) => {
        const token = shipment.token === undefined ? await node.token() : shipment.token;
        return ship(this.port, { agent, ...shipment, token, body: shipment.body ?? node.beat() });
      },
    };
    return node;
  }

  /** What is stored of every node, to compare before and after. */
  async stored(): Promise<unknown[]> {
    const rows: unknown[] = [];
    await this.storage.loadNodes((chunk) => rows.push(...chunk));
    return rows;
  }
}

function ship(
  port: number,
  { body = '', token, headers = {}, method = 'POST', path = '/openclaw/availability', agent }: Shipment
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const req = request(
      {
        host: '127.0.0.1',
        port,
        method,
        path,
        agent,
        headers: {
          'content-type': 'application/json',
          ...(headers['transfer-encoding'] === undefined && { 'content-length': Buffer.byteLength(body) }),
          ...(token === null || token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...headers,
        },
      },
      (res) => {
        const chunks: Buffer[] = [];
        res.on('data', (chunk: Buffer) => chunks.push(chunk));
        res.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          resolve({
            status: res.statusCode ?? 0,
            headers: res.headers,
            body: (text ? JSON.parse(text) : {}) as Answer['body'],
          });
        });
      }
    );
    req.on('error', reject);
    req.end(body);
  });
}
