import type { IncomingMessage, ServerResponse } from 'node:http';
import express, { type NextFunction, type Request, type Response } from 'express';
import { credentialsRouter, type CredentialsOptions } from './credentials.ts';
import type { Peer } from './peer.ts';
import { send } from './problem-response.ts';
import { revisionsRouter, type RevisionsOptions } from './revisions.ts';

export type IntakeAppOptions = Omit<CredentialsOptions, 'peerOf'> & {
  /** Absent: nodes fetch and report no configurations here. */
  readonly revisions?: RevisionsOptions;
  /** Counts a request under a certificate that is no heartbeat. @returns how long it has to wait first, in milliseconds; 0 for not at all */
  readonly pace: (fingerprint: string) => number;
  /** Told of failures that are ours. */
  readonly onError: (error: unknown) => void;
};

/** Everything at the nodes' front door but the hot path: plain Express. */
export function createIntakeApp(
  options: IntakeAppOptions
): (req: IncomingMessage, res: ServerResponse, peer: Peer) => void {
  const peers = new WeakMap<IncomingMessage, Peer>();
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  const peerOf = (request: Request) => {
    const peer = peers.get(request);
    if (peer?.kind !== 'node') return undefined;
    return { nodeId: peer.id, fingerprint256: peer.fingerprint, names: peer.names };
  };
  app.use((request, response, next) => {
    const waitMs = options.pace(peers.get(request)?.fingerprint ?? '');
    if (waitMs === 0) {
      next();
      return;
    }
    response.set('Retry-After', String(Math.ceil(waitMs / 1000)));
    // What is left of the body is not worth reading.
    if (!request.complete) response.set('Connection', 'close');
    send(response, 'rate-limited', 'This certificate asks more often than it may. Try again later.');
  });
  // Its own errors first: the other router answers those of every path below /openclaw.
  if (options.revisions) app.use(revisionsRouter(options.revisions, (request) => peers.get(request)));
  app.use(credentialsRouter({ ...options, peerOf }));
  app.all('/openclaw/availability', (_request, response) => {
    response.set('Allow', 'POST');
    send(
      response,
      'method-not-allowed',
      'Nodes POST heartbeats here. Routers read GET /openclaw/availability from the API’s port.'
    );
  });
  app.use((_request, response) =>
    send(
      response,
      'not-found',
      'Nodes use POST /openclaw/availability, /openclaw/token and /openclaw/renew, GET /openclaw/revisions/:id and PUT /openclaw/config-report here.'
    )
  );
  // Express tells an error handler by its four parameters.
  // eslint-disable-next-line @typescript-eslint/no-unused-vars
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    options.onError(error);
    if (response.headersSent) response.destroy();
    else send(response, 'internal-error', 'The collector failed on this request. Its log says why.');
  });
  return (req, res, peer) => {
    peers.set(req, peer);
    app(req, res);
  };
}
