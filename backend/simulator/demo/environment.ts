import { join } from 'node:path';
import { RUN_VARIABLE } from '../../../scripts/lib/leftovers.mjs';

/** Where one demo keeps everything: credentials, data, logs. Removed when it ends. */
export interface Places {
  /** The repository. */
  readonly root: string;
  /** The demo's own folder. */
  readonly folder: string;
}

const KEPT = [
  'PATH',
  'HOME',
  'TMPDIR',
  'TERM',
  'LANG',
  'LC_ALL',
  'TZ',
  'NO_COLOR',
  'HTTPS_PROXY',
  'HTTP_PROXY',
  'NO_PROXY',
  'SYSTEMROOT',
];

/**
 * What every process of the demo gets: a person's own OPENCLAW_* settings must not reach it.
 * @param own the person's environment
 */
export function baseEnvironment(
  own: Readonly<Record<string, string | undefined>>,
  { folder }: Places
): Record<string, string> {
  const kept = KEPT.flatMap((name) => {
    const value = own[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(kept), [RUN_VARIABLE]: folder };
}

/** The settings of the demo's collector, for it and for the command line. */
export function collectorSettings(
  { folder }: Places,
  options: {
    intakePort: number;
    apiPort: number;
    automation: boolean;
    gateways: readonly { readonly bridgePort: number }[];
  }
): Record<string, string> {
  const bridges = options.gateways.map(({ bridgePort }) => bridgePort);
  return {
    OPENCLAW_FLEET_TIMINGS: 'demo',
    OPENCLAW_FLEET_DATA_DIR: join(folder, 'data'),
    OPENCLAW_FLEET_PKI_DIR: join(folder, 'pki'),
    OPENCLAW_FLEET_INTAKE_HOST: '127.0.0.1',
    OPENCLAW_FLEET_INTAKE_PORT: String(options.intakePort),
    OPENCLAW_FLEET_API_HOST: '127.0.0.1',
    OPENCLAW_FLEET_API_PORT: String(options.apiPort),
    OPENCLAW_FLEET_METRICS_PER_TARGET: 'full',
    // Prometheus finds the bridges by the collector.
    ...(bridges.length > 0 && {
      OPENCLAW_FLEET_BRIDGES_METRICS_PORTS: `${Math.min(...bridges)}-${Math.max(...bridges)}`,
    }),
    ...(options.automation && { SMART_FLEET_AUTOMATION_ENABLED: 'true' }),
  };
}
