import { randomUUID, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { Config } from '../config.ts';
import { nodeFiles, rotateNode } from '../identity/enrolment.ts';
import { readPublic } from '../identity/files.ts';
import { identityOf } from '../identity/peer.ts';
import { collectorPins, requireAuthority, rotateCertificates, rotateKeys } from '../identity/pki.ts';
import {
  asJson,
  findNode,
  localActor,
  need,
  parse,
  settingsOf,
  UsageError,
  when,
  withStorage,
  type Command,
  type Context,
} from './command.ts';
import { defaultOut, endpointOf } from './enroll.ts';

const OPTIONS = {
  keys: { type: 'boolean' },
  force: { type: 'boolean' },
  name: { type: 'string', multiple: true },
  out: { type: 'string' },
  dns: { type: 'string', multiple: true },
  endpoint: { type: 'string' },
  'revoke-current': { type: 'boolean' },
  reason: { type: 'string' },
} as const;

const parseRotate = (args: string[]) => parse(args, OPTIONS, ['[<node>]']);
type Values = ReturnType<typeof parseRotate>['values'];

export const rotate: Command = {
  name: 'rotate',
  summary: "new certificates of the collector, new keys with --keys, or a node's new key and certificate",
  usage: [
    '                         new certificates of the collector; keys and pins stay',
    '[--name <dns or ip>]...  names of the server certificate, instead of those it has',
    '--keys                   put the waiting keys in use and make new waiting ones; prints the pins nodes need next',
    '[--force]                with --keys: also when a waiting key is missing, which cuts off every node that has pins',
    '<node>                   new key and certificate of a node, by its id or name',
    '[--out <folder>]         where its files are (beside the credentials folder: nodes/<name>)',
    '[--dns <dns or ip>]...   names under which the collector reaches it, instead of those it has',
    '[--revoke-current]       refuse every certificate it had until now; needs --reason <text>',
  ],
  async run(args, context) {
    const { values, positionals } = parseRotate(args);
    const { config } = settingsOf(context, values.config);
    const [reference] = positionals;
    if (reference === undefined) await rotateCollector(values, config, context);
    else await rotateOne(reference, values, config, context);
  },
};

async function rotateCollector(values: Values, config: Config, context: Context): Promise<void> {
  for (const option of ['out', 'dns', 'endpoint', 'revoke-current', 'reason'] as const) {
    if (values[option] !== undefined) throw new UsageError(`--${option} goes with <node>`);
  }
  const options = {
    days: config.credentials.collectorDays,
    nowMs: context.nowMs,
    ...(values.name === undefined ? {} : { names: values.name }),
  };
  if (!values.keys) {
    await rotateCertificates(config.pkiDir, options);
    const pins = collectorPins(config.pkiDir);
    context.print(
      values.json
        ? asJson({ folder: config.pkiDir, pins })
        : `Made new certificates of the collector in ${config.pkiDir}. Keys and pins are the same; a running collector takes them over.`
    );
    return;
  }
  const pins = await rotateKeys(config.pkiDir, { ...options, force: values.force === true });
  context.print(
    values.json
      ? asJson({ folder: config.pkiDir, pins })
      : `Put the waiting keys in use in ${config.pkiDir}, and made new waiting ones; a running collector takes them over.
Tokens from POST /openclaw/token made before are refused: nodes ask for new ones.
Bring these pins to every node (node.env) before the next rotation of keys; after a theft, now:
  OPENCLAW_SERVER_PIN=${pins.server}
  OPENCLAW_CLIENT_PIN=${pins.client}
  OPENCLAW_ACTIONS_PIN=${pins.actions}
Heads of the audit that were signed before verify with the pin of the key that signed them (audit verify --pin).`
  );
}

async function rotateOne(reference: string, values: Values, config: Config, context: Context): Promise<void> {
  for (const option of ['keys', 'force', 'name'] as const) {
    if (values[option] !== undefined) throw new UsageError(`--${option} does not go with <node>`);
  }
  const revokeCurrent = values['revoke-current'] === true;
  const reason = revokeCurrent ? need(values.reason, 'reason') : (values.reason ?? null);
  const authority = requireAuthority(config.pkiDir);
  const pins = collectorPins(config.pkiDir);
  const node = await withStorage(config, async (store) => {
    const enrolment = findNode((await store.trustSnapshot()).enrolments, reference);
    const out = values.out ?? defaultOut(config, enrolment.name);
    return rotateNode(
      {
        enrolment,
        out,
        nodeFolder: null,
        names: values.dns ?? presentNames(out),
        zone: null,
        endpoint: endpointOf(config, values.endpoint),
        audience: config.intake.audience,
        timings: config.timings,
        revokeCurrent,
        reason,
      },
      {
        store,
        authority,
        pins,
        days: config.credentials.nodeDays,
        actor: localActor(),
        nowMs: context.nowMs,
        newId: randomUUID,
      }
    );
  });
  context.print(
    values.json
      ? asJson({ ...node, files: nodeFiles(node.folder), pins: { ...pins, node: node.pin } })
      : `Made a new key and certificate of ${node.name} (${node.nodeId}) in ${node.folder}, until ${when(node.notAfterMs)}
  node pin    ${node.pin}
${revokeCurrent ? 'Every certificate it had until now is revoked: it is locked out until it has the new files.' : 'Its certificates of until now stay valid until they end; add --revoke-current when one may be stolen.'}
Next: copy node.key, node.crt and ca.crt to the node over a channel you trust, and delete them here.`
  );
}

function presentNames(folder: string): readonly string[] {
  const { certificate } = nodeFiles(folder);
  return existsSync(certificate) ? (identityOf(new X509Certificate(readPublic(certificate)))?.names ?? []) : [];
}
