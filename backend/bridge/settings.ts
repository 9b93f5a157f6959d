import { isIP } from 'node:net';
import { isAbsolute } from 'node:path';
import { isLoopback } from '@openclaw-fleet/client';
import { ENVIRONMENTS, GOODBYES, TIMINGS_PROFILES, TRANSPORTS } from '@openclaw-fleet/contract';
import type { Goodbye, TimingsProfile } from '@openclaw-fleet/contract';
import type { BridgeIdentity } from './report.ts';
import { ACTING_SETTINGS, actingSettings, endpoint, isWildcard } from './settings-acting.ts';
import type { ActingSettings } from './settings-acting.ts';

export type { SupervisorSettings } from './settings-acting.ts';

/** The environment's settings of the bridge itself, `OPENCLAW_BRIDGE_*`: what each is for. README.md says more. */
export const BRIDGE_SETTINGS = {
  OPENCLAW_BRIDGE_GATEWAY_URL: 'address of the gateway, on loopback',
  OPENCLAW_BRIDGE_GATEWAY_TOKEN_FILE: 'file with the gateway token, readable by its owner alone',
  OPENCLAW_BRIDGE_LISTEN: 'where /healthz and /metrics are served',
  OPENCLAW_BRIDGE_ALLOW_REMOTE_LISTEN: 'true lets OPENCLAW_BRIDGE_LISTEN leave loopback',
  OPENCLAW_BRIDGE_METRICS_ADDRESS: 'the address of /metrics, as Prometheus reaches it',
  OPENCLAW_BRIDGE_STATE_DIR: "the bridge's own folder",
  OPENCLAW_BRIDGE_TRANSPORT: 'how the collector is reached',
  OPENCLAW_BRIDGE_ENVIRONMENT: 'where the gateway runs',
  OPENCLAW_BRIDGE_NAME: 'name shown as the host name',
  OPENCLAW_BRIDGE_GOODBYE: 'what a stop is called',
  ...ACTING_SETTINGS,
} as const;
type SettingName = keyof typeof BRIDGE_SETTINGS;

export interface BridgeSettings extends ActingSettings {
  readonly gatewayUrl: URL;
  /** Null: only probes are read. */
  readonly gatewayTokenFile: string | null;
  readonly listen: { readonly host: string; readonly port: number };
  /** Told to the collector, for Prometheus; a port of 0 is the one that the listener got. Null: where it listens, if that leads here. */
  readonly metricsAddress: { readonly host: string; readonly port: number } | null;
  /** For what outlives a restart: the configuration revision that the bridge was told. Null: nothing does. */
  readonly stateDir: string | null;
  /** Pins of the collector's key for what nodes are to do; empty: nothing it signs is taken. */
  readonly actionsPins: readonly string[];
  readonly identity: Omit<BridgeIdentity, 'version'>;
  readonly goodbye: Goodbye;
  readonly timings: TimingsProfile;
}

/** A setting is bad; the message names each of them, and what to write instead. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the settings of the bridge; an empty value is an absent one.
 * @throws SettingsError for a bad one, and for an `OPENCLAW_BRIDGE_*` that there is not
 */
export function settingsFromEnv(env: Environment): BridgeSettings {
  const problems = unknownSettings(env);
  const reader = createReader(env, problems);
  const get = (name: SettingName | 'OPENCLAW_TIMINGS' | 'OPENCLAW_ACTIONS_PIN'): string | undefined =>
    env[name]?.trim() || undefined;
  const name = get('OPENCLAW_BRIDGE_NAME');
  if (name !== undefined && name.length > 253) problems.push('OPENCLAW_BRIDGE_NAME must have at most 253 characters');
  const environment = reader.choice('OPENCLAW_BRIDGE_ENVIRONMENT', ENVIRONMENTS);
  const transport = reader.choice('OPENCLAW_BRIDGE_TRANSPORT', TRANSPORTS) ?? 'direct_https';
  const stateDir = reader.path('OPENCLAW_BRIDGE_STATE_DIR');
  const actionsPins = pins(get('OPENCLAW_ACTIONS_PIN'), 'OPENCLAW_ACTIONS_PIN', problems);
  const settings: BridgeSettings = {
    gatewayUrl: gatewayUrl(get('OPENCLAW_BRIDGE_GATEWAY_URL') ?? 'http://127.0.0.1:18789', problems),
    gatewayTokenFile: reader.path('OPENCLAW_BRIDGE_GATEWAY_TOKEN_FILE'),
    listen: listenAddress(
      get('OPENCLAW_BRIDGE_LISTEN') ?? '127.0.0.1:9464',
      reader.choice('OPENCLAW_BRIDGE_ALLOW_REMOTE_LISTEN', ['true', 'false'] as const) === 'true',
      problems
    ),
    metricsAddress: metricsAddress(get('OPENCLAW_BRIDGE_METRICS_ADDRESS'), problems),
    stateDir,
    actionsPins,
    ...actingSettings(
      env,
      {
        stateDir,
        actionsPins,
        pins: (pinned) => pins(env[pinned]?.trim(), pinned, problems),
        tunnelled: transport !== 'direct_https',
      },
      problems
    ),
    identity: {
      ...(name !== undefined && { name }),
      transport,
      ...(environment !== undefined && { environment }),
    },
    goodbye: reader.choice('OPENCLAW_BRIDGE_GOODBYE', GOODBYES) ?? 'shutdown',
    timings: reader.choice('OPENCLAW_TIMINGS', TIMINGS_PROFILES) ?? 'production',
  };
  if (problems.length > 0) throw new SettingsError(problems.join('\n'));
  return settings;
}

