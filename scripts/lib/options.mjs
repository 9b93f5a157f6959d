import { parseArgs } from 'node:util';

const MAX_REAL = 8;
const GATEWAY_PORT = 20_110;
/** OpenClaw takes ports up to 110 over its base for itself. */
const GATEWAY_STEP = 120;
const BRIDGE_PORT = 9464;

export const USAGE = `npm start -- [flags]

  --real[=<n>]                also start n real OpenClaw gateways with bridges (default 1, at most ${MAX_REAL}); installs openclaw on first use
  --automation                low-risk repairs begin by themselves, under every guardrail; without it a person begins each
  --no-table                  a line for each change instead of a table
  --exit-after <s>            stop after it ran for so many seconds
  --port-base <port>          put every port at or after this one
  --intake-port <port>        where nodes send heartbeats (default 8443)
  --api-port <port>           where operators and Prometheus read (default 8080)
  --prometheus-port <port>    (default 9090)
  --alertmanager-port <port>  (default 9093)
  --grafana-port <port>       (default 3000)
  --no-grafana                without Grafana, though it is installed
  --help
`;

/** The command line cannot be followed; the message names the flag and the fix. */
export class UsageError extends Error {
  name = 'UsageError';
}

function whole(flag, text, least, most) {
  const value = Number(text);
  if (!/^\d+$/.test(text ?? '') || value < least || value > most) {
    throw new UsageError(`--${flag} must be a whole number from ${least} to ${most}; it is "${text}".`);
  }
  return value;
}

const PORTS = ['intake_port', 'api_port', 'prometheus_port', 'alertmanager_port', 'grafana_port'];
const SWALLOWED = ['real', 'automation', 'exit_after', 'port_base', ...PORTS];

/** npm takes flags before "--" for itself; they show up in the environment. */
function refuseSwallowed(env) {
  for (const name of SWALLOWED) {
    if (env[`npm_config_${name}`] === undefined) continue;
    throw new UsageError(
      `npm took --${name.replaceAll('_', '-')} for itself. Put "--" before it: npm start -- --${name.replaceAll('_', '-')}`
    );
  }
}

/**
 * Reads the command line of the demo.
 * @throws UsageError
 */
export function parseOptions(args, env = {}) {
  refuseSwallowed(env);
  const port = { type: 'string' };
  let values;
  try {
    ({ values } = parseArgs({
      args: args.map((arg) => (arg === '--real' ? '--real=1' : arg)),
      options: {
        real: { type: 'string', default: '0' },
        automation: { type: 'boolean', default: false },
        'no-table': { type: 'boolean', default: false },
        'exit-after': { type: 'string' },
        'port-base': port,
        'intake-port': port,
        'api-port': port,
        'prometheus-port': port,
        'alertmanager-port': port,
        'grafana-port': port,
        'no-grafana': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }));
  } catch (error) {
    throw new UsageError(`${error.message.split('. ')[0]}. The flags are:\n\n${USAGE}`);
  }
  const real = whole('real', values.real, 0, MAX_REAL);
  const base = values['port-base'] === undefined ? null : whole('port-base', values['port-base'], 1, 64_000);
  const portOf = (flag, fallback, offset) => {
    if (values[flag] !== undefined) return whole(flag, values[flag], 1, 65_535);
    return base === null ? fallback : base + offset;
  };
  const gateways = Array.from({ length: real }, (_, index) => ({
    bridgePort: (base === null ? BRIDGE_PORT : base + 10) + index,
    gatewayPort: (base === null ? GATEWAY_PORT : base + 20) + index * GATEWAY_STEP,
  }));
  return {
    help: values.help,
    automation: values.automation,
    table: !values['no-table'],
    exitAfterSeconds: values['exit-after'] === undefined ? null : whole('exit-after', values['exit-after'], 1, 86_400),
    intakePort: portOf('intake-port', 8443, 0),
    apiPort: portOf('api-port', 8080, 1),
    prometheusPort: portOf('prometheus-port', 9090, 2),
    alertmanagerPort: portOf('alertmanager-port', 9093, 3),
    grafanaPort: portOf('grafana-port', 3000, 4),
    grafana: !values['no-grafana'],
    gateways,
  };
}

/**
 * Every port the demo will listen on, with the flag that moves it.
 * @param stack what is installed, as findStack has it
 */
export function portsOf(options, stack) {
  const parts = [
    ['prometheus', 'Prometheus'],
    ['alertmanager', 'Alertmanager'],
    ...(options.grafana ? [['grafana', 'Grafana']] : []),
  ];
  return [
    { name: 'intake', port: options.intakePort, flag: 'intake-port' },
    { name: 'API', port: options.apiPort, flag: 'api-port' },
    ...parts
      .filter(([part]) => stack[part] !== null)
      .map(([part, name]) => ({ name, port: options[`${part}Port`], flag: `${part}-port` })),
    ...options.gateways.flatMap(({ bridgePort, gatewayPort }, index) => [
      { name: `bridge ${index + 1}`, port: bridgePort, flag: 'port-base' },
      { name: `OpenClaw gateway ${index + 1}`, port: gatewayPort, flag: 'port-base' },
    ]),
  ];
}
