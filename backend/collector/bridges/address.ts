import { BlockList, isIP } from 'node:net';
import type { ReportedBlock } from '@openclaw-fleet/contract';
import { parseHostPort, parseNetwork } from '../config-address.ts';
import { BridgeError } from '../remediation/types.ts';
import type { BridgeSettings, Route } from './types.ts';

/** The end of a tunnel that an account without rights opened; a lower port is another service. */
const LEAST_TUNNEL_PORT = 1024;

/** No network that is set allows these: nobody's or everybody's addresses, and where clouds hand their machines secrets. */
const NEVER = blockList([
  ...['0.0.0.0/8', '224.0.0.0/3', '::/128', 'ff00::/8'],
  ...['169.254.169.254', '100.100.100.200', 'fd00:ec2::254', 'fd20:ce::254'],
]);

/** Finds the ways to a target. @throws BridgeError `no-bridge`, with what to set */
export type Router = (targetId: string, reported: ReportedBlock | null) => readonly [Route, ...Route[]];

/**
 * Where the collector goes, and nowhere else. The operator's address comes first; a reported one counts only as an IP
 * address within `networks`, and of a tunnel a node says the port alone.
 */
export function createRouter({ addresses, networks, tunnelHost }: BridgeSettings): Router {
  const allowed = blockList(networks);
  return (targetId, reported) => {
    const set = Object.hasOwn(addresses, targetId) ? addresses[targetId] : undefined;
    if (set === undefined && reported === null) {
      throw new BridgeError(
        'no-bridge',
        `${targetId} has no bridge, or never reported: only a target with a bridge can be asked`
      );
    }
    const transport = reported?.transport ?? 'direct_https';
    const routes: Route[] = [];
    const why: string[] = [];
    const add = (found: Route | string): void => {
      if (typeof found === 'string') why.push(found);
      else routes.push(found);
    };
    if (set !== undefined) add(operatorsRoute(set));
    else if (transport !== 'reverse_ssh') add(directRoute(reported?.actions_address, allowed));
    const tunnelled = transport === 'hybrid' || (transport === 'reverse_ssh' && set === undefined);
    if (tunnelled) add(tunnelRoute(reported?.tunnel_port, tunnelHost));
    const [first, ...others] = routes;
    if (first === undefined) {
      throw new BridgeError(
        'no-bridge',
        `${targetId} cannot be reached (${transport}): ${why.join('; ')}. Or set bridges.addresses.${targetId} to its host:port`
      );
    }
    return [first, ...others];
  };
}

function operatorsRoute(text: string): Route | string {
  const place = parseHostPort(text);
  return place === null ? 'its address in bridges.addresses is not host:port' : { transport: 'direct_https', ...place };
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
