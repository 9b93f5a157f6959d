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
} from './command.ts';
import { issuedTo, type IssuedCertificate } from './issued.ts';
import { plainFingerprint } from '../identity/peer.ts';

const ofNode = (issued: IssuedCertificate | null): string =>
  issued === null ? '' : ` of ${issued.enrolment?.name || 'the node'} (${issued.nodeId})`;

function consequence(issued: IssuedCertificate | null, fingerprint: string): string {
  if (issued?.enrolment?.fingerprint !== fingerprint) return '';
  return `\nIt is the newest of the node, which is locked out until it has the files of: npx openclaw-fleet rotate ${issued.nodeId}`;
}

export const revoke: Command = {
  name: 'revoke',
  summary: 'lock a node, or one certificate, out for good',
  usage: [
    '<node>                   its id or name: it is locked out with every certificate it ever had',
    '--certificate <sha256>   instead of <node>: only this certificate',
    '--reason <text>          why, for the audit',
    '[--force]                with --certificate: also one that was never issued here, as far as the audit knows',
  ],
  async run(args, context) {
    const { values, positionals } = parse(
      args,
      { reason: { type: 'string' }, certificate: { type: 'string' }, force: { type: 'boolean' } },
      ['[<node>]']
    );
    const [reference] = positionals;
    if ((reference === undefined) === (values.certificate === undefined))
      throw new UsageError('give either <node> or --certificate');
    if (values.force === true && values.certificate === undefined)
      throw new UsageError('--force goes with --certificate');
    const reason = need(values.reason, 'reason');
    const { config } = settingsOf(context, values.config);
    const { nowMs: atMs } = context;
    const audit = { actor: localActor(), reason, atMs };
    const effect = `A running collector refuses it within ${config.credentials.checkInterval} s, also on connections that are open.`;
    await withStorage(config, async (store) => {
      if (values.certificate !== undefined) {
        const fingerprint = plainFingerprint(values.certificate);
        if (!/^[0-9a-f]{64}$/.test(fingerprint))
          throw new UsageError('--certificate must be a SHA-256 fingerprint: 64 hex digits, with or without colons');
        const issued = await issuedTo(store, fingerprint);
        const unknown = `no certificate ${fingerprint} was issued here, as far as enrolments and the audit know`;
        if (issued === null && values.force !== true) {
          throw new CommandError(
            `${unknown}: nothing is revoked. Compare its digits (openclaw-fleet audit list --subject <id of the node> shows those of a node), revoke the whole node, or add --force`
          );
        }
        if (issued === null) context.warn(`openclaw-fleet: ${unknown}; it is revoked all the same`);
        await store.revokeCertificate(fingerprint, atMs, {
          ...audit,
          action: 'certificate.revoked',
          subject: fingerprint,
          data: { fingerprint },
        });
        context.print(
          values.json
            ? asJson({ fingerprint, nodeId: issued?.nodeId ?? null, revokedMs: atMs })
            : `Revoked the certificate ${fingerprint}${ofNode(issued)}. ${effect}${consequence(issued, fingerprint)}`
        );
        return;
      }
      const node = findNode((await store.trustSnapshot()).enrolments, reference ?? '');
      const { nodeId, name } = node;
      if (node.revokedMs !== null)
        throw new CommandError(`${name} (${nodeId}) is revoked already, since ${when(node.revokedMs)}: nothing to do`);
      await store.revokeNode(nodeId, atMs, {
        ...audit,
        action: 'node.revoked',
        subject: nodeId,
        data: { name, fingerprint: node.fingerprint },
      });
      context.print(
        values.json
          ? asJson({ nodeId, name, revokedMs: atMs })
          : `Revoked ${name} (${nodeId}). ${effect}\nThe id stays revoked. To let the node in again: npx openclaw-fleet enroll ${name}`
      );
    });
  },
};
