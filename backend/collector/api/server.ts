import type { Server } from 'node:http';

/**
 * Sets the limits of the API's server. Connections are kept open longer than the proxies in front keep theirs (Grafana's
 * has no idle limit of its own, so a server that closes first turns the next request into a 502).
 */
export function configureServer(server: Server): void {
  server.keepAliveTimeout = 75_000;
  server.headersTimeout = 15_000;
  server.requestTimeout = 30_000;
  server.maxHeadersCount = 100;
  server.maxConnections = 1000;
}
