import type { HeartbeatReply } from '@openclaw-fleet/contract';
import type { Credentials, CredentialStore } from './credentials.ts';
import { PublishFailure } from './failure.ts';
import { isP256, signDetached } from './jws.ts';
import type { Metrics } from './metrics.ts';
import { failureOf } from './problem.ts';
import { verdictOf } from './retry.ts';
import type { TokenSource } from './token.ts';
import type { Transport } from './transport.ts';

export interface Delivered {
  /** Null when the collector's answer could not be read; the beat was taken all the same. */
  readonly reply: HeartbeatReply | null;
  readonly credentials: Credentials;
}

export interface Delivery {
  /** One attempt. @throws PublishFailure with the reason and whether another attempt is worth it */
  attempt(body: Buffer): Promise<Delivered>;
}

export interface DeliveryOptions {
  readonly endpoint: URL;
  readonly store: CredentialStore;
  readonly tokens: TokenSource;
  readonly transport: Transport;
  readonly signPayload: boolean;
  readonly timeoutMs: number;
  readonly metrics: Metrics;
}

export function createDelivery(options: DeliveryOptions): Delivery {
  const { endpoint, store, tokens, transport, metrics } = options;
  return {
    attempt: async (body) => {
      const credentials = await store.load();
      const token = await tokens.get(credentials);
      const headers = {
        authorization: `Bearer ${token}`,
        ...(options.signPayload && { 'x-jws-signature': signature(body, credentials) }),
      };
      const reply = await transport.post({
        path: endpoint.pathname,
        body,
        headers,
        credentials,
        timeoutMs: options.timeoutMs,
      });
      metrics.observe(reply.seconds);
      if (reply.status === 401) tokens.refused(reply.date);
      if (verdictOf(reply.status) !== 'delivered') throw failureOf(endpoint.host, reply);
      return { reply: parseReply(reply.body), credentials };
    },
  };
}

/** `X-JWS-Signature` of a body. @throws PublishFailure when the key cannot sign */
export function signature(body: Buffer, credentials: Credentials): string {
  if (!isP256(credentials.privateKey)) {
    throw new PublishFailure(
      'credentials',
      'OPENCLAW_SIGN_PAYLOAD needs a P-256 key in OPENCLAW_KEY_FILE; enrol the node again or turn it off'
    );
  }
  return signDetached(body, credentials.privateKey);
}

/** A reply to the letter of the contract, or null: other receivers of this protocol need not send one. */
export function parseReply(body: string): HeartbeatReply | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return null;
  }
  if (typeof parsed !== 'object' || parsed === null) return null;
  const {
    status,
    next_heartbeat_seconds: next,
    report_full_state: full,
    desired_revision: revision,
  } = parsed as Record<string, unknown>;
  if (status !== 'accepted' && status !== 'duplicate' && status !== 'superseded') return null;
  if (typeof next !== 'number' || !Number.isFinite(next)) return null;
  return {
    status,
    next_heartbeat_seconds: next,
    ...(typeof full === 'boolean' && { report_full_state: full }),
    ...(typeof revision === 'string' && { desired_revision: revision }),
  };
}
