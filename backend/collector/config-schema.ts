import { isIP } from 'node:net';
import { nodeIdSchema, policySpecSchema, TIMINGS, TIMINGS_PROFILES, type Timings } from '@openclaw-fleet/contract';
import { z } from 'zod';
import { isHost, parseHostPort, parseNetwork, parsePorts } from './config-address.ts';

/**
 * What a setting is for. `path`: resolved to an absolute path. `fallback`: its default in words, where there is no one
 * value. `alias`: another variable it is read from, under the name that a seed gave it.
 */
export type About = {
  readonly about: string;
  readonly unit?: string;
  readonly path?: true;
  readonly fallback?: string;
  readonly alias?: string;
};

const about = (text: string, unit?: string): About => ({ about: text, ...(unit === undefined ? {} : { unit }) });
const file = (text: string): About => ({ about: text, path: true });

const host = z.string('must be text').min(1, 'must be an address to listen on, such as 127.0.0.1');
const port = z
  .int('must be a port, 0 to 65535')
  .min(0, 'must be a port, 0 to 65535')
  .max(65_535, 'must be a port, 0 to 65535');
const text = z.string('must be text').min(1, 'must not be empty');
const whole = (least: number, most: number) => {
  const message = `must be a whole number, ${least} to ${most}`;
  return z.int(message).min(least, message).max(most, message);
};
const flag = z.boolean('must be true or false');
const httpsUrl = z
  .string('must be text')
  .refine(isHttps, 'must be an address that starts with https:// and carries no user or password');

function isHttps(value: string): boolean {
  const url = URL.parse(value);
  return url?.protocol === 'https:' && url.username === '' && url.password === '';
}

/** https, or http to this machine: over a network, plain http would let somebody between answer, and read what we send. */
function isRootUrl(value: string): boolean {
  const url = URL.parse(value);
  if (url === null || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname.replace(/^\[|\]$/g, '')));
}

function isVersion(value: string): boolean {
  return policySpecSchema.shape.minimumBridgeVersion.safeParse(value).success;
}

function isRegExp(pattern: string): boolean {
  try {
    return new RegExp(pattern).source !== '';
  } catch {
    return false;
  }
}

const issuer = z
  .strictObject({
    issuer: text,
    jwksFile: text.optional(),
    jwksUrl: httpsUrl.optional(),
    claim: text.default('sub'),
    ids: z
      .array(z.string('must be text').refine(isRegExp, 'must be a regular expression'))
      .min(1, 'must name at least one id; "ids: [\\".*\\"]" allows every id'),
  })
  .refine(
    (one) => (one.jwksFile === undefined) !== (one.jwksUrl === undefined),
    'must have either jwksFile or jwksUrl, and not both'
  );

/** Somebody else who may sign nodes' tokens. `ids`: regular expressions, anchored at both ends, of the ids it may speak for. */
export type IssuerSettings = z.infer<typeof issuer>;

