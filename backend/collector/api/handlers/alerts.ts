import { createHash } from 'node:crypto';
import { canonicalJson, idempotencyKeySchema, NODE_ID_PATTERN, PLAYBOOK_IDS } from '@openclaw-fleet/contract';
import type { AlertAnswer, PlaybookId } from '@openclaw-fleet/contract';
import { RemediationError } from '../../remediation/types.ts';
import type { Requester } from '../../remediation/types.ts';
import type { BodyOf, Handlers } from '../call.ts';
import type { Parts } from '../parts.ts';
import type { ALERT_ROUTES } from '../routes/alerts.ts';
import { requesterOf } from './remediations.ts';

type Alert = BodyOf<'takeAlerts'>['alerts'][number];
type Outcome = AlertAnswer['alerts'][number];

const MOST_REASON = 500;
const OFF =
  'automation.enabled is false, so alerts start nothing. Set it to true and restart the collector, or take this receiver out of Alertmanager.';

const isPlaybook = (name: string): name is PlaybookId => (PLAYBOOK_IDS as readonly string[]).includes(name);

/** Why it is asked for, as the audit has it: what the alert says of itself, which anybody who writes rules may choose. */
export function alertReason({ labels, annotations }: Pick<Alert, 'labels' | 'annotations'>): string {
  const summary = annotations['summary'] ?? '';
  const text = `Alert ${labels['alertname'] ?? 'without a name'}${summary === '' ? '' : `: ${summary}`}`;
  const plain = text.toWellFormed().replaceAll(/[\u0000-\u001f\u007f-\u009f]+/g, ' ');
  return plain.length <= MOST_REASON ? plain : plain.slice(0, MOST_REASON).toWellFormed();
}

/** What Alertmanager asks for. */
export function alertHandlers({ remediation, fleet, countAlert }: Parts): Handlers<keyof typeof ALERT_ROUTES> {
  async function take(alert: Alert, by: Requester): Promise<Outcome> {
    const { fingerprint, labels, startsAt } = alert;
    const answer = (outcome: Outcome['outcome'], reason: string, more: Partial<Outcome> = {}): Outcome => ({
      fingerprint,
      outcome,
      reason,
      refusal: null,
      runId: null,
      ...more,
    });
    if (alert.status === 'resolved') return answer('ignored', 'It is resolved.');
    const { playbook, target: targetId } = labels;
    if (playbook === undefined || targetId === undefined)
      return answer('ignored', 'It has no labels playbook and target, so it asks for nothing.');
    // No problem: Alertmanager would log a failure with every notification, and tell of it.
    if (!remediation.status().automation.enabled) return answer('refused', OFF, { refusal: 'automation-off' });
    if (!isPlaybook(playbook))
      return answer('refused', `Its label playbook names none: it must be one of ${PLAYBOOK_IDS.join(', ')}.`);
    if (!NODE_ID_PATTERN.test(targetId) || fleet.get(targetId) === undefined)
      return answer('refused', 'Its label target names no target: it must be an id of /fleet/targets.', {
        refusal: 'no-target',
      });
    const key = idempotencyKeySchema.parse(`alert:${fingerprint}:${Date.parse(startsAt)}`);
    const bodyHash = createHash('sha256').update(canonicalJson({ targetId, playbook })).digest('hex');
    try {
      const { run, created } = await remediation.request({
        targetId,
        playbook,
        reason: alertReason(alert),
        by,
        trigger: 'alertmanager',
        idempotency: { key, bodyHash },
      });
      return answer(created ? 'started' : 'repeated', run.reason, { runId: run.id });
    } catch (error) {
      if (!(error instanceof RemediationError)) throw error;
      const { failure: why } = error;
      const more = why.kind === 'refused' ? { refusal: why.refusal?.reason ?? null, runId: why.run?.id ?? null } : {};
      return answer('refused', why.message, more);
    }
  }

  return {
    async takeAlerts({ body: { alerts }, caller }) {
      const by = requesterOf(caller);
      const answers: Outcome[] = [];
      // One after the other, so that each is judged with those before it in flight.
      for (const alert of alerts) {
        const answer = await take(alert, by);
        countAlert(answer.outcome);
        answers.push(answer);
      }
      return { alerts: answers };
    },
  };
}
