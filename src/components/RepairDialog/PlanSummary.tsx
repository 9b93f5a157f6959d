import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Trans } from '@grafana/i18n';
import { Badge, Text, TextLink, useStyles2 } from '@grafana/ui';
import { DRIFT_SEVERITIES, VIOLATION_SEVERITIES } from '@openclaw-fleet/contract';
import type { DriftSeverity, Plan, PlannedTarget, Refusal, ViolationSeverity } from '@openclaw-fleet/contract';
import { t } from '../../i18n.ts';
import { useSummary } from '../../api/fleet.ts';
import { href } from '../../constants.ts';
import { faultWord } from '../../words.ts';
import { SeverityBadge } from '../badges.tsx';
import { actionWord, blastRadius, refusalWord } from './plan-words.ts';
import type { TargetOutlook } from './outlook.ts';

/** What is done to each target, in order. */
export function PlanActions({ plan: { actions } }: { readonly plan: Plan }) {
  const styles = useStyles2(getStyles);
  return (
    <ol className={styles.list} aria-label={t('repair.actions.label', 'What happens to each node, in order')}>
      <li>
        <Trans i18nKey="repair.actions.witness">
          Ask the bridge, three times, what it sees now. Unless it reports the fault itself, nothing is done.
        </Trans>
      </li>
      {actions.map((action, index) => (
        <li key={index}>
          <Text color="secondary">
            <code>{action.verb}</code>
          </Text>{' '}
          {actionWord(action)}
        </li>
      ))}
      <li>
        <Trans i18nKey="repair.actions.clear">
          Watch that the fault clears and stays away. Only then has it succeeded.
        </Trans>
      </li>
    </ol>
  );
}

/** How many of the fleet it is for, and in which zones. */
export function BlastRadius({ targets }: { readonly targets: readonly PlannedTarget[] }) {
  const summary = useSummary();
  const zones = [...new Set(targets.map(({ zone }) => zone))].sort();
  return (
    <Text>
      {blastRadius(targets.length, summary.data?.total ?? null)}
      {', '}
      {t('repair.blast.zones', 'in {{zones}}', { zones: zones.join(', ') })}
    </Text>
  );
}

const SEVERITIES: readonly string[] = [...DRIFT_SEVERITIES, ...VIOLATION_SEVERITIES];
const isSeverity = (word: string): word is DriftSeverity | ViolationSeverity => SEVERITIES.includes(word);

interface TargetsProps {
  readonly targets: readonly TargetOutlook[];
  readonly nameOf: (id: string) => string;
  /** Whether to say what each is waiting for or held back by: for a plan that nobody asked for yet. */
  readonly outlook?: boolean;
}

/** The targets of a plan, and what of each is to be repaired. */
export function PlanTargets({ targets, nameOf, outlook = false }: TargetsProps) {
  const styles = useStyles2(getStyles);
  return (
    <div className={styles.scroll}>
      <table className={styles.table} aria-label={t('repair.targets.label', 'Nodes of this plan')}>
        <thead>
          <tr>
            <th scope="col">{t('repair.targets.node', 'Node')}</th>
            <th scope="col">{t('repair.targets.zone', 'Zone')}</th>
            <th scope="col">{t('repair.targets.fault', 'Fault')}</th>
            <th scope="col">{t('repair.targets.severity', 'Severity')}</th>
            {outlook && <th scope="col">{t('repair.targets.outlook', 'Now')}</th>}
          </tr>
        </thead>
        <tbody>
          {targets.map(({ target, held, waits }) => (
            <tr key={target.targetId}>
              <td>
                <TextLink href={href.target(target.targetId)} inline={false}>
                  {nameOf(target.targetId)}
                </TextLink>
              </td>
              <td>{target.zone}</td>
              <td>{faultWord(target.fault)}</td>
              <td>
                <div className={styles.badges}>
                  {isSeverity(target.severity) ? <SeverityBadge severity={target.severity} /> : '–'}
                  {target.isolated && <Badge color="red" icon="lock" text={t('repair.targets.isolated', 'Isolated')} />}
                </div>
              </td>
              {outlook && (
                <td className={styles.wide}>
                  <Outlook held={held} waits={waits} />
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Outlook({ held, waits }: Pick<TargetOutlook, 'held' | 'waits'>) {
  const styles = useStyles2(getStyles);
  if (held.length === 0 && waits.length === 0)
    return <Badge color="green" icon="check" text={t('repair.outlook.goes', 'Nothing holds it back')} />;
  const list = (refusals: readonly Refusal[], color: 'red' | 'orange') =>
    refusals.map(({ reason, message }) => (
      <li key={reason}>
        <Badge
          color={color}
          icon={color === 'red' ? 'times-circle' : 'clock-nine'}
          text={
            color === 'red'
              ? refusalWord(reason)
              : t('repair.outlook.waits', 'Waits: {{why}}', { why: refusalWord(reason) })
          }
        />{' '}
        {message}
      </li>
    ));
  return (
    <ul className={styles.plain}>
      {list(held, 'red')}
      {list(waits, 'orange')}
    </ul>
  );
}

export const getStyles = (theme: GrafanaTheme2) => ({
  list: css({ paddingLeft: theme.spacing(3), margin: 0, 'li + li': { marginTop: theme.spacing(0.5) } }),
  plain: css({ listStyle: 'none', margin: 0, padding: 0, 'li + li': { marginTop: theme.spacing(0.5) } }),
  badges: css({ display: 'flex', flexWrap: 'wrap', gap: theme.spacing(0.5) }),
  scroll: css({ maxHeight: 280, overflow: 'auto' }),
  wide: css({ minWidth: 220 }),
  table: css({
    width: '100%',
    borderCollapse: 'collapse',
    'th, td': {
      textAlign: 'left',
      verticalAlign: 'top',
      padding: theme.spacing(0.75, 1),
      borderBottom: `1px solid ${theme.colors.border.weak}`,
    },
    th: { color: theme.colors.text.secondary, fontWeight: theme.typography.fontWeightMedium },
  }),
});
