import { isAbsolute } from 'node:path';
import { isIP } from 'node:net';

type Environment = Readonly<Record<string, string | undefined>>;

/** How the gateway's process can be ended and started here, by local configuration alone. */
export type SupervisorSettings =
  | { readonly kind: 'none' }
  /** The bridge starts the gateway itself. */
  | {
      readonly kind: 'child';
      /** Program and arguments, fixed. */
      readonly command: readonly string[];
      /** The bridge's own environment without the settings of bridge and client. */
      readonly environment: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'systemd'; readonly unit: string }
  | { readonly kind: 'container'; readonly name: string };

/** The door for signed actions. */
export interface ActionsSettings {
  readonly listen: { readonly host: string; readonly port: number };
  /** Told to the collector, `ip:port`; null: nothing is. A port of 0 is the one that the door got. */
  readonly address: { readonly host: string; readonly port: number } | null;
  /** OPENCLAW_CLIENT_PIN: pins of the collector's client key. */
  readonly clientPins: readonly string[];
}

/** Where `ssh -N -R` keeps a tunnel to. */
export interface SshSettings {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly keyFile: string;
  readonly knownHostsFile: string;
}

export interface ActingSettings {
  /** Null: no door, and no verbs. */
  readonly actions: ActionsSettings | null;
  readonly supervisor: SupervisorSettings;
  /** A supervisor starts the bridge anew when it ends. */
  readonly supervised: boolean;
  /** Null: the gateway token's file. */
  readonly adminTokenFile: string | null;
  /** Null: no tunnel. */
  readonly ssh: SshSettings | null;
}

/** Settings of the acting side: what each is for. README.md says more. */
export const ACTING_SETTINGS = {
  OPENCLAW_BRIDGE_ACTIONS_LISTEN: 'where signed actions are taken',
  OPENCLAW_BRIDGE_ACTIONS_ADDRESS: 'the address of that door, as the collector reaches it',
  OPENCLAW_BRIDGE_SUPERVISOR: 'who can end and start a gateway that hangs',
  OPENCLAW_BRIDGE_CHILD_COMMAND: 'the gateway that the bridge starts itself',
  OPENCLAW_BRIDGE_SUPERVISED: 'true: a supervisor starts the bridge anew',
  OPENCLAW_BRIDGE_GATEWAY_ADMIN_TOKEN_FILE: 'file with a gateway token that gives operator.admin',
  OPENCLAW_BRIDGE_SSH_HOST: 'where the tunnel leads to',
  OPENCLAW_BRIDGE_SSH_PORT: 'port of its sshd',
  OPENCLAW_BRIDGE_SSH_USER: 'user of the tunnel there',
  OPENCLAW_BRIDGE_SSH_KEY_FILE: 'private key of that user',
  OPENCLAW_BRIDGE_SSH_KNOWN_HOSTS_FILE: 'host key of the tunnel',
} as const;
type Name = keyof typeof ACTING_SETTINGS;

// None may begin with a dash: it would be an option of the program it is given to.
const UNIT = /^[A-Za-z0-9][A-Za-z0-9:_.@\\-]{0,127}$/;
const CONTAINER = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/;
const HOST = /^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$/;
const USER = /^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/;
/** ssh reads quotes, `%` and `${` in the names of files. */
const SSH_PATH = /^\/[A-Za-z0-9._/@+-]{1,255}$/;
const MAX_ARGUMENTS = 64;

/** Settings of bridge and client, which are none of the gateway's business. */
const OURS =
  /^OPENCLAW_(BRIDGE_.*|ENABLED|ENDPOINT|NODE_ID|CA_FILE|CERT_FILE|KEY_FILE|(SERVER|CLIENT|ACTIONS)_PIN|TOKEN_(FILE|MODE|AUDIENCE)|SIGN_PAYLOAD|INTERVAL_SECONDS|ROLLOUT_PERCENT|QUEUE_THRESHOLD|BUFFER_SIZE|HOSTNAME|VERSION|TAGS|TIMINGS|RENEW)$/;

export interface ActingContext {
  readonly stateDir: string | null;
  readonly actionsPins: readonly string[];
  /** Reads pins, and adds a problem when there is one. */
  readonly pins: (name: string) => readonly string[];
  readonly tunnelled: boolean;
}

