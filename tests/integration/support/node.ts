import { sign, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import type { Socket } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A node that publishes as plainly as can be, with the credentials that `enroll` made. */
export class TestNode {
  readonly id: string;
  readonly agent: Agent;
  readonly #port: () => number;
  readonly #key: Buffer;
  #lastMs = 0;
  #token = { text: '', expires: 0 };
  /** The socket of the last answer. */
  socket: Socket | null = null;

  constructor(folder: string, port: () => number) {
    const read = (name: string): Buffer => readFileSync(join(folder, name));
    this.#key = read('node.key');
    this.#port = port;
    const certificate = read('node.crt');
    this.id =
      /openclaw:\/\/node\/([A-Za-z0-9._-]+)/.exec(new X509Certificate(certificate).subjectAltName ?? '')?.[1] ?? '';
    this.agent = new Agent({
      keepAlive: true,
      maxSockets: 1,
      ca: read('ca.crt'),
      cert: certificate,
      key: this.#key,
      servername: 'localhost',
    });
  }

  token(): string {
    const now = Math.floor(Date.now() / 1000);
    if (this.#token.expires < now + 60) {
      const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
      const claims = {
        iss: `openclaw://node/${this.id}`,
        sub: this.id,
        aud: 'openclaw-fleet',
        iat: now,
        exp: now + 600,
      };
      const signed = `${encode({ alg: 'ES256' })}.${encode(claims)}`;
      const signature = sign('sha256', Buffer.from(signed), { key: this.#key, dsaEncoding: 'ieee-p1363' });
      this.#token = { text: `${signed}.${signature.toString('base64url')}`, expires: now + 600 };
    }
    return this.#token.text;
  }

  /** A heartbeat of now, later than every one before. */
  beat(changes: Record<string, unknown> = {}): Record<string, unknown> {
    this.#lastMs = Math.max(Date.now(), this.#lastMs + 1);
    return {
      node_id: this.id,
      hostname: 'chimera-01.prod',
      version: '1.2.0',
      capacity: { workers: 24, available_slots: 5 },
      queue_depth: { planner: 3, worker: 120 },
      last_heartbeat: new Date(this.#lastMs).toISOString(),
      tags: ['region:us-east-1', 'gpu:true'],
      uptime_seconds: 86400,
      ...changes,
    };
  }

  /** Posts to the intake; rejects when the connection fails. */
  post(body: unknown, path = '/openclaw/availability'): Promise<Answer> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const req = request(
        {
          host: '127.0.0.1',
          port: this.#port(),
          method: 'POST',
          path,
          agent: this.agent,
          headers: {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(text),
            authorization: `Bearer ${this.token()}`,
          },
        },
        (res) => {
          this.socket = res.socket;
          const chunks: Buffer[] = [];
          res.on('data', (chunk: Buffer) => chunks.push(chunk));
          res.on('error', reject);
          res.on('aborted', () => reject(new Error('cut off')));
          res.on('end', () =>
            resolve({
              status: res.statusCode ?? 0,
              body: JSON.parse(Buffer.concat(chunks).toString() || '{}') as Answer['body'],
            })
          );
        }
      );
      req.on('error', reject);
      req.end(text);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}
