import { Agent } from 'node:https';
import type { CollectorRequests } from '@openclaw-fleet/client';
import type { Credentials } from '../credentials.ts';
import { exchange } from '../exchange.ts';
import { intakeUrl } from '../sender.ts';
import { tokenSource } from '../token.ts';

/** A node's requests to the intake beside its heartbeats, with its own certificate and token. */
export function createNodeRequests(options: {
  readonly endpoint: string;
  readonly credentials: Credentials;
  readonly now: () => number;
}): CollectorRequests {
  const { credentials, now } = options;
  const { cert, key, ca } = credentials;
  const url = intakeUrl(options.endpoint);
  const token = tokenSource(credentials);
  const agent = new Agent({ keepAlive: false, cert, key, ca, minVersion: 'TLSv1.3' });
  return {
    send: async ({ method, path, body, maxReplyBytes }) => {
      const answer = await exchange(new URL(path, url), {
        method,
        agent,
        token: token(now()),
        ...(body !== undefined && { body }),
        ...(maxReplyBytes !== undefined && { maxAnswerBytes: maxReplyBytes }),
      });
      const seconds = Number(answer.headers['retry-after']);
      return {
        status: answer.status,
        body: answer.body,
        detail: '',
        retryAfterMs: Number.isFinite(seconds) ? seconds * 1000 : null,
      };
    },
    close: () => agent.destroy(),
  };
}
