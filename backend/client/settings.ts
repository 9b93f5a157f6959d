import { isIP } from 'node:net';
import type { TimingsProfile } from '@openclaw-fleet/contract';
import { isInRollout } from './rollout.ts';
import { isPrintable } from './shape.ts';
import { CLIENT_TIMINGS, DEMO_SPEED } from './timings.ts';
import type { ClientTimings } from './timings.ts';
import type { Disabled, PublisherSettings, TokenMode } from './types.ts';

const NODE_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const PIN = /^sha256\/[A-Za-z0-9+/]{43}=$/;
const TOKEN_MODES: readonly TokenMode[] = ['file', 'sign', 'mint'];
const PROFILES: readonly TimingsProfile[] = ['production', 'demo'];

/** Settings that were checked, with every default filled in. */
export interface ResolvedSettings
  extends Required<Omit<PublisherSettings, 'endpoint' | Optional>>, Pick<PublisherSettings, Optional> {
  /** Full address of the availability resource. */
  readonly endpoint: URL;
  readonly clientTimings: ClientTimings;
  /** Milliseconds. */
  readonly interval: number;
}
type Optional = 'tokenFile' | 'queueThreshold' | 'hostname' | 'version' | 'renew';

const UNREADABLE = 'the options of the publisher cannot be read; pass what optionsFromEnv() returns';

class SettingError extends Error {}

function check(holds: boolean, setting: string, must: string): asserts holds {
  if (!holds) throw new SettingError(`${setting} ${must}`);
}

/**
 * The settings of `OPENCLAW_*`; an empty value is an absent one.
 * @returns settings for `createPublisher`, or why there are none and what to do
 */
export function optionsFromEnv(env: Readonly<Record<string, string | undefined>>): PublisherSettings | Disabled {
  const get = (name: string): string | undefined => env[`OPENCLAW_${name}`]?.trim() || undefined;
  try {
    if (!(flag('OPENCLAW_ENABLED', get('ENABLED')) ?? true))
      return { disabled: 'OPENCLAW_ENABLED is false', byChoice: true };
    if (get('ENABLED') === undefined && get('ENDPOINT') === undefined) {
      return { disabled: 'OPENCLAW_ENDPOINT is not set', byChoice: true };
    }
    const settings = defined({
      endpoint: get('ENDPOINT') ?? '',
      nodeId: get('NODE_ID') ?? '',
      caFile: get('CA_FILE') ?? '',
      certFile: get('CERT_FILE') ?? '',
      keyFile: get('KEY_FILE') ?? '',
      serverPins: list(get('SERVER_PIN')),
      tokenMode: get('TOKEN_MODE') as TokenMode | undefined,
      tokenFile: get('TOKEN_FILE'),
      tokenAudience: get('TOKEN_AUDIENCE'),
      signPayload: flag('OPENCLAW_SIGN_PAYLOAD', get('SIGN_PAYLOAD')),
      intervalSeconds: numeric(get('INTERVAL_SECONDS')),
      rolloutPercent: numeric(get('ROLLOUT_PERCENT')),
      queueThreshold: numeric(get('QUEUE_THRESHOLD')),
      bufferSize: numeric(get('BUFFER_SIZE')),
      hostname: get('HOSTNAME'),
      version: get('VERSION'),
      tags: list(get('TAGS')),
      timings: get('TIMINGS') as TimingsProfile | undefined,
      renew: flag('OPENCLAW_RENEW', get('RENEW')),
    });
    const resolved = resolveSettings(settings);
    return 'disabled' in resolved ? resolved : settings;
  } catch (error) {
    return { disabled: error instanceof SettingError ? error.message : UNREADABLE };
  }
}

/** Checks settings from any source. A message names the environment's setting and the fix. */
export function resolveSettings(settings: PublisherSettings): ResolvedSettings | Disabled {
  try {
    return resolve(settings);
  } catch (error) {
    return { disabled: error instanceof SettingError ? error.message : UNREADABLE };
  }
}

