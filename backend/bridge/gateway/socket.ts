import { code, list, number, record, text } from './parse.ts';

const PROTOCOL = 4;
export type Scope = 'operator.read' | 'operator.admin';

/** What a gateway says of itself when it lets us in. */
export interface Hello {
  readonly version: string | null;
  readonly build: string | null;
  /** Changes with every start, also with one inside the process. */
  readonly bootId: string | null;
  readonly tickIntervalMs: number | null;
  /** `accepting` unless it is suspended. */
  readonly suspensionPhase: string | null;
  /** What it lets us do. */
  readonly scopes: readonly string[];
}

/** Refusals that OpenClaw 2026.9.6 tells apart by text alone (openclaw-notes section 3). */
const MEANINGS = {
  /** Somebody else wrote the configuration, or the job, since it was read. */
  stale: /changed since last load|re-run config\.get and retry|revision (mismatch|conflict)|expected.{0,20}revision/i,
  /** The configuration was saved, and the process does not run it. */
  'not-applied': /persisted but was not applied/i,
  /** It is managed from outside (OPENCLAW_CONFIG_READONLY, or Nix). */
  'read-only': /read-?only|immutable/i,
  /** The document would put a redacted secret in place of the real one. */
  redacted: /sentinel value/i,
} as const;
export type Meaning = keyof typeof MEANINGS;

/** A request or a connection failed. The message holds the gateway's codes alone, never its free text. */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  /** Such as `UNAVAILABLE`, or our own `TIMEOUT`, `CLOSED`, `FORBIDDEN_METHOD`. */
  readonly code: string;
  /** The gateway's detail, such as `startup-sidecars` or `AUTH_TOKEN_MISMATCH`. */
  readonly detail: string | null;
  readonly retryAfterMs: number | null;
  /** What its text was recognised as; the text itself goes nowhere. */
  readonly meaning: Meaning | null;

  constructor(
    subject: string,
    problem: string,
    detail: string | null = null,
    retryAfterMs: number | null = null,
    meaning: Meaning | null = null
  ) {
    super(`${subject}: ${problem}${detail === null ? '' : ` (${detail})`}`);
    this.code = problem;
    this.detail = detail;
    this.retryAfterMs = retryAfterMs;
    this.meaning = meaning;
  }
}

export interface ConnectionOptions {
  /** Such as `ws://127.0.0.1:18789`. */
  readonly url: string;
  readonly token: string;
  /** Our own version, shown in the gateway's list of clients. */
  readonly version: string;
  readonly onEvent: (name: string, payload: Readonly<Record<string, unknown>>) => void;
  /** Once, when an opened connection is over. @param why `1012` and the like */
  readonly onClose: (why: string) => void;
  /** For the handshake and for each request, in milliseconds. Default 10 s. */
  readonly timeoutMs?: number;
}

/** An open connection that can ask anything; who opens one keeps a list of what may be asked. */
export interface GatewaySocket {
  readonly hello: Hello;
  /** @throws RpcError */
  request(
    method: string,
    params: Readonly<Record<string, unknown>>,
    timeoutMs?: number
  ): Promise<Readonly<Record<string, unknown>>>;
  close(): void;
}

interface Pending {
  readonly method: string;
  resolve(payload: Readonly<Record<string, unknown>>): void;
  reject(error: RpcError): void;
  readonly timer: NodeJS.Timeout;
}

/**
 * Connects with these scopes and no others.
 * @throws RpcError when the gateway does not let us in, or grants something else
 */
