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

/** What of the stack runs, where, and what does not. */
interface RunningStack {
  readonly grafanaUrl: string | null;
  readonly prometheusUrl: string | null;
  readonly alertmanagerUrl: string | null;
  readonly missing: readonly { readonly name: string; readonly why: string }[];
}

export interface Running {
  readonly intakeUrl: string;
  readonly apiUrl: string;
  readonly stack: RunningStack;
  /** Who can log in to Grafana. */
  readonly accounts: readonly { readonly login: string; readonly password: string }[];
  /** Files with an API token each, by role. */
  readonly tokenFiles: Readonly<Record<'viewer' | 'operator' | 'approver', string>>;
  /** Low-risk repairs begin by themselves. */
  readonly automation: boolean;
  readonly logs: string;
  readonly simulated: number;
  readonly real: readonly RealPlace[];
  readonly scenario: string;
}

const DOES: Readonly<Record<string, string>> = {
  vera: 'looks',
  otto: 'asks for repairs',
  ada: 'approves them',
};

/** The first gateway that the script of the demo breaks, some seconds after its start. */
const FIRST = 'gateway-02';

/** A line of the table of addresses. */
const row = (name: string, text: string): string => `  ${name.padEnd(12)}  ${text}`;

/** What runs where, and what to try, in lines of at most 100 characters but for paths. Paths are as they can be pasted. */
export function introduction(running: Running): string[] {
  const { intakeUrl, apiUrl, stack, logs, simulated, real, scenario } = running;
  const gateways =
    real.length > 0
      ? ` and ${real.length} real OpenClaw ${real.length === 1 ? 'gateway' : 'gateways'} with bridges`
      : '';
  return [
    '',
    'THIS IS A DEMO: throw-away credentials, and everything is 20 times as fast as in production.',
    '',
    ...addresses(running),
    row('API', `${apiUrl}/docs`),
    row('Intake', `${intakeUrl}  heartbeats, mutual TLS only`),
    row('Nodes', `${simulated} simulated${gateways};`),
    row('', scenario),
    ...real.map(({ name, url, pid }) => row(name, `${url}  real OpenClaw gateway, process ${pid}`)),
    row('Logs', logs),
    ...(stack.missing.length > 0 ? ['', 'Not here, and the rest runs without:'] : []),
    ...stack.missing.map(({ name, why }) => row(name, why)),
    '',
    ...trials(real),
    ...tour(running),
    ...atACommandLine(running),
    '',
  ];
}

function addresses({ stack, accounts }: Running): string[] {
  const { grafanaUrl, prometheusUrl, alertmanagerUrl } = stack;
  const log = accounts.map(({ login, password }) =>
    row('', `log in as  ${login.padEnd(4)}  ${password}  who ${DOES[login] ?? ''}`)
  );
  return [
    ...(grafanaUrl === null ? [] : [row('Grafana', `${grafanaUrl}/a/openclaw-fleet-app/fleet`), ...log]),
    ...(grafanaUrl === null || prometheusUrl === null ? [] : [row('Dashboards', `${grafanaUrl}/dashboards`)]),
    ...(prometheusUrl === null ? [] : [row('Prometheus', `${prometheusUrl}/alerts`)]),
    ...(alertmanagerUrl === null ? [] : [row('Alertmanager', alertmanagerUrl)]),
  ];
}

/** The life of one fault, from the alert to the end of its repair. */
function tour({ stack, automation }: Running): string[] {
  const { grafanaUrl, prometheusUrl, alertmanagerUrl } = stack;
  if (grafanaUrl === null) return [];
  const steps = [
    `The script breaks gateways in turn, ${FIRST} first: it hangs. The fleet page shows it.`,
    ...(prometheusUrl === null
      ? []
      : [`Within a minute an alert fires: see Prometheus${alertmanagerUrl === null ? '' : ', and Alertmanager'}.`]),
    automation
      ? 'Automation is on: low-risk repairs begin by themselves after a while.'
      : `As otto, select ${FIRST} on the fleet page, "Repair selected", and ask for approval.`,
    'As ada, in another browser or a private window, approve it: who asked never approves.',
    'The run shows each step with its evidence. Its alerts are silenced meanwhile, and end with it.',
  ];
  return ['Try this:', ...steps.map((step, index) => `  ${index + 1}. ${step}`), ''];
}

/** How to do the same without Grafana. */
function atACommandLine({ apiUrl, tokenFiles, automation }: Running): string[] {
  return [
    automation
      ? 'At a command line (automation is on: low-risk repairs begin by themselves after a while):'
      : 'At a command line (nothing is repaired by itself; npm start -- --automation is for that):',
    `  export OPENCLAW_FLEET_URL=${apiUrl} OPENCLAW_FLEET_TOKEN_FILE=${tokenFiles.operator}`,
    '  npx openclaw-fleet targets --sort score',
    `  npx openclaw-fleet reconcile ${FIRST} --reason "its gateway hangs"`,
    `  npx openclaw-fleet approve <run> --reason "seen" --token-file ${tokenFiles.approver}`,
    `  curl -H "Authorization: Bearer $(cat ${tokenFiles.viewer})" ${apiUrl}/fleet/summary`,
  ];
}

/** What a person may do to a real gateway to see what the fleet makes of it. */
function trials([first]: readonly RealPlace[]): string[] {
  if (!first) return [];
  return [
    `Break ${first.name} yourself:`,
    `  kill -STOP ${first.pid}    it hangs; kill -CONT ${first.pid} lets it go on, or a repair`,
    `  kill -USR2 ${first.pid}    it drains and restarts`,
    `  edit ${first.configFile}    its configuration hash changes`,
    `  kill -KILL ${first.pid}    it dies`,
    '',
  ];
}