function createReader(env: Environment, problems: string[]) {
  return {
    choice: <T extends string>(name: string, values: readonly T[]): T | undefined => {
      const given = env[name]?.trim();
      if (given === undefined || given === '') return undefined;
      const value = values.find((candidate) => candidate === given);
      if (value === undefined) problems.push(`${name} must be one of ${values.join(', ')}`);
      return value;
    },
    path: (name: SettingName): string | null => {
      const given = env[name]?.trim();
      if (given === undefined || given === '') return null;
      if (!isAbsolute(given)) problems.push(`${name} must be an absolute path; it begins with /`);
      return given;
    },
  };
}

function pins(given: string | undefined, setting: string, problems: string[]): string[] {
  const found = (given ?? '')
    .split(',')
    .map((pin) => pin.trim())
    .filter((pin) => pin !== '');
  if (!found.every((pin) => /^sha256\/[A-Za-z0-9+/]{43}=$/.test(pin))) {
    problems.push(`${setting} must be pins such as sha256/<44 characters of base64>, separated by commas`);
  }
  return found;
}

function gatewayUrl(given: string, problems: string[]): URL {
  const url = URL.canParse(given) ? new URL(given) : null;
  const bare = url?.protocol === 'http:' && url.pathname === '/' && url.search === '' && url.username === '';
  if (url === null || !bare) {
    problems.push('OPENCLAW_BRIDGE_GATEWAY_URL must be an address such as http://127.0.0.1:18789');
  } else if (!isLoopback(url.hostname)) {
    problems.push(
      'OPENCLAW_BRIDGE_GATEWAY_URL must be on loopback: the gateway token crosses it in the clear; run the bridge beside its gateway'
    );
  }
  return url ?? new URL('http://127.0.0.1');
}

function listenAddress(given: string, remoteAllowed: boolean, problems: string[]): BridgeSettings['listen'] {
  const address = endpoint(given);
  const host = address?.host ?? '';
  if (address === null) {
    problems.push('OPENCLAW_BRIDGE_LISTEN must be an address and a port such as 127.0.0.1:9464 or [::1]:9464');
  } else if (!remoteAllowed && !isLoopback(host)) {
    problems.push(
      `OPENCLAW_BRIDGE_LISTEN is not on loopback (${host}), where /metrics would be open to the network; ` +
        'use 127.0.0.1, or set OPENCLAW_BRIDGE_ALLOW_REMOTE_LISTEN=true when a firewall guards it'
    );
  }
  return { host, port: address?.port ?? 0 };
}

function metricsAddress(given: string | undefined, problems: string[]): BridgeSettings['metricsAddress'] {
  if (given === undefined) return null;
  const address = endpoint(given);
  if (address !== null && isIP(address.host) !== 0 && !isWildcard(address.host)) return address;
  problems.push('OPENCLAW_BRIDGE_METRICS_ADDRESS must be an IP address and a port such as 10.0.0.7:9464');
  return null;
}

function unknownSettings(env: Environment): string[] {
  const known = Object.keys(BRIDGE_SETTINGS);
  return Object.keys(env)
    .filter((name) => name.startsWith('OPENCLAW_BRIDGE_') && !known.includes(name))
    .map((name) => `${name} is no setting of the bridge; there are ${known.join(', ')}`);
}
