// The arrows of docs/architecture.md. A rule names who may not reach what; everything not named is allowed.
const collector = 'backend/collector';
const tests = '(\\.test\\.tsx?$|/testing/|store-contract\\.ts$|memory-store\\.ts$|/simulation/)';
const only = (name, comment, from, allowed) => ({
  name,
  comment,
  severity: 'error',
  from: { path: `^${from}`, pathNot: tests },
  to: { path: '^backend/', pathNot: `^(${[from, ...allowed].join('|')})` },
});
const types = (folder) => `${collector}/${folder}/types\\.ts`;

module.exports = {
  forbidden: [
    {
      name: 'no-cycle',
      comment: 'Two files that need each other are one file.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unknown',
      comment: 'Every import resolves.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'app-talks-through-the-proxy',
      comment: 'The app knows the contract; all else of the back end it asks over HTTP.',
      severity: 'error',
      from: { path: '^src/', pathNot: tests },
      to: { path: '^backend/', pathNot: '^backend/contract/' },
    },
    only('contract-knows-nobody', 'contract imports nothing of ours.', 'backend/contract', []),
    only('client-knows-types', 'client imports types of contract alone.', 'backend/client', ['backend/contract']),
    {
      name: 'client-has-no-runtime-dependency',
      comment: 'A node embeds the client: at run time it needs Node alone.',
      severity: 'error',
      from: { path: '^backend/client/', pathNot: tests },
      to: { dependencyTypesNot: ['core', 'local', 'type-only'], pathNot: '^backend/client' },
    },
    only('bridge-publishes', 'bridge knows contract and client.', 'backend/bridge', [
      'backend/contract',
      'backend/client',
    ]),
    only('storage-knows-sql-alone', 'storage seals the audit chain and knows nobody else.', `${collector}/storage`, [
      'backend/contract',
      `${collector}/audit`,
    ]),
    only('assessment-is-pure', 'assessment knows the words of the contract alone.', `${collector}/assessment`, [
      'backend/contract',
    ]),
    only('fleet-flows-down', 'fleet assesses, and writes to storage.', `${collector}/fleet`, [
      'backend/contract',
      `${collector}/assessment`,
      types('storage'),
      `${collector}/clock`,
    ]),
    only('identity-flows-down', 'identity keeps enrolments in storage.', `${collector}/identity`, [
      'backend/contract',
      types('storage'),
    ]),
    only('intake-flows-down', 'intake hands heartbeats to fleet, and revisions to nodes.', `${collector}/intake`, [
      'backend/contract',
      types('configurations'),
      types('fleet'),
      types('storage'),
      `${collector}/identity`,
      `${collector}/clock`,
    ]),
    only(
      'policies-flow-down',
      'policies say what is expected, and have the fleet assessed anew.',
      `${collector}/policies`,
      [
        'backend/contract',
        `${collector}/assessment`,
        types('configurations'),
        types('fleet'),
        types('storage'),
        `${collector}/config-nearest`,
        // What automation would begin, and which limits a profile may tighten: each is one rule, in one place.
        `${collector}/remediation/(rules|types\\.ts)`,
      ]
    ),
    only(
      'remediation-acts-through-its-seams',
      'remediation knows its bridges, the fleet, policies and storage by their types alone.',
      `${collector}/remediation`,
      [
        'backend/contract',
        `${collector}/assessment`,
        `${collector}/audit`,
        types('fleet'),
        types('policies'),
        types('storage'),
        `${collector}/clock`,
      ]
    ),
    only('bridges-carry', 'bridges carry signed requests to nodes.', `${collector}/bridges`, [
      'backend/contract',
      types('remediation'),
      types('storage'),
      `${collector}/identity`,
      `${collector}/configurations/sign`,
      `${collector}/config-address`,
      `${collector}/clock`,
    ]),
    only(
      'alertmanager-knows-nobody',
      'alertmanager is told which runs act, and asks nobody else.',
      `${collector}/alertmanager`,
      ['backend/contract', `${collector}/identity`]
    ),
    only('configurations-flow-down', 'configurations keep revisions in storage.', `${collector}/configurations`, [
      'backend/contract',
      types('storage'),
      `${collector}/clock`,
    ]),
    only('metrics-read', 'metrics reads the fleet.', `${collector}/metrics`, [
      'backend/contract',
      types('fleet'),
      `${collector}/clock`,
    ]),
    only('api-flows-down', 'api reads fleet, history and metrics, and hands changes to policies.', `${collector}/api`, [
      'backend/contract',
      `${collector}/assessment`,
      types('configurations'),
      types('policies'),
      `${collector}/policies/proposals`,
      types('remediation'),
      types('fleet'),
      types('storage'),
      `${collector}/audit`,
      `${collector}/metrics`,
      `${collector}/identity`,
      `${collector}/clock`,
    ]),
    {
      name: 'express-in-two-rooms',
      comment: 'Express is known to intake and api.',
      severity: 'error',
      from: { path: '^backend/', pathNot: `^${collector}/(intake|api)/` },
      to: { path: 'node_modules/express' },
    },
    {
      name: 'sql-in-one-room',
      comment: 'SQL is known to storage.',
      severity: 'error',
      from: { path: '^backend/', pathNot: `^${collector}/storage/` },
      to: { path: 'node_modules/(kysely|better-sqlite3|pg)' },
    },
    {
      name: 'axios-in-three-rooms',
      comment: 'axios is known to the clients of bridges, of Grafana’s keys and of Alertmanager.',
      severity: 'error',
      from: { path: '^backend/', pathNot: `^${collector}/(alertmanager|bridges|identity)/` },
      to: { path: 'node_modules/axios' },
    },
    {
      name: 'nobody-needs-a-test',
      comment: 'What ships does not import tests.',
      severity: 'error',
      from: { path: '^(backend|src)/', pathNot: tests },
      to: { path: '\\.test\\.tsx?$' },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(node_modules|dist)/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.json'],
    },
  },
};
