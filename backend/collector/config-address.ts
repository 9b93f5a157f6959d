import { isIP } from 'node:net';

/** Where something listens. `host`: a name or an IP address, without brackets. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Addresses whose first `bits` bits are those of `address`. */
export interface Network {
  readonly address: string;
  readonly bits: number;
  readonly family: 'ipv4' | 'ipv6';
}

const NAME = /^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/;
/** Digits and dots alone are no name: some resolvers read `127.1` or `0177.0.0.1` as an address. */
const NUMBERS = /^[0-9.]+$/;

/** A name, or an IP address as text; no zone (`%eth0`), which means something on one machine alone. */
export function isHost(text: string): boolean {
  return isIP(text) === 0 ? NAME.test(text) && !NUMBERS.test(text) : !text.includes('%');
}

/** Reads `10.0.0.7:9465`, `[fd00::7]:9465` or `bridge.example.net:9465`. @returns null when it is none of them */
export function parseHostPort(text: string): HostPort | null {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]\s]+)):([0-9]{1,5})$/.exec(text);
  if (match === null) return null;
  const [, bracketed, plain, digits] = match;
  const host = bracketed ?? plain ?? '';
  const port = Number(digits);
  const wellFormed = bracketed === undefined ? isHost(host) : isIP(host) === 6;
  return wellFormed && port >= 1 && port <= 65_535 ? { host, port } : null;
}

/** Reads `10.0.0.0/8` or `fd00::/8`; one address alone is a network of one. @returns null when it is none of them */
export function parseNetwork(text: string): Network | null {
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0 || address.includes('%')) return null;
  const most = version === 4 ? 32 : 128;
  if (bits !== undefined && !/^[0-9]{1,3}$/.test(bits)) return null;
  const length = bits === undefined ? most : Number(bits);
  return length <= most ? { address, bits: length, family: version === 4 ? 'ipv4' : 'ipv6' } : null;
}

/** Ports from `least` to `most`, both included. */
export interface PortRange {
  readonly least: number;
  readonly most: number;
}

/** Reads `9464-9563`; one port alone is a range of one. @returns null when it is none */
export function parsePorts(text: string): PortRange | null {
  const [, first, last] = /^([0-9]{1,5})(?:-([0-9]{1,5}))?$/.exec(text) ?? [];
  const least = Number(first);
  const most = Number(last ?? first);
  return least >= 1 && least <= most && most <= 65_535 ? { least, most } : null;
}
