import type { Enrolment } from '../storage/types.ts';
import { asJson, parse, settingsOf, table, when, withStorage, type Command } from './command.ts';

/** In place of a name that retention took with the node's target. */
const FORGOTTEN = '(forgotten)';

function statusOf(node: Enrolment, nowMs: number): string {
  if (node.revokedMs !== null) return `revoked ${when(node.revokedMs)}`;
  return `${node.notAfterMs > nowMs ? 'until' : 'expired'} ${when(node.notAfterMs)}`;
}

export const nodes: Command = {
  name: 'nodes',
  summary: 'list enrolled nodes and how long their certificates last',
  usage: [],
  async run(args, context) {
    const { values } = parse(args, {});
    const { config } = settingsOf(context, values.config);
    const { enrolments } = await withStorage(config, async (store) => store.trustSnapshot());
    if (values.json) {
      context.print(asJson(enrolments.map((one) => ({ ...one, status: statusOf(one, context.nowMs) }))));
    } else if (enrolments.length === 0) {
      context.print('No node is enrolled yet: npx openclaw-fleet enroll <name> enrols one');
    } else {
      const rows = enrolments.map((one) => [
        one.nodeId,
        one.name || FORGOTTEN,
        when(one.enrolledMs),
        statusOf(one, context.nowMs),
        one.requireSignature ? 'required' : 'optional',
      ]);
      context.print(table(['ID', 'NAME', 'ENROLLED', 'CERTIFICATE', 'SIGNATURE'], rows));
    }
  },
};