/** Reads the settings of the acting side. @param problems each bad setting is added, by name, with what to write instead */
export function actingSettings(env: Environment, context: ActingContext, problems: string[]): ActingSettings {
  const get = (name: Name): string | undefined => env[name]?.trim() || undefined;
  const need = (holds: boolean, problem: string): boolean => {
    if (!holds) problems.push(problem);
    return holds;
  };

  function file(name: Name): string | null {
    const given = get(name) ?? null;
    if (given !== null) need(isAbsolute(given), `${name} must be an absolute path; it begins with /`);
    return given;
  }

  function actions(): ActionsSettings | null {
    const given = get('OPENCLAW_BRIDGE_ACTIONS_LISTEN');
    const told = get('OPENCLAW_BRIDGE_ACTIONS_ADDRESS');
    const clientPins = context.pins('OPENCLAW_CLIENT_PIN');
    if (given === undefined) {
      need(told === undefined, 'OPENCLAW_BRIDGE_ACTIONS_ADDRESS needs OPENCLAW_BRIDGE_ACTIONS_LISTEN');
      return null;
    }
    const listen = endpoint(given);
    const address = told === undefined ? null : endpoint(told);
    const needs = (what: string): string => `OPENCLAW_BRIDGE_ACTIONS_LISTEN needs ${what}`;
    need(
      listen !== null && isIP(listen.host) !== 0,
      'OPENCLAW_BRIDGE_ACTIONS_LISTEN must be an IP address and a port such as 10.0.0.7:9465 or [::]:9465'
    );
    need(
      told === undefined || (address !== null && isIP(address.host) !== 0 && !isWildcard(address.host)),
      'OPENCLAW_BRIDGE_ACTIONS_ADDRESS must be an IP address and a port such as 10.0.0.7:9465'
    );
    need(context.stateDir !== null, needs('OPENCLAW_BRIDGE_STATE_DIR: without receipts nothing is done'));
    need(clientPins.length > 0, needs('OPENCLAW_CLIENT_PIN, of node.env: who else may ask?'));
    need(context.actionsPins.length > 0, needs('OPENCLAW_ACTIONS_PIN, of node.env: whose signature counts?'));
    const own = listen !== null && !isWildcard(listen.host) ? listen : null;
    return { listen: listen ?? { host: '127.0.0.1', port: 0 }, address: address ?? own, clientPins };
  }

  function supervisor(): SupervisorSettings {
    const given = get('OPENCLAW_BRIDGE_SUPERVISOR') ?? 'none';
    const command = get('OPENCLAW_BRIDGE_CHILD_COMMAND');
    const [kind, name = ''] = split(given);
    if (kind !== 'child')
      need(command === undefined, 'OPENCLAW_BRIDGE_CHILD_COMMAND is for OPENCLAW_BRIDGE_SUPERVISOR=child');
    if (given === 'none') return { kind: 'none' };
    if (given === 'child') return child(command);
    if (kind === 'systemd' && UNIT.test(name)) return { kind, unit: name };
    if (kind === 'container' && CONTAINER.test(name)) return { kind, name };
    problems.push('OPENCLAW_BRIDGE_SUPERVISOR must be none, child, systemd:<unit> or container:<name>');
    return { kind: 'none' };
  }

  function child(text: string | undefined): SupervisorSettings {
    const command = argv(text);
    need(
      command !== null,
      'OPENCLAW_BRIDGE_CHILD_COMMAND must be a JSON array of texts that begins with an absolute path, such as ["/usr/bin/node","/opt/openclaw/openclaw.mjs","gateway","run"]'
    );
    need(
      context.stateDir !== null,
      'OPENCLAW_BRIDGE_SUPERVISOR=child needs OPENCLAW_BRIDGE_STATE_DIR, where it remembers which process is the gateway'
    );
    const environment = Object.entries(env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && !OURS.test(entry[0])
    );
    return { kind: 'child', command: command ?? [], environment: Object.fromEntries(environment) };
  }

  /** Relative ones are told by `file` already. */
  function sshFile(name: 'OPENCLAW_BRIDGE_SSH_KEY_FILE' | 'OPENCLAW_BRIDGE_SSH_KNOWN_HOSTS_FILE'): string | null {
    const given = file(name);
    const fits = given === null || !isAbsolute(given) || SSH_PATH.test(given);
    need(
      fits,
      `${name} must be an absolute path of letters, digits and . _ / @ + -; ssh reads others as something else`
    );
    return given;
  }

  function ssh(): SshSettings | null {
    const [host, user, port = '22'] = (['HOST', 'USER', 'PORT'] as const).map((part) =>
      get(`OPENCLAW_BRIDGE_SSH_${part}`)
    );
    const keyFile = sshFile('OPENCLAW_BRIDGE_SSH_KEY_FILE');
    const knownHostsFile = sshFile('OPENCLAW_BRIDGE_SSH_KNOWN_HOSTS_FILE');
    const given = [host, user, keyFile, knownHostsFile].filter((part) => part !== undefined && part !== null).length;
    if (given === 0) {
      const missing = context.tunnelled && get('OPENCLAW_BRIDGE_ACTIONS_LISTEN') !== undefined;
      need(
        !missing,
        'OPENCLAW_BRIDGE_TRANSPORT is one with a tunnel: set OPENCLAW_BRIDGE_SSH_HOST and its sisters, or direct_https'
      );
      return null;
    }
    need(
      given === 4,
      'OPENCLAW_BRIDGE_SSH_HOST, _USER, _KEY_FILE and _KNOWN_HOSTS_FILE belong together; set all of them, or none'
    );
    need(
      host === undefined || HOST.test(host) || (isIP(host) !== 0 && !host.includes('%')),
      'OPENCLAW_BRIDGE_SSH_HOST must be a name or an IP address'
    );
    need(user === undefined || USER.test(user), 'OPENCLAW_BRIDGE_SSH_USER must be the name of a user');
    need(isPort(port) && port !== '0', 'OPENCLAW_BRIDGE_SSH_PORT must be a port from 1 to 65535');
    need(
      get('OPENCLAW_BRIDGE_ACTIONS_LISTEN') !== undefined,
      'OPENCLAW_BRIDGE_SSH_HOST is for a tunnel to the door for actions: set OPENCLAW_BRIDGE_ACTIONS_LISTEN, such as 127.0.0.1:0'
    );
    return {
      host: host ?? '',
      port: Number(port),
      user: user ?? '',
      keyFile: keyFile ?? '',
      knownHostsFile: knownHostsFile ?? '',
    };
  }

  const supervised = get('OPENCLAW_BRIDGE_SUPERVISED') ?? 'false';
  need(['true', 'false'].includes(supervised), 'OPENCLAW_BRIDGE_SUPERVISED must be one of true, false');
  return {
    actions: actions(),
    supervisor: supervisor(),
    supervised: supervised === 'true',
    adminTokenFile: file('OPENCLAW_BRIDGE_GATEWAY_ADMIN_TOKEN_FILE'),
    ssh: ssh(),
  };
}