function resolve(settings: PublisherSettings): ResolvedSettings | Disabled {
  const endpoint = endpointOf(settings.endpoint);
  check(
    NODE_ID.test(settings.nodeId),
    'OPENCLAW_NODE_ID',
    'must be 1 to 64 of A-Z a-z 0-9 . _ - and start with a letter or a digit'
  );
  const files = {
    OPENCLAW_CA_FILE: settings.caFile,
    OPENCLAW_CERT_FILE: settings.certFile,
    OPENCLAW_KEY_FILE: settings.keyFile,
  };
  for (const [name, path] of Object.entries(files)) {
    check(
      typeof path === 'string' && path !== '',
      name,
      'must be the path of a PEM file; enrolment writes it to node.env'
    );
  }
  const serverPins = settings.serverPins ?? [];
  check(
    settings.serverPins?.length !== 0 && serverPins.every((pin) => PIN.test(pin)),
    'OPENCLAW_SERVER_PIN',
    'must be pins such as sha256/<44 characters of base64>, separated by commas; leave it out to trust any key of the CA'
  );
  const tokenMode = settings.tokenMode ?? (settings.tokenFile === undefined ? 'sign' : 'file');
  check(TOKEN_MODES.includes(tokenMode), 'OPENCLAW_TOKEN_MODE', `must be one of ${TOKEN_MODES.join(', ')}`);
  check(
    tokenMode !== 'file' || Boolean(settings.tokenFile),
    'OPENCLAW_TOKEN_FILE',
    'must be set while OPENCLAW_TOKEN_MODE is file'
  );
  const timings = settings.timings ?? 'production';
  check(PROFILES.includes(timings), 'OPENCLAW_TIMINGS', `must be one of ${PROFILES.join(', ')}`);
  check(
    timings === 'production' || isLoopback(endpoint.hostname),
    'OPENCLAW_TIMINGS',
    'may be demo only while OPENCLAW_ENDPOINT is on loopback; remove it or set it to production'
  );
  const intervalSeconds = settings.intervalSeconds ?? 60;
  check(within(intervalSeconds, 30, 120), 'OPENCLAW_INTERVAL_SECONDS', 'must be a number from 30 to 120');
  const rolloutPercent = settings.rolloutPercent ?? 100;
  check(within(rolloutPercent, 0, 100), 'OPENCLAW_ROLLOUT_PERCENT', 'must be a number from 0 to 100');
  const { queueThreshold } = settings;
  check(
    queueThreshold === undefined || within(queueThreshold, 0, Number.MAX_SAFE_INTEGER),
    'OPENCLAW_QUEUE_THRESHOLD',
    'must be a number from 0 up'
  );
  const bufferSize = settings.bufferSize ?? 10;
  check(
    within(bufferSize, 0, 1000) && Number.isInteger(bufferSize),
    'OPENCLAW_BUFFER_SIZE',
    'must be a whole number from 0 to 1000'
  );
  const { hostname, version, tags = [] } = settings;
  check(isLabel(hostname ?? 'host', 253), 'OPENCLAW_HOSTNAME', 'must be a text of 1 to 253 printable characters');
  check(isLabel(version ?? '1', 128), 'OPENCLAW_VERSION', 'must be a text of 1 to 128 printable characters');
  check(
    tags.length <= 64 && tags.every((tag) => isLabel(tag, 128)),
    'OPENCLAW_TAGS',
    'must be at most 64 tags of 1 to 128 printable characters, separated by commas'
  );
  if (!isInRollout(settings.nodeId, rolloutPercent)) {
    return { disabled: `this node is not among the ${rolloutPercent} % of OPENCLAW_ROLLOUT_PERCENT`, byChoice: true };
  }
  return {
    ...settings,
    endpoint,
    serverPins,
    tokenMode,
    tokenAudience: settings.tokenAudience ?? 'openclaw-fleet',
    signPayload: settings.signPayload ?? false,
    intervalSeconds,
    rolloutPercent,
    bufferSize,
    tags,
    timings,
    clientTimings: CLIENT_TIMINGS[timings],
    interval: (intervalSeconds * 1000) / (timings === 'demo' ? DEMO_SPEED : 1),
  };
}

function endpointOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  check(url !== null, 'OPENCLAW_ENDPOINT', 'must be an address such as https://collector.example:8443');
  check(
    url.protocol === 'https:',
    'OPENCLAW_ENDPOINT',
    'must begin with https://; heartbeats are never sent in the clear'
  );
  check(
    url.username === '' && url.password === '',
    'OPENCLAW_ENDPOINT',
    'must not hold a user or a password; tokens have settings of their own'
  );
  check(url.search === '' && url.hash === '', 'OPENCLAW_ENDPOINT', 'must not have a query or a fragment');
  if (url.pathname === '/') url.pathname = '/openclaw/availability';
  return url;
}

/** Whether a URL's host is this machine by its very form, without a name lookup. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '');
  return bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'));
}

function within(value: unknown, min: number, max: number): value is number {
  return typeof value === 'number' && value >= min && value <= max;
}

function isLabel(value: unknown, max: number): boolean {
  return typeof value === 'string' && value !== '' && value.length <= max && isPrintable(value);
}

function flag(setting: string, text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined;
  check(text === 'true' || text === 'false', setting, 'must be true or false');
  return text === 'true';
}

/** NaN, which no check lets pass, for what is no plain decimal. */
function numeric(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
}

function list(text: string | undefined): string[] | undefined {
  return text
    ?.split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

function defined<T extends object>(members: T): Defined<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Defined<T>;
}
