import { STATUS_CODES } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { problem } from '@openclaw-fleet/contract';
import type { Problem } from '@openclaw-fleet/contract';
import { PROBLEM_CONTENT_TYPE } from './problems.ts';

/**
 * Sets the limits of the API's server, and has it answer with problem details to what is no request. Connections are kept
 * open longer than the proxies in front keep theirs (Grafana's has no idle limit of its own, so a server that closes first
 * turns the next request into a 502). The other two limits are longer still: they also end a connection that was opened and
 * has not been used, and Go keeps such ones in store.
 */
export function configureServer(server: Server): void {
  server.keepAliveTimeout = 75_000;
  server.headersTimeout = 80_000;
  server.requestTimeout = 90_000;
  server.maxHeadersCount = 100;
  server.maxConnections = 1000;
  const answers = new WeakMap<Duplex, ServerResponse>();
  server.on('request', (request, response) => answers.set(request.socket, response));
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const underWay = answers.get(socket)?.headersSent === true && answers.get(socket)?.writableEnded === false;
    if (!socket.writable || error.code === 'ECONNRESET' || underWay) socket.destroy();
    else socket.end(asHttp(problemOf(error)));
  });
}

function problemOf({ code }: NodeJS.ErrnoException): Problem {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return problem('headers-too-large', 'The address with its query and the headers are over 16 KiB. Ask for less.');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return problem('request-timeout', 'The request did not arrive in time. Send it again.');
    default:
      return problem('bad-request', 'This is no HTTP/1.1 request.');
  }
}

function asHttp(body: Problem): string {
  const text = JSON.stringify(body);
  return [
    `HTTP/1.1 ${body.status} ${STATUS_CODES[body.status] ?? ''}`,
    `content-type: ${PROBLEM_CONTENT_TYPE}`,
    `content-length: ${Buffer.byteLength(text)}`,
    'cache-control: no-store',
    'connection: close',
    '',
    text,
  ].join('\r\n');
}