const DURATIONS: Record<keyof Timings, string> = {
  beat: 'Interval between two heartbeats that nodes are told',
  beatMin: 'Shortest interval a node may be judged by',
  beatMax: 'Longest interval a node may be judged by',
  grace: 'Taken off the age of a heartbeat before it is judged',
  futureLimit: 'How far ahead of our clock a heartbeat may be dated',
  setBackGap: 'Two superseded heartbeats this far apart show a clock that was set back',
  replayWindow: 'Window of the allowance for replays and duplicates',
  probe: 'How often a bridge probes its gateway',
  expectedWindow: 'A node that reported within this is expected',
  blindHold: 'How long almost nobody must be online before the fleet is judged blind',
  canary: "Between two of the collector's own heartbeats to itself",
  zoneHold: 'How long the nodes of a zone that turned partial or full wait before they expire',
  noExpiryAfterStart: 'Nothing expires for this long after a start',
  noAutomationAfterStart: 'Nothing is repaired automatically for this long after a start',
  noVerdictAfterStart: 'No verdict is given for this long after a start',
  restartWindow: 'Three starts within this raise an alert',
  flapWindow: 'Window in which a node is watched for flapping',
  goodbyeRestart: 'How long a node that said it restarts counts as stopped',
  inactiveAfter: 'Age at which a node counts as inactive',
  retireAfter: 'Age at which an inactive node is retired',
  eventRetention: 'How long the event log is kept',
  convergence: 'How long a gateway may take to run a new configuration revision before a difference is drift',
  configDriftMajorAfter: 'A configuration that differs for longer is major drift',
  runtimeDriftCriticalAfter: 'A gateway in error for longer is critical drift',
  historyRetention: 'How long scores, drift, violations and timelines are kept',
  approvalExpiry: 'An approval must come within this of the request',
  executionExpiry: 'A repair must begin within this of its approval, or of the end of the backoff that it waits for',
  retryWindow: 'Retries may use an unchanged plan for this long after its approval',
  firstAttemptAfter: 'A fault must be this old before it is repaired automatically',
  attemptBackoff: 'Between the end of an attempt and the next one, and before an unreachable target is asked again',
  attemptWindow: 'Window in which attempts on one fault are counted',
  verifyClear: 'How long a condition must stay clear before its repair has succeeded',
  blastWindow: 'Window in which targets that became expired or critical hold automation back',
  expiryActAfter: 'A target that fell silent is acted on after this long at the least',
  partialPace: 'In a partial zone of more than 50 targets one automatic repair may begin in this time',
  restartGap: 'A bridge restarts its gateway at most once in this time',
  restartHour: 'A bridge restarts its gateway at most three times in this time',
  resumeSoak: 'How long a resumed job is watched before the next one is resumed',
  gatewayStart: 'How long a gateway may take to start',
  actionValidity: 'How long a signed request to a bridge is good for',
  runRetention: 'How long repairs and their evidence are kept',
  silence: 'How long a silence in Alertmanager lasts unless it is renewed, so at most after a crash',
};

const duration = (name: keyof Timings) =>
  z
    .number('must be a number of seconds')
    .positive('must be more than 0 seconds')
    .max(10 * 365 * 86_400, 'must be at most ten years, in seconds')
    .optional()
    .meta({
      ...about(`${DURATIONS[name]}.`, 's'),
      fallback: `${TIMINGS.production[name] / 1000} (demo: ${TIMINGS.demo[name] / 1000})`,
    });

const durations = Object.fromEntries(
  Object.keys(DURATIONS).map((name) => [name, duration(name as keyof Timings)])
) as Record<keyof Timings, ReturnType<typeof duration>>;

const group = <Shape extends z.ZodRawShape>(shape: Shape) => z.strictObject(shape).prefault({} as never);

