import { BlockList, isIP, isIPv6 } from 'node:net';
import type { ReportedBlock } from '@openclaw-fleet/contract';
import { parseHostPort, parseNetwork, parsePorts } from '../config-address.ts';
import { BridgeError } from '../remediation/types.ts';
import type { BridgeSettings, Route, Transport } from './types.ts';

/** The end of a tunnel that an account without rights opened; a lower port is another service. */
const LEAST_TUNNEL_PORT = 1024;

/** No network that is set allows these: nobody's or everybody's addresses, and where clouds hand their machines secrets. */
const NEVER = blockList([
  ...['0.0.0.0/8', '224.0.0.0/3', '::/128', 'ff00::/8'],
  ...['169.254.169.254', '100.100.100.200', 'fd00:ec2::254', 'fd20:ce::254'],
]);

/** Finds the ways to a target. @throws BridgeError `no-bridge`, with what to set */
export type Router = (targetId: string, reported: ReportedBlock | null) => readonly [Route, ...Route[]];

/** A way that a target's transport has, and where it leads; or why it leads nowhere, with what to set. */
export type Way = { readonly route: Route } | { readonly transport: Transport; readonly missing: string };

/** Finds where the ways of a target lead, first the one that is tried first. None: it has no bridge. */
export type Finder = (targetId: string, reported: ReportedBlock | null) => readonly Way[];

/**
 * Where the collector goes, and nowhere else. The operator's address comes first; a reported one counts only as an IP
 * address within `networks`, and of a tunnel a node says the port alone.
 */
export function createFinder({ addresses, networks, tunnelHost }: BridgeSettings): Finder {
  const allowed = blockList(networks);
  return (targetId, reported) => {
    const set = Object.hasOwn(addresses, targetId) ? addresses[targetId] : undefined;
    if (set === undefined && reported === null) return [];
    const transport = transportOf(reported);
    const ways: Way[] = [];
    const add = (way: Transport, found: Route | string): void =>
      void ways.push(typeof found === 'string' ? { transport: way, missing: found } : { route: found });
    if (set !== undefined) add('direct_https', operatorsRoute(set));
    else if (transport !== 'reverse_ssh') add('direct_https', directRoute(reported?.actions_address, allowed));
    const tunnelled = transport === 'hybrid' || (transport === 'reverse_ssh' && set === undefined);
    if (tunnelled) add('reverse_ssh', tunnelRoute(reported?.tunnel_port, tunnelHost));
    return ways;
  };
}

/** The ways that lead somewhere. */
export function createRouter(settings: BridgeSettings): Router {
  const find = createFinder(settings);
  return (targetId, reported) => {
    const ways = find(targetId, reported);
    if (ways.length === 0) {
      throw new BridgeError(
        'no-bridge',
        `${targetId} has no bridge, or never reported: only a target with a bridge can be asked`
      );
    }
    const [first, ...others] = ways.flatMap((way) => ('route' in way ? [way.route] : []));
    if (first === undefined) {
      const why = ways.flatMap((way) => ('missing' in way ? [way.missing] : []));
      throw new BridgeError(
        'no-bridge',
        `${targetId} cannot be reached (${transportOf(reported)}): ${why.join('; ')}. Or set bridges.addresses.${targetId} to its host:port`
      );
    }
    return [first, ...others];
  };
}

function transportOf(reported: ReportedBlock | null): NonNullable<ReportedBlock['transport']> {
  return reported?.transport ?? 'direct_https';
}

function operatorsRoute(text: string): Route | string {
  const place = parseHostPort(text);
  return place === null ? 'its address in bridges.addresses is not host:port' : { transport: 'direct_https', ...place };
}

/**
 * Where Prometheus may be sent for a bridge's own metrics: what it reports, as an IP address within `networks` and a port
 * within `metricsPorts`; null: nowhere. Nothing there proves who it is, so the ports are few, and no credentials go along.
 */
export function createScrapeFinder({
  networks,
  metricsPorts,
}: Pick<BridgeSettings, 'networks'> & { readonly metricsPorts: string }): (
  reported: string | undefined
) => string | null {
  const allowed = blockList(networks);
  const ports = parsePorts(metricsPorts);
  return (reported) => {
    const place = reported === undefined ? null : parseHostPort(reported);
    if (place === null || ports === null || place.port < ports.least || place.port > ports.most) return null;
    const { host } = place;
    if (isIP(host) === 0 || contains(NEVER, host) || !contains(allowed, host)) return null;
    return `${isIPv6(host) ? `[${host}]` : host}:${place.port}`;
  };
}

function directRoute(reported: string | undefined, allowed: BlockList): Route | string {
  if (reported === undefined) return 'it reports no address of a door: set OPENCLAW_BRIDGE_ACTIONS_LISTEN on the node';
  const place = parseHostPort(reported);
  if (place === null || isIP(place.host) === 0) return 'the address it reports is no IP address and port';
  if (contains(NEVER, place.host)) return `the address it reports, ${place.host}, is no node's`;
  if (!contains(allowed, place.host))
    return `the address it reports, ${place.host}, is in none of bridges.networks: add its network there if it is right`;
  return { transport: 'direct_https', ...place };
}

function tunnelRoute(port: number | undefined, host: string): Route | string {
  if (port === undefined) return 'it reports no port of a tunnel: look at OPENCLAW_BRIDGE_SSH_* on the node';
  if (port < LEAST_TUNNEL_PORT || port > 65_535)
    return `the port of a tunnel that it reports, ${port}, is not ${LEAST_TUNNEL_PORT} to 65535`;
  return { transport: 'reverse_ssh', host, port };
}

/** IPv6 that carries an IPv4 address (`::ffff:10.0.0.7`) is judged as that. */
function contains(list: BlockList, host: string): boolean {
  return list.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4');
}

function blockList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of networks) {
    const network = parseNetwork(text);
    if (network !== null) list.addSubnet(network.address, network.bits, network.family);
  }
  return list;
}
