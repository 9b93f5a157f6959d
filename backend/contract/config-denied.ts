import { shownPath } from './config-secrets.ts';
import type { Json } from './configuration.ts';

interface Denial {
  readonly path: string;
  readonly why: string;
}

/**
 * Sections that no revision may manage, whoever asks: who may write a revision must not thereby run a command on every
 * gateway, open one to the network, read its secrets or answer in its name (openclaw-notes section 11, and OpenClaw's own
 * reference of its settings).
 */
export const DENIED_SECTIONS: readonly Denial[] = [
  { path: '$include', why: 'it reads other files of the machine into the configuration' },
  { path: 'meta', why: 'OpenClaw writes it itself' },
  { path: 'wizard', why: 'OpenClaw writes it itself' },
  { path: 'gateway', why: 'it decides who can reach the gateway and with what token (address, port, TLS, proxies)' },
  { path: 'secrets', why: 'its providers run commands and read files for secrets' },
  { path: 'auth', why: 'it holds the profiles that models are called with' },
  { path: 'env', why: 'variables of the process, such as NODE_OPTIONS, run code in it' },
  { path: 'plugins', why: 'a plugin is code that runs inside the gateway' },
  { path: 'skills', why: 'a skill brings installers, programs and their environment' },
  { path: 'mcp', why: 'an MCP server is a command that the gateway starts' },
  { path: 'acp', why: 'its backends are commands that the gateway starts' },
  { path: 'hooks', why: 'a hook runs a command, or lets whoever calls it run an agent' },
  { path: 'tools', why: 'it decides what agents may run on the machine' },
  { path: 'commands', why: 'it lets people in a chat run commands and change the configuration' },
  { path: 'approvals', why: 'it decides who approves what an agent wants to run' },
  { path: 'security', why: 'it decides what may be installed' },
  { path: 'models', why: 'its addresses receive every conversation, and the keys of the models' },
  { path: 'browser', why: 'it starts a program, and reaches private networks' },
  { path: 'desktop', why: 'it controls a desktop' },
  { path: 'nodeHost', why: 'it controls paired devices' },
  { path: 'cloudWorkers', why: 'it starts machines and runs commands on them' },
  { path: 'worktreeRoot', why: 'it decides where agents write' },
  { path: 'worktreeAcceleration', why: 'it decides where agents write' },
  { path: 'memory', why: 'its backends are commands that the gateway starts' },
  { path: 'media', why: 'its models may be commands that the gateway starts' },
  { path: 'talk', why: 'its providers receive every conversation' },
  { path: 'update', why: 'it decides which code is installed' },
  { path: 'discovery', why: 'it announces the gateway on the network' },
  { path: 'proxy', why: 'it leads all traffic through another machine' },
  { path: 'accessGroups', why: 'it decides who may talk to agents' },
  { path: 'multiAgent', why: 'it decides whose messages reach which agent' },
  { path: 'bindings', why: 'it decides whose messages reach which agent' },
  { path: 'audit', why: 'it could end the record of what was done' },
  { path: 'telemetry', why: 'it sends what happens to another machine' },
  { path: 'diagnostics.otel', why: 'it sends what happens to another machine' },
  { path: 'logging.file', why: 'it writes a file anywhere on the machine' },
  { path: 'session.store', why: 'it writes files anywhere on the machine' },
  { path: 'cron.webhook', why: 'it sends what jobs did to another machine' },
  { path: 'cron.webhookToken', why: 'it is a secret of the machine that jobs report to' },
];

/** Of the sections above, what may be managed all the same. */
const ALLOWED = ['gateway.reload'];

/** Names of settings that no revision may manage wherever they stand: in an agent's entry, or in a channel's. */
const DENIED_NAMES: readonly [RegExp, string][] = [
  [/^\$include$/, 'it reads other files of the machine into the configuration'],
  [
    /^(dangerously|allowunsafe|allowinsecure|allowprivatenetwork|bypass|disabledeviceauth)/,
    'it switches a protection off',
  ],
  [/^(sandbox|docker|elevated|elevateddefault|permissionmode)$/, 'it decides what agents may do to the machine'],
  [
    /^(tools|toolsallow|exec|execapprovals|subagents|hooks|plugins|mcp|mcpservers|skills|env)$/,
    'it decides what agents may run on the machine',
  ],
  [
    /(commands?|argv|binary|executable|executablepath|clipath|dbpath|entrypoint)$|^(args|script)$/,
    'it names a program that the gateway runs',
  ],
  [/^clibackends?$/, 'it names a program that the gateway runs'],
  [/^(workspace|cwd|reporoot|agentdir|mediadir)$/, 'it decides which files agents read and write'],
  [
    /^(allowfrom|groupallowfrom|dmpolicy|grouppolicy|dm|ownerallowfrom|pairing|guilds)$/,
    'it decides who may talk to agents',
  ],
  [
    /(baseurl|apiurl|apiroot|webhookurl|webhookpath|endpoint|proxy|proxyurl|homeserver|serverurl|httpurl)$/,
    'it decides which machine gets the messages',
  ],
  [/^redact/, 'it decides which secrets are kept out of what is logged'],
  [/^(bind|host|port|listen|trustedproxies|tailscale|tls)$/, 'it decides who can reach the gateway'],
];

/** A value that OpenClaw fills in with a variable of its process, which may be a secret. */
const SUBSTITUTION = /\$\{[A-Z_][A-Z0-9_]*\}/;

export interface Denied {
  /** As it may be shown. */
  readonly path: string;
  readonly why: string;
}

/**
 * Why no revision may manage this path with this value.
 * @returns null when one may
 */
export function deniedSetting(path: string, value: Json): Denied | null {
  const section = deniedSection(path);
  if (section !== null) return { path: shownPath(path), why: section };
  const steps = path.split('.');
  const name = steps.map(deniedName).find((why) => why !== null);
  if (name !== undefined) return { path: shownPath(path), why: name };
  return deniedInside(path, value);
}

function deniedSection(path: string): string | null {
  if (ALLOWED.some((allowed) => isWithin(path, allowed))) return null;
  const section = DENIED_SECTIONS.find((one) => isWithin(path, one.path));
  if (section !== undefined) return section.why;
  // Who manages all of `cron` also decides that it has no `cron.webhook`.
  const below = DENIED_SECTIONS.find((one) => isWithin(one.path, path));
  return below === undefined
    ? null
    : `it contains ${below.path}: name the settings below ${shownPath(path)} one by one`;
}

function deniedInside(path: string, value: Json): Denied | null {
  if (typeof value === 'string' && SUBSTITUTION.test(value)) {
    return {
      path: shownPath(path),
      why: 'OpenClaw replaces ${NAME} by a variable of its process, which may be a secret',
    };
  }
  if (typeof value !== 'object' || value === null) return null;
  if (Array.isArray(value)) return firstOf(value, (inner) => deniedInside(path, inner));
  return firstOf(Object.entries(value), ([name, inner]) => {
    const below = `${path}.${name}`;
    const why = deniedName(name);
    return why === null ? deniedInside(below, inner) : { path: shownPath(below), why };
  });
}

function deniedName(name: string): string | null {
  const plain = name.toLowerCase().replace(/[^a-z0-9$]/g, '');
  return DENIED_NAMES.find(([pattern]) => pattern.test(plain))?.[1] ?? null;
}

const isWithin = (path: string, section: string): boolean => path === section || path.startsWith(`${section}.`);

function firstOf<T>(items: readonly T[], look: (item: T) => Denied | null): Denied | null {
  for (const item of items) {
    const found = look(item);
    if (found !== null) return found;
  }
  return null;
}
