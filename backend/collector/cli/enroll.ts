import { randomUUID, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { dirname, isAbsolute, join } from 'node:path';
import type { Config } from '../config.ts';
import { enrolNode, nodeFiles } from '../identity/enrolment.ts';
import { readPublic } from '../identity/files.ts';
import { collectorPins, pkiFiles, requireAuthority } from '../identity/pki.ts';
import {
  asJson,
  CommandError,
  localActor,
  parse,
  settingsOf,
  UsageError,
  when,
  withStorage,
  type Command,
} from './command.ts';

/** Where a node's folder is put unless `--out` says so. */
export function defaultOut(config: Config, name: string): string {
  return join(dirname(config.pkiDir), 'nodes', name);
}

/** The address nodes are told. @throws CommandError when it cannot be known */
export function endpointOf(config: Config, given: string | undefined): string {
  const url = given ?? config.intake.publicUrl;
  if (url === undefined && config.intake.port === 0)
    throw new CommandError(
      'intake.port is 0, so the address of the intake is not known: add --endpoint https://<host>:<port>'
    );
  const parsed = URL.parse(url ?? `https://localhost:${config.intake.port}`);
  if (parsed?.protocol !== 'https:')
    throw new UsageError(`--endpoint must be an https:// address, and not ${JSON.stringify(url)}`);
  return parsed.href.replace(/\/$/, '');
}

/** What is wrong with the name in `endpoint`, for a person; null when the server's certificate carries it. */
export function nameWarning(config: Config, endpoint: string): string | null {
  const host = new URL(endpoint).hostname.replace(/^\[|\]$/g, '');
  const certificate = new X509Certificate(readPublic(pkiFiles(config.pkiDir).server.certificate));
  const carried = isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host);
  return carried === undefined
    ? `The collector's certificate does not carry ${host}, so nodes will refuse it: run openclaw-fleet rotate --name ${host}`
    : null;
}

/** What is wrong with an address that nobody gave, for a person; null when somebody did. */
export function localhostWarning(config: Config, given: string | undefined, endpoint: string): string | null {
  if (given !== undefined || config.intake.publicUrl !== undefined) return null;
  return `OPENCLAW_ENDPOINT is ${endpoint}, which is right on this host alone, since nobody said where nodes find the collector. For a node elsewhere, give --endpoint https://<host>:<port>, or set intake.publicUrl (OPENCLAW_FLEET_INTAKE_PUBLIC_URL) for all to come; in the files just made, correct that line of node.env`;
}

export const enroll: Command = {
  name: 'enroll',
  summary: 'make the certificate, key and settings of a node',
  usage: [
    '<name>                  how people know the node',
    '[--id <id>]             its id; a UUID is made without it',
    '[--zone <zone>]         its zone, sent as the tag region:<zone>',
    '[--dns <dns or ip>]...  names under which the collector reaches the node',
    '[--require-signature]   refuse its heartbeats without a payload signature',
    '[--endpoint <url>]      address of the intake, when it is not intake.publicUrl',
    '[--out <folder>]        where to put the files (beside the credentials folder: nodes/<name>)',
    '[--node-dir <folder>]   where the files will lie on the node, when that is elsewhere',
  ],
  async run(args, context) {
    const { values, positionals } = parse(
      args,
      {
        id: { type: 'string' },
        zone: { type: 'string' },
        dns: { type: 'string', multiple: true },
        'require-signature': { type: 'boolean' },
        endpoint: { type: 'string' },
        out: { type: 'string' },
        'node-dir': { type: 'string' },
      },
      ['<name>']
    );
    const [name = ''] = positionals;
    const nodeFolder = values['node-dir'] ?? null;
    if (nodeFolder !== null && !isAbsolute(nodeFolder)) throw new UsageError('--node-dir must be an absolute path');
    const { config } = settingsOf(context, values.config);
    const authority = requireAuthority(config.pkiDir);
    const pins = collectorPins(config.pkiDir);
    const endpoint = endpointOf(config, values.endpoint);
    const node = await withStorage(config, async (store) =>
      enrolNode(
        {
          name,
          nodeId: values.id ?? null,
          zone: values.zone ?? null,
          names: values.dns ?? [],
          requireSignature: values['require-signature'] === true,
          out: values.out ?? defaultOut(config, name),
          nodeFolder,
          endpoint,
          audience: config.intake.audience,
          timings: config.timings,
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
      )
    );
    const warning = localhostWarning(config, values.endpoint, endpoint) ?? nameWarning(config, endpoint);
    if (values.json) {
      context.print(
        asJson({ ...node, files: nodeFiles(node.folder), pins: { ...pins, node: node.pin }, endpoint, warning })
      );
      return;
    }
    context.print(`Enrolled ${node.name} as ${node.nodeId}, until ${when(node.notAfterMs)} (it renews itself before)
  ${node.folder}
    node.key   its private key: on the node alone, mode 0600
    node.crt   its certificate, for client and server
    ca.crt     what it trusts
    node.env   its settings (OPENCLAW_*), which name the files above in ${nodeFolder ?? node.folder}
  server pin  ${pins.server}
  client pin  ${pins.client}
  actions pin ${pins.actions}
  node pin    ${node.pin}
${warning === null ? '' : `\nWarning: ${warning}\n`}
Next: copy the folder to ${nodeFolder ?? 'the same path'} on the node over a channel you trust, delete it here, and start the
bridge or the client there with the settings of node.env (systemd: EnvironmentFile=, Node: --env-file=).`);
  },
};
