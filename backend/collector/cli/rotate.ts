import { randomUUID, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config.ts';
import { nodeFiles, rotateNode } from '../identity/enrolment.ts';
import { readPublic } from '../identity/files.ts';
import { identityOf } from '../identity/peer.ts';
import { collectorPins, requireAuthority, rotateCertificates, rotateKeys, type Pins } from '../identity/pki.ts';
import {
  asJson,
  CommandError,
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
import { defaultOut, endpointOf, localhostWarning } from './enroll.ts';
import { KEYS_ROTATED, unpinned, type Unpinned } from './issued.ts';

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
    '[--force]                with --keys: also when nodes lack the pins of the waiting keys, or one of these is missing: see the message',
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
  const pins = await rotateAllKeys(config, { ...options, force: values.force === true }, context);
  context.print(
    values.json
      ? asJson({ folder: config.pkiDir, pins })
      : `Put the waiting keys in use in ${config.pkiDir}, and made new waiting ones; a running collector takes them over.
Tokens from POST /openclaw/token made before are refused: nodes ask for new ones.
Bring these pins to every node (node.env) before the next rotation of keys; after a theft, now:
${pinLines(pins)}
Heads of the audit that were signed before verify with the pin of the key that signed them (audit verify --pin).`
  );
}

/** Rotates the keys and says so in the audit, unless that would cut nodes off and is not forced. */
async function rotateAllKeys(
  config: Config,
  options: Parameters<typeof rotateKeys>[1],
  context: Context
): Promise<Pins> {
  if (!existsSync(join(config.dataDir, 'fleet.db'))) {
    context.warn(
      `openclaw-fleet: there is no database in ${config.dataDir}, so it is not known which nodes have the pins of the keys that are put in use now`
    );
    return rotateKeys(config.pkiDir, options);
  }
  return withStorage(config, async (store) => {
    const known = await unpinned(store, context.nowMs);
    const cutOff = known?.nodes ?? [];
    if (known !== null && cutOff.length > 0) {
      const words = unpinnedWords(known);
      if (!options.force) throw new CommandError(`${words}\n${bringPins(pinsIfThere(config.pkiDir))}`);
      context.warn(`openclaw-fleet: ${words}; it is done all the same`);
    }
    // What cannot be recorded is better not begun: the record is what keeps the next from cutting nodes off.
    await store.check();
    const pins = await rotateKeys(config.pkiDir, options);
    const data = { pins, forced: options.force, withoutPins: cutOff.length };
    const [actor, atMs] = [localActor(), context.nowMs];
    try {
      await store.appendAudit({ actor, action: KEYS_ROTATED, subject: 'collector', reason: null, atMs, data });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new CommandError(
        `the keys are rotated, but the audit could not be told: ${why}. Do not rotate them again before every node has these lines:\n${pinLines(pins)}`
      );
    }
    return pins;
  });
}

/** So many are named; the rest are counted. */
const NAMED = 10;

function unpinnedWords({ nodes, rotatedMs }: Unpinned): string {
  const named = nodes
    .slice(0, NAMED)
    .map(({ name, nodeId }) => (name === nodeId || name === '' ? nodeId : `${name} (${nodeId})`));
  const more = nodes.length > NAMED ? ` and ${nodes.length - NAMED} more` : '';
  const since =
    rotatedMs === null
      ? 'the oldest record of the audit, and whether keys were rotated before that is not known'
      : `keys were last rotated, ${when(rotatedMs)}`;
  return `this cuts off ${nodes.length === 1 ? 'a node' : `${nodes.length} nodes`} that got no new files since ${since}: ${named.join(', ')}${more}`;
}

/** Null: a key that they are of is lost. */
function pinsIfThere(folder: string): Pins | null {
  try {
    return collectorPins(folder);
  } catch {
    return null;
  }
}

const bringPins = (pins: Pins | null): string =>
  pins === null
    ? 'Nothing is changed. A key of the collector is lost, so there is no other way: add --force, and bring every node the lines that it prints.'
    : `Nothing is changed. First bring each these lines for its node.env, and restart what reads it:
${pinLines(pins)}
Or run openclaw-fleet rotate <node> for each, and copy its files. Once they have the lines, which the collector cannot see, add --force;
after a theft add it at once, and bring the lines that it prints.`;

const pinLines = (pins: Pins): string => `  OPENCLAW_SERVER_PIN=${pins.server}
  OPENCLAW_CLIENT_PIN=${pins.client}
  OPENCLAW_ACTIONS_PIN=${pins.actions}`;

async function rotateOne(reference: string, values: Values, config: Config, context: Context): Promise<void> {
  for (const option of ['keys', 'force', 'name'] as const) {
    if (values[option] !== undefined) throw new UsageError(`--${option} does not go with <node>`);
  }
  const revokeCurrent = values['revoke-current'] === true;
  const reason = revokeCurrent ? need(values.reason, 'reason') : (values.reason ?? null);
  const authority = requireAuthority(config.pkiDir);
  const pins = collectorPins(config.pkiDir);
  const endpoint = endpointOf(config, values.endpoint);
  const { node, warning } = await withStorage(config, async (store) => {
    const enrolment = findNode((await store.trustSnapshot()).enrolments, reference);
    // A name may be forgotten (docs/retention.md).
    const out = values.out ?? defaultOut(config, enrolment.name || enrolment.nodeId);
    // An env that is there keeps its address.
    const warning = existsSync(nodeFiles(out).env) ? null : localhostWarning(config, values.endpoint, endpoint);
    const node = await rotateNode(
      {
        enrolment,
        out,
        nodeFolder: null,
        names: values.dns ?? presentNames(out),
        zone: null,
        endpoint,
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
    return { node, warning };
  });
  context.print(
    values.json
      ? asJson({ ...node, files: nodeFiles(node.folder), pins: { ...pins, node: node.pin }, warning })
      : `Made a new key and certificate of ${node.name} (${node.nodeId}) in ${node.folder}, until ${when(node.notAfterMs)}
  node pin    ${node.pin}
${revokeCurrent ? 'Every certificate it had until now is revoked: it is locked out until it has the new files.' : 'Its certificates of until now stay valid until they end; add --revoke-current when one may be stolen.'}${warning === null ? '' : `\nWarning: ${warning}`}
Next: copy node.key, node.crt and ca.crt to the node over a channel you trust, and delete them here.`
  );
}

function presentNames(folder: string): readonly string[] {
  const { certificate } = nodeFiles(folder);
  return existsSync(certificate) ? (identityOf(new X509Certificate(readPublic(certificate)))?.names ?? []) : [];
}