export async function openSocket(options: ConnectionOptions, scopes: readonly Scope[]): Promise<GatewaySocket> {
  const timeoutMs = options.timeoutMs ?? 10_000;
  const socket = new WebSocket(options.url);
  const pending = new Map<string, Pending>();
  let open = false;

  const request = async (
    method: string,
    params: unknown,
    answerMs = timeoutMs
  ): Promise<Readonly<Record<string, unknown>>> =>
    new Promise((resolve, reject) => {
      // Node's WebSocket drops what is sent after the close, without a word.
      if (socket.readyState !== WebSocket.OPEN) {
        reject(new RpcError(method, 'CLOSED'));
        return;
      }
      const id = crypto.randomUUID();
      const timer = setTimeout(() => {
        pending.delete(id);
        reject(new RpcError(method, 'TIMEOUT'));
      }, answerMs).unref();
      pending.set(id, { method, resolve, reject, timer });
      socket.send(JSON.stringify({ type: 'req', id, method, params }));
    });

  const settle = (frame: Readonly<Record<string, unknown>>): void => {
    const waiting = pending.get(String(frame['id']));
    if (waiting === undefined) return;
    pending.delete(String(frame['id']));
    clearTimeout(waiting.timer);
    if (frame['ok'] === true) waiting.resolve(record(frame['payload']));
    else waiting.reject(refusal(waiting.method, record(frame['error'])));
  };

  const hello = await new Promise<Readonly<Record<string, unknown>>>((resolve, reject) => {
    const deadline = setTimeout(() => {
      reject(new RpcError('connect', 'TIMEOUT'));
      socket.close();
    }, timeoutMs).unref();
    socket.onclose = (event) => {
      clearTimeout(deadline);
      const error = (method: string): RpcError => new RpcError(method, 'CLOSED', String(event.code));
      reject(error('connect'));
      for (const waiting of pending.values()) {
        clearTimeout(waiting.timer);
        waiting.reject(error(waiting.method));
      }
      pending.clear();
      if (open) options.onClose(String(event.code));
      open = false;
    };
    socket.onmessage = (message) => {
      const frame = parseFrame(message.data);
      if (frame === null) socket.close(4003, 'not JSON');
      else if (frame['type'] === 'res') settle(frame);
      else if (frame['event'] === 'connect.challenge') {
        request('connect', connectParams(options, scopes))
          .then(resolve, reject)
          .finally(() => clearTimeout(deadline));
      } else if (open) options.onEvent(String(frame['event']), record(frame['payload']));
    };
  }).catch((error: unknown) => {
    socket.close();
    throw error;
  });

  const granted = list(record(hello['auth'])['scopes']);
  if (granted.some((scope) => !(scopes as readonly unknown[]).includes(scope))) {
    socket.close();
    throw new RpcError('connect', 'TOO_MUCH_ACCESS', `the gateway granted more than ${scopes.join(' and ')}`);
  }
  // It may have closed in the same breath as it let us in.
  if (socket.readyState !== WebSocket.OPEN) throw new RpcError('connect', 'CLOSED');
  open = true;
  return {
    hello: parseHello(hello, granted),
    request,
    close: () => socket.close(),
  };
}

function connectParams(options: ConnectionOptions, scopes: readonly Scope[]): unknown {
  return {
    minProtocol: PROTOCOL,
    maxProtocol: PROTOCOL,
    role: 'operator',
    scopes,
    caps: [],
    // The identity OpenClaw documents for a local client without a device of its own; others are refused.
    client: { id: 'gateway-client', mode: 'backend', version: options.version, platform: process.platform },
    auth: { token: options.token },
  };
}

function refusal(method: string, error: Readonly<Record<string, unknown>>): RpcError {
  const details = record(error['details']);
  const detail = text(details['reason']) ?? text(details['code']);
  return new RpcError(
    method,
    code(error['code']),
    detail === null ? null : code(detail),
    error['retryable'] === true ? number(error['retryAfterMs']) : null,
    meaningOf(text(error['message']))
  );
}

function meaningOf(message: string | null): Meaning | null {
  const names = Object.keys(MEANINGS) as Meaning[];
  return message === null ? null : (names.find((name) => MEANINGS[name].test(message)) ?? null);
}

function parseHello(hello: Readonly<Record<string, unknown>>, granted: readonly unknown[]): Hello {
  const server = record(hello['server']);
  return {
    version: text(server['version']),
    build: text(server['buildId']),
    bootId: text(server['bootId']),
    tickIntervalMs: number(record(hello['policy'])['tickIntervalMs']),
    suspensionPhase: text(record(record(hello['snapshot'])['suspension'])['phase']),
    scopes: granted.map(String),
  };
}

function parseFrame(data: unknown): Readonly<Record<string, unknown>> | null {
  if (typeof data !== 'string') return null;
  try {
    return record(JSON.parse(data));
  } catch {
    return null;
  }
}
