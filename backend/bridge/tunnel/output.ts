/** What ssh says on its standard error about a tunnel. */
export type Said =
  { readonly kind: 'open'; readonly port: number } | { readonly kind: 'trouble'; readonly advice: string };

const ALLOCATED = /^Allocated port (\d{1,5}) for remote forward/;

/** Each trouble with what to do about it; the first that fits a line counts. */
const TROUBLES: readonly [RegExp, string][] = [
  [
    /host key (for .* )?(has changed|verification failed)|IDENTIFICATION HAS CHANGED|No .* host key is known/i,
    'the tunnel’s host does not show the key in OPENCLAW_BRIDGE_SSH_KNOWN_HOSTS_FILE; compare it on that host (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), and write it there only if it is that one',
  ],
  [
    /UNPROTECTED PRIVATE KEY|bad permissions/i,
    'others can read OPENCLAW_BRIDGE_SSH_KEY_FILE, so ssh does not use it; run chmod 600 on it',
  ],
  [
    /no such identity|identity file .* not accessible|Load key .*: (No such file|Permission denied|error|invalid)/i,
    'OPENCLAW_BRIDGE_SSH_KEY_FILE cannot be read, or is no private key without a passphrase; check its path and its owner',
  ],
  [
    /Permission denied|Too many authentication failures/i,
    'the tunnel’s host does not take the key; write the public key of OPENCLAW_BRIDGE_SSH_KEY_FILE to authorized_keys of OPENCLAW_BRIDGE_SSH_USER there',
  ],
  [
    /remote port forwarding failed|administratively prohibited|forwarding request denied/i,
    'the tunnel’s host refuses the tunnel; its authorized_keys needs port-forwarding and permitlisten="127.0.0.1:*", its sshd AllowTcpForwarding remote',
  ],
  [
    /Could not resolve|Connection refused|timed out|No route to host|Network is unreachable|not responding/i,
    'the tunnel’s host was not reached; check OPENCLAW_BRIDGE_SSH_HOST and _PORT, and the firewall',
  ],
  [/Connection (reset|closed)|Broken pipe|kex_exchange/i, 'the tunnel’s host closed the connection'],
];

/** Reads one line; null: nothing that matters. */
export function readLine(line: string): Said | null {
  const port = Number(ALLOCATED.exec(line)?.[1]);
  if (port > 0 && port < 65_536) return { kind: 'open', port };
  const advice = TROUBLES.find(([pattern]) => pattern.test(line))?.[1];
  return advice === undefined ? null : { kind: 'trouble', advice };
}
