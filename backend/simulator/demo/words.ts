import type { FaultKind } from '../faults.ts';
import type { Behaviour } from '../scenario.ts';

const WORDS: Record<FaultKind, string> = {
  silence: 'is killed: sends nothing',
  'clock-skew': 'has a wrong clock',
  replay: 'repeats old heartbeats',
  'duplicate-id': 'runs twice with one identity',
  flapping: 'comes and goes',
  'config-drift': 'runs an edited configuration',
  'job-failures': 'has failing jobs',
  'gateway-hang': 'has a gateway that hangs',
  'beats-stale': 'has a bridge that beats no more',
  'zone-loss': 'is cut off with its zone',
};

/** What the script does to a node now, for a person; empty when nothing. */
export function doingOf(behaviour: Behaviour): string {
  return [...new Set(behaviour.faults)].map((kind) => WORDS[kind]).join('; ');
}

/** Where one real gateway runs. */
interface RealPlace {
  readonly name: string;
  readonly url: string;
  readonly pid: number;
  readonly configFile: string;
}

export interface Running {
  readonly intakeUrl: string;
  readonly apiUrl: string;
  /** Null when Prometheus is not there. */
  readonly prometheusUrl: string | null;
  /** Files with an API token each, by role. */
  readonly tokenFiles: Readonly<Record<'viewer' | 'operator' | 'approver', string>>;
  /** Low-risk repairs begin by themselves. */
  readonly automation: boolean;
  readonly logs: string;
  readonly simulated: number;
  readonly real: readonly RealPlace[];
  readonly scenario: string;
}

/** What runs where, and what to try. Paths are as they can be pasted. */
export function introduction(running: Running): string[] {
  const { intakeUrl, apiUrl, prometheusUrl, tokenFiles, logs, simulated, real, scenario } = running;
  const gateways =
    real.length > 0
      ? ` and ${real.length} real OpenClaw ${real.length === 1 ? 'gateway' : 'gateways'} with bridges`
      : '';
  return [
    '',
    'THIS IS A DEMO: throw-away credentials, and demo timings, 20 times as fast as production (a beat every 3 s).',
    '',
    `  Nodes       ${simulated} simulated${gateways}; ${scenario}`,
    `  Intake      ${intakeUrl}  heartbeats, mutual TLS only`,
    `  API         ${apiUrl}  documentation at ${apiUrl}/docs`,
    prometheusUrl === null
      ? '  Prometheus  is not installed on this machine, so there is none. Install it and start again to see the series.'
      : `  Prometheus  ${prometheusUrl}/graph?g0.expr=openclaw_fleet_targets&g0.tab=1`,
    `  Logs        ${logs}`,
    ...real.map(({ name, url, pid }) => `  ${name.padEnd(10)}  ${url}  real OpenClaw gateway, process ${pid}`),
    '',
    ...trials(real),
    ...repairs(running),
    'The API needs a token. This demo has one of role viewer in a file; try:',
    `  curl -H "Authorization: Bearer $(cat ${tokenFiles.viewer})" ${apiUrl}/fleet/summary`,
    `  curl -N -H "Authorization: Bearer $(cat ${tokenFiles.viewer})" ${apiUrl}/fleet/events`,
    'A real deployment makes its own: npx openclaw-fleet token create --name me --role viewer',
    '',
  ];
}

/** How to repair what the script breaks. */
function repairs({ apiUrl, tokenFiles, automation }: Running): string[] {
  return [
    automation
      ? 'Automation is on: low-risk repairs (config drift, failing jobs, silent bridges) begin by themselves after a while.'
      : 'Nothing is repaired by itself (npm start -- --automation is for that). Repair what misbehaves, as the operator:',
    `  export OPENCLAW_FLEET_URL=${apiUrl} OPENCLAW_FLEET_TOKEN_FILE=${tokenFiles.operator}`,
    '  npx openclaw-fleet reconcile gateway-02 --reason "its gateway hangs"',
    '  npx openclaw-fleet runs',
    'Who asked never approves; what needs an approval is for the other person:',
    `  npx openclaw-fleet approve <run> --reason "seen" --token-file ${tokenFiles.approver}`,
    '',
  ];
}

/** What a person may do to a real gateway to see what the fleet makes of it. */
function trials([first]: readonly RealPlace[]): string[] {
  if (!first) return [];
  return [
    'Try what the fleet makes of it:',
    `  kill -STOP ${first.pid}    it hangs; kill -CONT ${first.pid} lets it go on, or: npx openclaw-fleet reconcile ${first.name} --reason "it hangs"`,
    `  kill -USR2 ${first.pid}    it drains and restarts`,
    `  edit ${first.configFile}    its configuration hash changes`,
    `  kill -KILL ${first.pid}    it dies`,
    '',
  ];
}
