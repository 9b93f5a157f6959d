import { hash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { MAX_HEARTBEAT_BYTES, problem, type Heartbeat, type Problem, type ProblemName } from '@openclaw-fleet/contract';
import type { Clock } from '../clock.ts';
import type { Arrival, FleetIntake, FleetNode, FleetView, Receipt } from '../fleet/types.ts';
import { parseHeartbeat } from './body.ts';
import type { NodeLimits } from './limits.ts';
import type { Peer } from './peer.ts';
import { SIGNATURE_HEADER, signatureVerifies } from './signature.ts';
import './ticks.ts';
import { tokenDigest, TokenRefused, type TokenVerifier } from './token.ts';

/** What the intake asks about a node that shows a certificate of this fleet. */
export interface NodeTrust {
  /** O(1): called for every heartbeat. */
  standing(nodeId: string, fingerprint: string): 'ok' | 'not-enrolled' | 'revoked';
  requiresSignature(nodeId: string): boolean;
}

/** What the intake counts. Called for every heartbeat: must not allocate much. */
export interface IntakeCounters {
  /** @param outcome `accepted`, `duplicate`, `superseded`, or the problem type it was refused with */
  answered(outcome: string, seconds: number): void;
  droppedFields(count: number): void;
  tokenCache(hit: boolean): void;
}

export interface HeartbeatOptions {
  /** Judges ages; it never jumps. */
  readonly clock: Clock;
  /** Judges tokens, whose times are other people's. */
  readonly wallClock: Clock;
  readonly fleet: FleetIntake & Pick<FleetView, 'get'>;
  readonly tokens: TokenVerifier;
  readonly trust: NodeTrust;
  readonly limits: NodeLimits;
  /** The interval of a node that is not registered yet. Milliseconds. */
  readonly defaultIntervalMs: number;
  /** How far `last_heartbeat` may lie ahead. Milliseconds. */
  readonly futureLimitMs: number;
  /** How long a heartbeat waits for others to share its commit. Milliseconds. */
  readonly lingerMs: number;
  /** Heartbeats taken in at once; beyond it they are shed with 503. */
  readonly maxInFlight: number;
  /** Proves that storage can write; the canary's beat ends there. */
  readonly canary: () => Promise<void>;
  readonly counters: IntakeCounters;
  readonly random?: () => number;
  /** Told of failures that are ours. */
  readonly onError: (error: unknown) => void;
}

/** The id the collector's own canary beats under. No node can carry it: its certificate is of another kind. */
export const CANARY_ID = 'collector-canary';
const CANARY_TAKEN: Receipt = {
  status: 'accepted',
  nextHeartbeatSeconds: 0,
  reportFullState: false,
  desiredRevision: null,
};

class Refused extends Error {
  readonly body: Problem;
  readonly retryAfterMs: number | undefined;
  /** It was turned away unread: that costs too little to be counted against the sender. */
  readonly shed: boolean;
  constructor(
    name: ProblemName,
    detail: string,
    more: { errors?: Problem['errors']; retryAfterMs?: number; shed?: boolean } = {}
  ) {
    super(detail);
    this.body = problem(name, detail, more.errors);
    this.retryAfterMs = more.retryAfterMs;
    this.shed = more.shed ?? false;
  }
}

/**
 * The hot path: `POST /openclaw/availability` (seed 004; domain-rules section 1). Free of any framework. The order is the
 * defence: shed, then identity and token, then the body, then the rate, then the registry; nothing that was refused
 * changes anything.
 */
export class HeartbeatHandler {
  readonly #options: HeartbeatOptions;
  readonly #random: () => number;
  #inFlight = 0;
  #gathered: Delivery[] = [];

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** @param peer who the connection's certificate says it is; null when it names nobody of this fleet */
  handle(req: IncomingMessage, res: ServerResponse, peer: Peer | null): void {
    const delivery = new Delivery(this, req, res, peer, this.#options.clock());
    try {
      this.#shed(delivery);
      delivery.headers = readHeaders(req.rawHeaders);
      checkHeaders(delivery.headers);
      const subject = this.#identify(delivery.headers.authorization, peer, this.#options.wallClock());
      if (typeof subject === 'string') {
        delivery.subject = subject;
        delivery.read();
      } else {
        subject.then(
          (verified) => {
            delivery.subject = verified;
            delivery.read();
          },
          (error: unknown) => delivery.fail(error)
        );
      }
    } catch (error) {
      delivery.fail(error);
    }
  }

  /** Takes a delivery whose body came whole. */
  arrived(delivery: Delivery): void {
    try {
      // A place is taken by a whole body alone: who sends slowly keeps nobody out.
      this.#shedLoad();
      this.#inFlight++;
      delivery.counted = true;
      const signed = this.#checkSignature(delivery.headers.signature, delivery.body, delivery.peer as Peer);
      if (signed === null) this.#gather(delivery);
      else
        signed.then(
          () => this.#gather(delivery),
          (error: unknown) => delivery.fail(error)
        );
    } catch (error) {
      delivery.fail(error);
    }
  }

  /**
   * Heartbeats that come within a few milliseconds are judged one after the other and share one commit: code costs less
   * when it runs again at once than between two pieces of network work (docs/decisions/0004).
   */
  #gather(delivery: Delivery): void {
    this.#gathered.push(delivery);
    if (this.#gathered.length === 1) setTimeout(() => this.#judgeAll(), this.#options.lingerMs);
  }

  #judgeAll(): void {
    const deliveries = this.#gathered;
    this.#gathered = [];
    const arrivals: Delivery[] = [];
    for (const delivery of deliveries) {
      try {
        if (this.#judge(delivery)) arrivals.push(delivery);
      } catch (error) {
        delivery.fail(error);
      }
    }
    if (arrivals.length > 0) this.#options.fleet.take(arrivals);
  }

  #shedLoad(): void {
    if (this.#inFlight >= this.#options.maxInFlight) {
      throw new Refused(
        'overloaded',
        'The collector has more heartbeats under way than it can take. Send this one again later.',
        { retryAfterMs: 2000 }
      );
    }
  }

  #shed({ peer, receivedMs }: Delivery): void {
    this.#shedLoad();
    const { limits } = this.#options;
    const waitMs = peer?.kind === 'node' ? limits.waitForRefusals(peer.fingerprint, receivedMs) : 0;
    if (waitMs > 0) {
      throw new Refused(
        'rate-limited',
        'Too much of what was sent with this certificate was refused. Mend that first, then send again.',
        {
          retryAfterMs: waitMs,
          shed: true,
        }
      );
    }
  }

  /** @returns whether it goes on to the fleet; a canary's beat does not */
  #judge(delivery: Delivery): boolean {
    const options = this.#options;
    const from = delivery.peer as Peer;
    const parsed = parseHeartbeat(delivery.body);
    if ('problem' in parsed)
      throw new Refused(parsed.problem, parsed.detail, parsed.errors ? { errors: parsed.errors } : {});
    const { beat, dropped } = parsed;
    const expected = from.kind === 'node' ? from.id : CANARY_ID;
    if (delivery.subject !== expected || beat.node_id !== expected) {
      throw new Refused(
        'identity-mismatch',
        `The certificate names ${from.id}, the token and the body must name the same node. Check node_id and the token's subject.`
      );
    }
    if (dropped > 0) options.counters.droppedFields(dropped);
    if (from.kind === 'collector') {
      options.canary().then(
        () => delivery.settle(CANARY_TAKEN),
        (error: unknown) => delivery.fail(error)
      );
      return false;
    }
    delivery.beat = beat;
    delivery.keyMs = Date.parse(beat.last_heartbeat);
    this.#checkPace(delivery);
    delivery.bodyHash = Number.parseInt(hash('sha256', delivery.body).slice(0, 12), 16);
    return true;
  }

  /** Answers a heartbeat that was taken. */
  accepted(delivery: Delivery, receipt: Receipt): void {
    this.#left(delivery, receipt.status);
    send(delivery.res, 200, 'application/json', replyJson(receipt));
  }

  /** Answers a heartbeat that was not taken. */
  refused(delivery: Delivery, error: unknown): void {
    const { req, res, peer } = delivery;
    const refused = error instanceof Refused ? error : this.#failure(error);
    const { body, retryAfterMs } = refused;
    if (body.status < 500 && !refused.shed && peer?.kind === 'node')
      this.#options.limits.noteRefusal(peer.fingerprint, this.#options.clock());
    this.#left(delivery, body.type.slice(body.type.lastIndexOf(':') + 1));
    if (body.status === 401) res.setHeader('WWW-Authenticate', 'Bearer');
    if (retryAfterMs !== undefined) res.setHeader('Retry-After', this.#retryAfter(retryAfterMs));
    // What is left of the body is not worth reading.
    if (!req.complete) res.setHeader('Connection', 'close');
    send(res, body.status, 'application/problem+json', JSON.stringify(body));
  }

  #left(delivery: Delivery, outcome: string): void {
    if (delivery.counted) {
      delivery.counted = false;
      this.#inFlight--;
    }
    this.#options.counters.answered(outcome, (performance.now() - delivery.startedMs) / 1000);
  }

  #identify(header: string | undefined, peer: Peer | null, wallMs: number): string | Promise<string> {
    const { trust, tokens, counters } = this.#options;
    if (!peer)
      throw new Refused(
        'certificate-required',
        'The client certificate names no node of this fleet. Enrol it: openclaw-fleet enroll <name>.'
      );
    if (peer.kind === 'node') {
      const standing = trust.standing(peer.id, peer.fingerprint);
      if (standing === 'revoked')
        throw new Refused('revoked', 'This node or its certificate was revoked. If that was a mistake, enrol it anew.');
      if (standing === 'not-enrolled') {
        throw new Refused(
          'not-enrolled',
          'This node is not enrolled with this collector. Enrol it: openclaw-fleet enroll <name>.'
        );
      }
    }
    if (header === undefined || !/^bearer /i.test(header)) {
      throw new Refused('unauthenticated', 'Send a token in the header: Authorization: Bearer <JWT>.');
    }
    const token = header.slice(7).trim();
    const digest = tokenDigest(token);
    const remembered = tokens.remembered(digest, peer, wallMs);
    counters.tokenCache(remembered !== null);
    if (remembered !== null) return remembered;
    return tokens.verify(token, digest, peer, wallMs).catch((error: unknown) => {
      throw error instanceof TokenRefused ? new Refused(error.problem, sentence(error.message)) : error;
    });
  }

  /** @returns null when there is nothing to wait for */
  #checkSignature(header: string | undefined, body: Buffer, peer: Peer): Promise<void> | null {
    if (header === undefined) {
      if (peer.kind === 'node' && this.#options.trust.requiresSignature(peer.id)) {
        throw new Refused(
          'signature-required',
          `This node must sign its payloads: send a detached JWS in ${SIGNATURE_HEADER}.`
        );
      }
      return null;
    }
    return signatureVerifies(header, body, peer).then((verifies) => {
      if (!verifies) {
        throw new Refused(
          'invalid-signature',
          `${SIGNATURE_HEADER} does not verify over this body with the certificate's key.`
        );
      }
    });
  }

  #checkPace(delivery: Delivery): void {
    const { beat, keyMs, receivedMs } = delivery;
    const { fleet, limits, defaultIntervalMs, futureLimitMs } = this.#options;
    const node = fleet.get(beat.node_id);
    delivery.known = node;
    // A goodbye must get through right after a beat: without it the node would be reported offline.
    const isBeat = beat.goodbye === undefined && (node === undefined || keyMs > node.markMs);
    const kind = isBeat ? 'beat' : 'replay';
    const waitMs = limits.take(beat.node_id, kind, node?.intervalMs ?? defaultIntervalMs, receivedMs);
    if (waitMs > 0) {
      throw new Refused(
        'rate-limited',
        'This node sends more often than it may. Keep the pace that next_heartbeat_seconds names.',
        { retryAfterMs: waitMs }
      );
    }
    if (keyMs - receivedMs > futureLimitMs) {
      throw new Refused(
        'clock-ahead',
        `last_heartbeat is ${Math.round((keyMs - receivedMs) / 1000)} s in the future. Set the node's clock.`,
        {
          errors: [{ field: 'last_heartbeat', message: `must be at most ${futureLimitMs / 1000} s in the future` }],
        }
      );
    }
  }

  #failure(error: unknown): Refused {
    if (error instanceof Aborted) return new Refused('bad-request', 'The connection ended before the body did.');
    if (error instanceof Error && error.name === 'StorageError') {
      this.#options.onError(error);
      return new Refused(
        'storage-unavailable',
        'The heartbeat could not be stored, and was not taken. Send it again later.',
        { retryAfterMs: 5000 }
      );
    }
    this.#options.onError(error);
    return new Refused(
      'internal-error',
      'The collector failed on this heartbeat, and did not take it. Its log says why.'
    );
  }

  // Jittered upwards, so that those who were refused together do not come back together.
  #retryAfter(ms: number): string {
    return String(Math.max(1, Math.ceil((ms * (1 + this.#random() * 0.5)) / 1000)));
  }
}

class Aborted extends Error {}

/** The headers that a heartbeat is judged by; of one that came twice, the first. */
interface Headers {
  authorization: string | undefined;
  type: string | undefined;
  encoding: string | undefined;
  signature: string | undefined;
  /** As announced, or -1. Bytes. */
  length: number;
}

const NO_HEADERS: Headers = {
  authorization: undefined,
  type: undefined,
  encoding: undefined,
  signature: undefined,
  length: -1,
};

/** Reads the few that matter: Node's own object of all of them costs more than the rest of the way in. */
function readHeaders(raw: readonly string[]): Headers {
  const headers = { ...NO_HEADERS };
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] as string;
    const value = raw[index + 1] as string;
    switch (name.length) {
      case 12:
        if (name.toLowerCase() === 'content-type') headers.type ??= value;
        break;
      case 13:
        if (name.toLowerCase() === 'authorization') headers.authorization ??= value;
        break;
      case 14:
        if (name.toLowerCase() === 'content-length') headers.length = Number(value);
        break;
      case 15:
        if (name.toLowerCase() === SIGNATURE_HEADER) headers.signature ??= value;
        break;
      case 16:
        if (name.toLowerCase() === 'content-encoding') headers.encoding ??= value;
        break;
    }
  }
  return headers;
}

function checkHeaders({ type, encoding, length }: Headers): void {
  if (type === undefined || !/^application\/json\s*(;|$)/i.test(type)) {
    throw new Refused('unsupported-media-type', 'Send the heartbeat with Content-Type: application/json.');
  }
  if (encoding !== undefined && encoding !== 'identity') {
    throw new Refused('unsupported-media-type', 'Send the heartbeat uncompressed.');
  }
  if (length > MAX_HEARTBEAT_BYTES) throw tooLarge();
}

function tooLarge(): Refused {
  return new Refused(
    'too-large',
    `A heartbeat has at most ${MAX_HEARTBEAT_BYTES} bytes. Send fewer tags, capabilities or reasons.`
  );
}

/** One heartbeat from its request to its answer. */
class Delivery implements Arrival {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly peer: Peer | null;
  readonly receivedMs: number;
  readonly startedMs = performance.now();
  /** What the token names. */
  subject = '';
  headers: Headers = NO_HEADERS;
  body: Buffer = NO_BODY;
  beat: Heartbeat = NO_BEAT;
  keyMs = NaN;
  bodyHash = 0;
  known: FleetNode | undefined = undefined;
  /** It takes one of the places in flight. */
  counted = false;
  #more: Buffer[] | null = null;
  #size = 0;
  #done = false;
  readonly #handler: HeartbeatHandler;

  constructor(
    handler: HeartbeatHandler,
    req: IncomingMessage,
    res: ServerResponse,
    peer: Peer | null,
    receivedMs: number
  ) {
    this.#handler = handler;
    this.req = req;
    this.res = res;
    this.peer = peer;
    this.receivedMs = receivedMs;
  }

  read(): void {
    const { req } = this;
    if (req.destroyed) {
      this.fail(new Aborted());
      return;
    }
    if (this.headers.length === 0) {
      this.fail(new Refused('malformed-json', 'The body is empty. Send one heartbeat as a JSON object.'));
      return;
    }
    // Listeners that all share: three closures for each would be half of what a heartbeat leaves to collect.
    (req as Carrier).delivery = this;
    req.on('data', onData);
    req.on('end', onEnd);
    // Told of only when the connection ends before the body does.
    req.on('error', onError);
  }

  settle(receipt: Receipt): void {
    if (receipt.status === 'conflict') {
      this.fail(
        new Refused(
          'heartbeat-conflict',
          'This last_heartbeat was already used with another body. Never send two heartbeats with the same time.'
        )
      );
      return;
    }
    if (this.#done) return;
    this.#done = true;
    this.#handler.accepted(this, receipt);
  }

  fail(error: unknown): void {
    if (this.#done) return;
    this.#done = true;
    this.#handler.refused(this, error);
  }

  take(chunk: Buffer): void {
    this.#size += chunk.length;
    if (this.#size > MAX_HEARTBEAT_BYTES) {
      this.req.pause();
      this.fail(tooLarge());
    } else if (this.body === NO_BODY) this.body = chunk;
    else (this.#more ??= [this.body]).push(chunk);
  }

  whole(): void {
    if (this.#done) return;
    if (this.#more !== null) this.body = Buffer.concat(this.#more);
    this.#handler.arrived(this);
  }
}

interface Carrier extends IncomingMessage {
  delivery?: Delivery;
}

function onData(this: Carrier, chunk: Buffer): void {
  this.delivery?.take(chunk);
}

function onEnd(this: Carrier): void {
  this.delivery?.whole();
}

function onError(this: Carrier): void {
  this.delivery?.fail(new Aborted());
}

const NO_BODY = Buffer.alloc(0);
const NO_BEAT = {} as Heartbeat;

function replyJson(receipt: Receipt): string {
  let json = `{"status":"${receipt.status}","next_heartbeat_seconds":${receipt.nextHeartbeatSeconds}`;
  if (receipt.reportFullState) json += ',"report_full_state":true';
  if (receipt.desiredRevision !== null) json += `,"desired_revision":${JSON.stringify(receipt.desiredRevision)}`;
  return json + '}';
}

function send(res: ServerResponse, status: number, type: string, body: string): void {
  if (res.destroyed) return;
  res.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
  res.end(body);
}

function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1) + '.';
}
