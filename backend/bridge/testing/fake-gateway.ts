import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

type Json = Record<string, unknown>;
type Answer = Json | { readonly fail: Json };

interface Request {
  readonly method: string;
  readonly params: Json;
}

/** Speaks OpenClaw's probes and its WebSocket protocol as 2026.9.6 does, with answers a test sets. No real gateway. */
export class FakeGateway {
  /** What /healthz, /startupz and /readyz answer: status and body. */
  readonly probes: Record<string, [number, Json]> = {
    '/healthz': [200, { ok: true, status: 'live' }],
    '/startupz': [200, { ok: true, status: 'started', version: '2026.9.6', uptimeMs: 60_000 }],
    '/readyz': [200, { ready: true, failing: [], uptimeMs: 60_000, eventLoop: { degraded: false, reasons: [] } }],
  };
  /** What each method answers. Without an entry: INVALID_REQUEST. */
  readonly answers: Record<string, Answer | ((params: Json) => Answer)> = {};
  readonly requests: Request[] = [];
  /** Every frame that came in, as text. */
  readonly frames: string[] = [];
  /** Probes that came in. */
  probed = 0;
  hello: Json = {
    type: 'hello-ok',
    protocol: 4,
    server: { version: '2026.9.6', buildId: '2026.9.6-release-eb377ac59e6c', bootId: 'boot-1' },
    snapshot: { suspension: { phase: 'accepting' } },
    auth: { role: 'operator', scopes: ['operator.read'] },
    policy: { tickIntervalMs: 30_000 },
  };
  /** Its token gives operator.admin to who asks for it. */
  grantsAdmin = true;
  /** Takes requests and answers none. */
  silent = false;
  readonly token: string;
  private readonly server: Server;
  /** Every TCP connection, and those that are WebSockets. */
  private readonly streams = new Set<Duplex>();
  private readonly sockets = new Set<Duplex>();

  constructor(token = 'gateway-token') {
    this.token = token;
    this.server = createServer((request, response) => this.probe(request, response));
    this.server.on('upgrade', (request, socket) => this.upgrade(request, socket));
    this.server.on('connection', (socket) => {
      this.streams.add(socket);
      socket.on('close', () => this.streams.delete(socket));
      socket.on('error', () => undefined);
    });
  }

  async listen(port = 0): Promise<URL> {
    await new Promise<void>((resolve) => this.server.listen(port, '127.0.0.1', resolve));
    return this.url;
  }

  get url(): URL {
    return new URL(`http://127.0.0.1:${(this.server.address() as AddressInfo).port}`);
  }

  get connections(): number {
    return this.sockets.size;
  }

  /** Sends an event to every connection. */
  emit(event: string, payload: Json): void {
    for (const socket of this.sockets) socket.write(frame({ type: 'event', event, payload }));
  }

  /** Sends text as it is. */
  write(text: string): void {
    for (const socket of this.sockets) socket.write(textFrame(text));
  }

  /** Cuts every connection. */
  drop(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async close(): Promise<void> {
    for (const stream of this.streams) stream.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private probe(request: IncomingMessage, response: ServerResponse): void {
    this.probed += 1;
    if (this.silent) return;
    const [status, body] = this.probes[request.url ?? ''] ?? [404, {}];
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  private upgrade(request: IncomingMessage, socket: Duplex): void {
    if (this.silent) return;
    const key = `${String(request.headers['sec-websocket-key'])}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash('sha1').update(key).digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`
    );
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => undefined);
    let buffered: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      buffered = Buffer.concat([buffered, chunk]);
      for (let next = takeFrame(buffered); next !== null; next = takeFrame(buffered)) {
        buffered = next.rest;
        if (next.opcode === 8) socket.end(Buffer.from([0x88, 0]));
        else if (next.opcode === 1 && !this.silent) this.request(next.text, socket);
      }
    });
    socket.write(frame({ type: 'event', event: 'connect.challenge', payload: { nonce: 'n', ts: 0 } }));
  }

  private request(text: string, socket: Duplex): void {
    this.frames.push(text);
    const { id, method, params } = JSON.parse(text) as { id: string; method: string; params: Json };
    this.requests.push({ method, params });
    const answer = method === 'connect' ? this.connect(params) : this.answer(method, params);
    const failed = 'fail' in answer;
    socket.write(
      frame({ type: 'res', id, ok: !failed, ...(failed ? { error: answer['fail'] } : { payload: answer }) })
    );
  }

  private connect(params: Json): Answer {
    if ((params['auth'] as Json | undefined)?.['token'] === this.token) {
      const scopes = params['scopes'] as string[];
      const asksAdmin = scopes.includes('operator.admin') && this.grantsAdmin;
      return asksAdmin ? { ...this.hello, auth: { role: 'operator', scopes } } : this.hello;
    }
    return { fail: { code: 'INVALID_REQUEST', message: 'unauthorized', details: { code: 'AUTH_TOKEN_MISMATCH' } } };
  }

  private answer(method: string, params: Json): Answer {
    const answer = this.answers[method];
    if (answer === undefined) return { fail: { code: 'INVALID_REQUEST', message: `unknown method: ${method}` } };
    return typeof answer === 'function' ? answer(params) : answer;
  }
}

const frame = (value: Json): Buffer => textFrame(JSON.stringify(value));

function textFrame(text: string): Buffer {
  const body = Buffer.from(text);
  if (body.length < 126) return Buffer.concat([Buffer.from([0x81, body.length]), body]);
  const head = Buffer.from([0x81, 127, 0, 0, 0, 0, 0, 0, 0, 0]);
  head.writeBigUInt64BE(BigInt(body.length), 2);
  return Buffer.concat([head, body]);
}

/** The first whole frame of a client, unmasked. */
function takeFrame(data: Buffer): { opcode: number; text: string; rest: Buffer } | null {
  if (data.length < 2) return null;
  const short = data.readUInt8(1) & 0x7f;
  const extra = short === 126 ? 2 : short === 127 ? 8 : 0;
  const start = 2 + extra + 4;
  if (data.length < start) return null;
  const length = extra === 0 ? short : extra === 2 ? data.readUInt16BE(2) : Number(data.readBigUInt64BE(2));
  if (data.length < start + length) return null;
  const mask = data.subarray(start - 4, start);
  const body = Buffer.from(data.subarray(start, start + length)).map((byte, index) => byte ^ mask.readUInt8(index % 4));
  return {
    opcode: data.readUInt8(0) & 0x0f,
    text: Buffer.from(body).toString('utf8'),
    rest: data.subarray(start + length),
  };
}