/** Every setting of the collector. Keys in the file are the paths in here; `loadConfig` derives the variables from them. */
export const settings = z.strictObject({
  timings: z
    .enum(TIMINGS_PROFILES, 'must be production or demo')
    .default('production')
    .meta(
      about(
        'The profile of all durations. `demo` is twenty times as fast and is refused unless everything listens on loopback.'
      )
    ),
  dataDir: text.default('.openclaw-fleet/data').meta(file('Folder of the database `fleet.db`.')),
  pkiDir: text.default('.openclaw-fleet/pki').meta(file('Folder of the authority, the certificates and the keys.')),
  intake: group({
    host: host
      .default('0.0.0.0')
      .meta(about('Address at which nodes are heard (TLS with client certificates, always).')),
    port: port.default(8443).meta(about('Port at which nodes are heard; 0 takes a free one.')),
    publicUrl: httpsUrl.optional().meta({
      ...about('Address under which nodes reach the intake; `enroll` writes it into `node.env`.'),
      fallback: 'https://localhost:<intake.port>',
    }),
    audience: text.default('openclaw-fleet').meta(about("What the `aud` of a node's token must be.")),
    requireSignature: flag.default(false).meta(about('Refuse every heartbeat without a payload signature.')),
    requireEnrolment: flag
      .default(true)
      .meta(
        about(
          'Refuse nodes that are not enrolled here, even with a certificate of the authority. Turning it off leaves revocation as the only way to lock a node out.'
        )
      ),
    issuers: z
      .array(issuer)
      .max(32, 'must be at most 32 issuers')
      .default([])
      .meta(
        about(
          "Others who may sign nodes' tokens, each `{ issuer, jwksFile or jwksUrl, claim (default sub), ids }`; `ids` are regular expressions of the whole id. In a variable: JSON."
        )
      ),
    rateLimit: group({
      perInterval: z
        .number()
        .positive('must be more than 0')
        .default(2)
        .meta(about('Heartbeats a node may send in one interval.', 'heartbeats')),
      burst: whole(1, 1_000_000).default(3).meta(about('Heartbeats a node may send at once.', 'heartbeats')),
      replays: whole(1, 1_000_000)
        .default(20)
        .meta(about('Replays and duplicates a node may send in `durations.replayWindow`.', 'heartbeats')),
    }),
    maxInFlight: whole(1, 1_000_000)
      .default(4096)
      .meta(about('Heartbeats taken at once; beyond, 503 with Retry-After.', 'heartbeats')),
    maxConnections: whole(1, 10_000_000)
      .default(110_000)
      .meta(
        about('Connections kept at once; beyond, new ones are closed. Needs as many file descriptors.', 'connections')
      ),
    bodyTimeout: whole(1, 600).default(10).meta(about('How long a request may take to arrive.', 's')),
  }),
  storage: group({
    linger: whole(0, 1000).default(5).meta(about('How long a heartbeat waits for others to share its commit.', 'ms')),
    busyTimeout: whole(0, 600_000)
      .default(5000)
      .meta(about('How long a write waits while another process writes.', 'ms')),
  }),
  api: group({
    host: host.default('127.0.0.1').meta(about('Address at which operators, routers and Prometheus are heard.')),
    port: port
      .default(8080)
      .meta(about('Port at which operators, routers and Prometheus are heard; 0 takes a free one.')),
    tls: group({
      certFile: text
        .optional()
        .meta(file('Certificate chain of the API, PEM. Required unless `api.host` is loopback.')),
      keyFile: text.optional().meta(file('Private key of the API, PEM, readable by its owner alone.')),
    }),
  }),
  smartFleet: group({
    enabled: flag.default(true).meta({
      ...about(
        'Serve `/fleet/*` and tell events. Off, these addresses answer 404, no event is told and nothing is repaired automatically; heartbeats are taken, and `/openclaw/availability` and `/metrics` stay.'
      ),
      alias: 'SMART_FLEET_V2_ENABLED',
    }),
    maxSyncLagMs: whole(1000, 86_400_000)
      .optional()
      .meta({
        ...about('How old the last state read from a gateway may be where no profile names a limit.', 'ms'),
        fallback: '2 x durations.beat',
        alias: 'SMART_FLEET_MAX_SYNC_LAG_MS',
      }),
    minBridgeVersion: text
      .refine(isVersion, 'must be a version such as 1.4.0 or 2026.9.6')
      .optional()
      .meta({
        ...about('The least bridge version where no profile names one; below it is critical drift.'),
        alias: 'SMART_FLEET_MIN_BRIDGE_VERSION',
      }),
  }),
  automation: group({
    enabled: flag.default(false).meta({
      ...about(
        'Let low-risk repairs begin by themselves on targets whose profile says ApplyAndAutoCorrect, under every guardrail; docs/safety.md lists them.'
      ),
      alias: 'SMART_FLEET_AUTOMATION_ENABLED',
    }),
    percent: z
      .number('must be a percentage, 0 to 100')
      .min(0, 'must be a percentage, 0 to 100')
      .max(100, 'must be a percentage, 0 to 100')
      .default(100)
      .meta({
        ...about('Share of targets that automation may act on, the same ones every time: by their ids.', '%'),
        alias: 'SMART_FLEET_AUTOMATION_PERCENT',
      }),
    runbookUrl: httpsUrl.optional().meta({
      ...about(
        'Where docs/repairs.md is read: the evidence of a repair that a person must finish links to a part of it.'
      ),
      fallback: 'docs/repairs.md',
    }),
  }),
  bridges: group({
    addresses: z
      .record(
        nodeIdSchema,
        z
          .string('must be text')
          .refine(
            (value) => parseHostPort(value) !== null,
            'must be host:port, such as 10.0.0.7:9465 or [fd00::7]:9465'
          ),
        'must be addresses by node id, such as { n1: "10.0.0.7:9465" }'
      )
      .default({})
      .meta(
        about(
          'Where doors of bridges are reached, by node id, each `host:port`: beats what the node reports. In a variable: JSON.'
        )
      ),
    networks: z
      .array(
        z
          .string('must be text')
          .refine((value) => parseNetwork(value) !== null, 'must be a network such as 10.0.0.0/8 or fd00::/8')
      )
      .max(256, 'must be at most 256 networks')
      .default(['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '::1/128', 'fc00::/7'])
      .meta(
        about(
          'Networks in which an address that a node reports is gone to; outside of them, and to names, never. In a variable: JSON.'
        )
      ),
    tunnelHost: z
      .string('must be text')
      .refine(isHost, 'must be a host name or an IP address, such as 127.0.0.1')
      .default('127.0.0.1')
      .meta(about('Host on which the ends of bridges’ reverse tunnels listen (docs/transports.md).')),
    metricsPorts: z
      .string('must be text')
      .refine((value) => parsePorts(value) !== null, 'must be a range of ports such as 9464-9563, or one port')
      .default('9464-9563')
      .meta(
        about(
          'Ports at which Prometheus may be told to read metrics that a bridge reports, within `bridges.networks` (docs/transports.md).'
        )
      ),
    timeout: whole(1, 60).default(10).meta(about('How long a bridge may take to answer one request.', 's')),
  }),
  policies: group({
    dir: text
      .optional()
      .meta(
        file(
          'Folder of policies as code, one YAML file each: applied on start and on change, and read-only in the API; docs/policies.md says how.'
        )
      ),
  }),
  grafana: group({
    url: z
      .string('must be text')
      .refine(
        isRootUrl,
        'must be the root address of Grafana, https:// (http:// on this machine alone), without user, password, query or fragment'
      )
      .optional()
      .meta(
        about(
          'Where the collector reaches Grafana, to read the keys of its ID tokens. With `grafana.secretFile`, people act through the app in Grafana as themselves; without, API tokens alone are heard.'
        )
      ),
    issuer: text.optional().meta({
      ...about("The `iss` of Grafana's ID tokens: its root URL as Grafana itself knows it, with the last slash."),
      fallback: '<grafana.url>, with a last slash',
    }),
    audience: text
      .default('org:1')
      .meta(about("The `aud` of Grafana's ID tokens: the organisation whose people may act here.")),
    secretFile: text
      .optional()
      .meta(
        file(
          'Shared secret that the app in Grafana sends, 32 characters or more, readable by its owner alone and read anew when it changes. Several lines are several secrets, so that one can be rotated.'
        )
      ),
    caFile: text
      .optional()
      .meta(file("Authority of Grafana's certificate, PEM, where it is none that the system trusts.")),
  }),
  alertmanager: group({
    url: z
      .preprocess(
        (value) => (typeof value === 'string' ? value.split(',').map((one) => one.trim()) : value),
        z
          .array(
            z
              .string('must be text')
              .refine(
                isRootUrl,
                'must be the root address of Alertmanager, https:// (http:// on this machine alone), without user, password, query or fragment'
              ),
            'must be the root address of Alertmanager, or several, separated by commas'
          )
          .min(1, 'must name at least one address, or be unset')
          .max(8, 'must be at most 8 addresses')
      )
      .optional()
      .meta(
        about(
          'Where Alertmanager is reached, to silence symptoms of a target while a repair acts on it (docs/repairs.md). Several are one cluster: the first that answers is used. Without it nothing is silenced.'
        )
      ),
    tokenFile: text
      .optional()
      .meta(file('Bearer token that Alertmanager takes, readable by its owner alone and read anew with each use.')),
    caFile: text
      .optional()
      .meta(file("Authority of Alertmanager's certificate, PEM, where it is none that the system trusts.")),
  }),
  credentials: group({
    authorityDays: whole(1, 36_500).default(3650).meta(about('Life of the authority that `pki init` creates.', 'days')),
    collectorDays: whole(1, 825).default(90).meta(about("Life of the collector's own certificates.", 'days')),
    nodeDays: whole(1, 825).default(90).meta(about("Life of nodes' certificates.", 'days')),
    checkInterval: whole(1, 3600)
      .default(1)
      .meta(about('How often the collector looks for new enrolments, revocations and tokens.', 's')),
  }),
  metrics: group({
    perTarget: z
      .enum(['off', 'core', 'full'], 'must be off, core or full')
      .default('core')
      .meta(about('Which series there are for each node. Those of the fleet are always there.')),
  }),
  logging: group({
    level: z
      .enum(
        ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
        'must be fatal, error, warn, info, debug, trace or silent'
      )
      .default('info')
      .meta(about('What is logged: this level and above.')),
  }),
  shutdown: group({
    deadline: whole(1, 600).default(10).meta(about('How long a stop may take before what is still open is cut.', 's')),
  }),
  durations: group(durations),
});

/** The settings as parsed; `durations` in seconds where written. */
export type Settings = z.output<typeof settings>;

export interface CrossProblem {
  readonly path: readonly string[];
  readonly value?: string;
  readonly message: string;
}

/** Only this machine can reach what listens there. */
export function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || (isIP(address) === 4 && address.startsWith('127.'));
}

/** Rules over more than one setting. */
export function crossChecks(config: Settings): CrossProblem[] {
  const { api, intake } = config;
  const found: CrossProblem[] = [];
  if (config.timings === 'demo') {
    for (const [name, { host: address }] of Object.entries({ intake, api })) {
      if (isLoopback(address)) continue;
      found.push({
        path: [name, 'host'],
        value: address,
        message:
          'timings demo is refused unless everything listens on loopback: set it to 127.0.0.1, or timings to production',
      });
    }
  }
  const { certFile, keyFile } = api.tls;
  if ((certFile === undefined) !== (keyFile === undefined)) {
    const missing = certFile === undefined ? 'certFile' : 'keyFile';
    found.push({
      path: ['api', 'tls', missing],
      message: 'is missing: api.tls.certFile and api.tls.keyFile go together',
    });
  } else if (certFile === undefined && !isLoopback(api.host)) {
    found.push({
      path: ['api', 'host'],
      value: api.host,
      message:
        'is not loopback, so the API needs TLS: set api.tls.certFile and api.tls.keyFile, or api.host to 127.0.0.1',
    });
  }
  const { url, secretFile } = config.grafana;
  if ((url === undefined) !== (secretFile === undefined)) {
    found.push({
      path: ['grafana', url === undefined ? 'url' : 'secretFile'],
      message: 'is missing: grafana.url and grafana.secretFile go together',
    });
  }
  for (const name of ['tokenFile', 'caFile'] as const) {
    if (config.alertmanager[name] !== undefined && config.alertmanager.url === undefined)
      found.push({
        path: ['alertmanager', 'url'],
        message: `is missing: alertmanager.${name} does nothing without it`,
      });
  }
  const seconds = (name: 'beat' | 'beatMin' | 'beatMax'): number =>
    config.durations[name] ?? TIMINGS[config.timings][name] / 1000;
  if (seconds('beatMin') > seconds('beat') || seconds('beat') > seconds('beatMax')) {
    found.push({
      path: ['durations', 'beat'],
      value: String(seconds('beat')),
      message: `must lie between durations.beatMin (${seconds('beatMin')}) and durations.beatMax (${seconds('beatMax')})`,
    });
  }
  const issuers = config.intake.issuers.map((one) => one.issuer);
  const twice = issuers.find((one, index) => issuers.indexOf(one) !== index);
  if (twice !== undefined)
    found.push({ path: ['intake', 'issuers'], value: twice, message: 'is listed twice: give each issuer once' });
  return found;
}