/** An address and a port; null: it is none. */
export function endpoint(given: string): { host: string; port: number } | null {
  const match = /^(?<host>\[[0-9a-fA-F:]+\]|[^:[\]\s]+):(?<port>\d{1,5})$/.exec(given);
  const host = match?.groups?.['host']?.replace(/^\[|\]$/g, '') ?? '';
  const port = match?.groups?.['port'] ?? '';
  return host === '' || !isPort(port) ? null : { host, port: Number(port) };
}

const isPort = (text: string): boolean => /^\d{1,5}$/.test(text) && Number(text) <= 65_535;
/** Every address of the machine. */
export const isWildcard = (host: string): boolean => host === '0.0.0.0' || /^[0:]+$/.test(host);

function split(given: string): [string, string | undefined] {
  const at = given.indexOf(':');
  return at === -1 ? [given, undefined] : [given.slice(0, at), given.slice(at + 1)];
}

/** Null: no array of texts that begins with an absolute path. */
function argv(text: string | undefined): string[] | null {
  try {
    const value: unknown = JSON.parse(text ?? '');
    const texts =
      Array.isArray(value) && value.length <= MAX_ARGUMENTS && value.every((one) => typeof one === 'string');
    if (!texts) return null;
    const command = value;
    return isAbsolute(command[0] ?? '') && !command.some((one) => one.includes('\0')) ? command : null;
  } catch {
    return null;
  }
}
