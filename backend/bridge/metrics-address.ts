import { isIPv6 } from 'node:net';
import { isLoopback } from '@openclaw-fleet/client';
import { isWildcard } from './settings-acting.ts';

interface Place {
  readonly host: string;
  readonly port: number;
}

/**
 * Where Prometheus is told to find the bridge's metrics. Loopback leads to this bridge on this machine alone, and is told
 * only where the collector, and so its Prometheus, is on it too. Of a bridge that listens everywhere nobody knows by itself
 * which address leads to it.
 * @param set OPENCLAW_BRIDGE_METRICS_ADDRESS; null: not set
 * @param bound where it listens
 * @param publishing to which collector
 * @returns `ip:port`; null: none to tell
 */
export function toldAddress(
  set: Place | null,
  bound: Place,
  publishing: { readonly endpoint: string } | { readonly disabled: string }
): string | null {
  if (set !== null) return text({ host: set.host, port: set.port === 0 ? bound.port : set.port });
  if (isWildcard(bound.host)) return null;
  if (!isLoopback(bound.host)) return text(bound);
  const near = 'endpoint' in publishing && isLoopback(URL.parse(publishing.endpoint)?.hostname ?? '');
  return near ? text(bound) : null;
}

function text({ host, port }: Place): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}
