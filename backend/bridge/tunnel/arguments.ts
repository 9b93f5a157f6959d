import type { SshSettings } from '../settings-acting.ts';

/** ssh reads quotes, `%` and `${` in the names of files; none of these may hold any. */
const PLAIN_PATH = /^\/[A-Za-z0-9._/@+-]{1,255}$/;
const HOST = /^[A-Za-z0-9:][A-Za-z0-9:.-]{0,252}$/;
const USER = /^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/;

/**
 * The whole argument vector of the ssh that keeps a tunnel: a key, a host and an end on the other machine's loopback, whose
 * port sshd chooses, and nothing of the user's own configuration.
 * @param door where the door for actions listens on this machine
 * @throws Error naming the setting that ssh could take for something else
 */
export function sshArguments(ssh: SshSettings, door: { readonly host: string; readonly port: number }): string[] {
  const check = (holds: boolean, name: string, what: string): void => {
    if (!holds) throw new Error(`OPENCLAW_BRIDGE_SSH_${name} must be ${what}`);
  };
  const path = 'an absolute path of letters, digits and . _ / @ + -';
  check(HOST.test(ssh.host), 'HOST', 'a name or an IP address');
  check(USER.test(ssh.user), 'USER', 'the name of a user');
  check(PLAIN_PATH.test(ssh.keyFile), 'KEY_FILE', path);
  check(PLAIN_PATH.test(ssh.knownHostsFile), 'KNOWN_HOSTS_FILE', path);
  const options = [
    'BatchMode=yes',
    'ExitOnForwardFailure=yes',
    'ServerAliveInterval=15',
    'ServerAliveCountMax=3',
    'ConnectTimeout=10',
    'ConnectionAttempts=1',
    'StrictHostKeyChecking=yes',
    `UserKnownHostsFile=${ssh.knownHostsFile}`,
    'GlobalKnownHostsFile=/dev/null',
    'UpdateHostKeys=no',
    'VerifyHostKeyDNS=no',
    `IdentityFile=${ssh.keyFile}`,
    'IdentitiesOnly=yes',
    'IdentityAgent=none',
    'PreferredAuthentications=publickey',
    'ForwardAgent=no',
    'ForwardX11=no',
    'ControlMaster=no',
    'ControlPath=none',
    'ProxyCommand=none',
    'PermitLocalCommand=no',
    'EscapeChar=none',
    'LogLevel=INFO',
  ];
  const host = door.host.includes(':') ? `[${door.host}]` : door.host;
  return [
    ...['-N', '-T', '-F', '/dev/null'],
    ...options.flatMap((option) => ['-o', option]),
    ...['-p', String(ssh.port), '-l', ssh.user],
    ...['-R', `127.0.0.1:0:${host}:${door.port}`],
    ...['--', ssh.host],
  ];
}

/** Where a connection of this machine reaches the door: a wildcard listens on loopback, too. */
export function doorFor(listen: { readonly host: string }, port: number): { host: string; port: number } {
  if (listen.host === '0.0.0.0') return { host: '127.0.0.1', port };
  return { host: /^[0:]+$/.test(listen.host) ? '::1' : listen.host, port };
}
