import { Trans } from '@grafana/i18n';
import { Alert, LinkButton, Stack, Text } from '@grafana/ui';
import type { FleetTarget, HealthScore, Hold } from '@openclaw-fleet/contract';
import { t } from '../../i18n.ts';
import { ActionButton } from '../../components/ActionButton.tsx';
import { Who } from '../../components/Approvals/Who.tsx';
import { RunBadge } from '../../components/badges.tsx';
import { TimeAgo } from '../../components/TimeAgo.tsx';
import { href } from '../../constants.ts';
import { faultWord, holdWord, playbookWord } from '../../words.ts';
import { useOpen } from './actions-context.ts';
import { decisionWords } from './decision-words.ts';
import { firstThing } from './first-thing.ts';
import { actionOf } from './target-actions.ts';
import type { TargetAction } from './target-actions.ts';
import type { TargetFacts } from './use-target-facts.ts';

interface Props {
  readonly target: FleetTarget;
  readonly facts: TargetFacts;
  readonly score: HealthScore | undefined;
}

/** What stands before all else: what to do first, and what holds the target back, each with its way out. */
export function Notices({ target, facts, score }: Props) {
  const { holds = [], actions } = facts;
  const own = holds.filter(({ targetId }) => targetId !== null);
  const ofAll = holds.filter(({ targetId }) => targetId === null);
  return (
    <>
      {target.liveness.state === 'retired' && <Retired actions={actions} name={target.name} />}
      <First target={target} facts={facts} score={score} />
      {target.isolated && <Isolated actions={actions} name={target.name} />}
      {own.map((hold) => (
        <HoldNotice key={`${hold.kind} ${hold.subject ?? ''}`} hold={hold} actions={actions} name={target.name} />
      ))}
      {ofAll.map((hold) => (
        <Alert
          bottomSpacing={0}
          key="all"
          severity="info"
          title={t('target.notice.paused-all', 'All repairs of the fleet are paused')}
        >
          <Because hold={hold} />
        </Alert>
      ))}
      {target.lastSeenAt === undefined && target.liveness.state !== 'retired' && (
        <Alert bottomSpacing={0} severity="info" title={t('target.notice.never', 'It was never seen alive')}>
          <Trans i18nKey="target.notice.never-text">
            All that is known of it is an old heartbeat. Nothing is judged by it; look whether the node still exists, or
            retire it.
          </Trans>
        </Alert>
      )}
    </>
  );
}

interface Buttons {
  readonly actions: readonly TargetAction[];
  readonly name: string;
}

function First({ target, facts: { faults, openRuns, actions }, score }: Props) {
  const open = useOpen();
  const repair = actionOf(actions, 'repair');
  const first = firstThing({ target, score, faults, runs: openRuns, whyNoRepair: repair.why });
  if (first === null) return null;
  const { playbook } = repair;
  return (
    <Alert bottomSpacing={0} severity={first.severity} title={first.reason}>
      <Stack direction="row" gap={1} alignItems="center" wrap="wrap">
        <Text>{first.next}</Text>
        {first.offersRepair && (
          <ActionButton role="operator" size="sm" icon="wrench" onClick={() => open.repair(playbook ?? undefined)}>
            {playbook === null ? t('target.repair', 'Repair') : playbookWord(playbook)}
          </ActionButton>
        )}
        {first.run !== null && (
          <>
            <RunBadge state={first.run.state} />
            <LinkButton size="sm" variant="secondary" href={href.run(first.run.id)}>
              <Trans i18nKey="target.first.open-run">Open the repair</Trans>
            </LinkButton>
          </>
        )}
      </Stack>
    </Alert>
  );
}

function Retired({ actions, name }: Buttons) {
  return (
    <Alert bottomSpacing={0} severity="info" title={t('target.notice.retired', 'It is retired')}>
      <Stack direction="row" gap={1} alignItems="center" wrap="wrap">
        <Text>
          <Trans i18nKey="target.notice.retired-text">
            It is not managed: nothing is judged, told of it or done to it. What is shown is what was known last.
          </Trans>
        </Text>
        <Decide id="reinstate" actions={actions} name={name} />
      </Stack>
    </Alert>
  );
}

function Isolated({ actions, name }: Buttons) {
  return (
    <Alert
      bottomSpacing={0}
      severity="error"
      title={t('target.notice.isolated', 'It is isolated because of a critical drift')}
    >
      <Stack direction="row" gap={1} alignItems="center" wrap="wrap">
        <Text>
          <Trans i18nKey="target.notice.isolated-text">
            Automation leaves it alone, routers are not told of it, and every action on it needs an approval.
          </Trans>
        </Text>
        <Decide id="lift-isolation" actions={actions} name={name} />
      </Stack>
    </Alert>
  );
}

const ENDS = { pause: 'resume', cordon: 'uncordon', quarantine: 'clear-quarantine', breaker: null } as const;

function HoldNotice({ hold, actions, name }: Buttons & { readonly hold: Hold }) {
  const end = ENDS[hold.kind];
  return (
    <Alert bottomSpacing={0} severity={hold.kind === 'quarantine' ? 'warning' : 'info'} title={holdTitle(hold)}>
      <Stack direction="row" gap={1} alignItems="center" wrap="wrap">
        <Because hold={hold} />
        {end !== null && <Decide id={end} actions={actions} name={name} fault={hold.subject} />}
      </Stack>
    </Alert>
  );
}

function holdTitle({ kind, subject }: Hold): string {
  switch (kind) {
    case 'pause':
      return t('target.notice.paused', 'Its repairs are paused');
    case 'cordon':
      return t('target.notice.cordoned', 'It is cordoned');
    case 'quarantine':
      return subject === null
        ? t('target.notice.quarantined', 'It is in quarantine')
        : t('target.notice.quarantined-for', 'It is in quarantine for: {{fault}}', { fault: faultWord(subject) });
    case 'breaker':
      return holdWord(kind);
  }
}

/** Who or what began a hold, when and why. */
export const Because = ({ hold: { reason, by, byName, since } }: { readonly hold: Hold }) => (
  <Text>
    {reason} (<Who actor={by} name={byName} short />, <TimeAgo at={since} />)
  </Text>
);

interface DecideProps extends Buttons {
  readonly id: Exclude<TargetAction['id'], 'repair'>;
  readonly fault?: string | null;
}
function Decide({ id, actions, name, fault = null }: DecideProps) {
  const open = useOpen();
  const { role, why } = actionOf(actions, id);
  return (
    <ActionButton
      role={role}
      why={why}
      size="sm"
      variant="secondary"
      onClick={() => open.decide(id, id === 'clear-quarantine' ? (fault ?? undefined) : undefined)}
    >
      {decisionWords(id, name).button}
    </ActionButton>
  );
}
