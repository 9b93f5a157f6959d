import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Trans } from '@grafana/i18n';
import { Icon, Stack, Text, useStyles2 } from '@grafana/ui';
import { useState } from 'react';
import { t } from '../../i18n.ts';
import { usePending } from '../../api/pending.ts';
import type { Pending } from '../../api/pending.ts';
import { useTargetNames } from '../../api/target-names.ts';
import { Loadable } from '../Loadable.tsx';
import { DecisionDialog } from './DecisionDialog.tsx';
import type { Decided } from './decision-words.ts';
import { PendingCard } from './PendingCard.tsx';
import { canApprove, subjectOfBatch, subjectOfRun } from './run-actions.ts';
import type { Decision, Subject } from './run-actions.ts';
import { useOnlooker } from './use-onlooker.ts';

export interface ApprovalsProps {
  /** Leaves out what a small panel has no room for. */
  readonly compact?: boolean;
}

const subjectOf = (pending: Pending): Subject =>
  pending.kind === 'runs' ? subjectOfRun(pending.run) : subjectOfBatch(pending.batch);

/** What waits for an approval: first what the reader can approve, then what others must, with why. It needs no router. */
export function Approvals({ compact = false }: ApprovalsProps) {
  const pending = usePending();
  const onlooker = useOnlooker();
  const { nameOf } = useTargetNames();
  const [open, setOpen] = useState<{ readonly subject: Subject; readonly decision: Decided } | null>(null);
  return (
    <>
      <Loadable query={pending}>
        {(plans) => {
          const waiting = plans.map(subjectOf).filter(({ stage }) => stage === 'pending');
          const [mine, others] = [true, false].map((can) =>
            waiting.filter((subject) => canApprove(subject, onlooker) === can)
          ) as [Subject[], Subject[]];
          const list = (subjects: readonly Subject[], label: string) =>
            subjects.length > 0 && (
              <List
                label={label}
                subjects={subjects}
                card={(subject) => (
                  <PendingCard
                    key={subject.plan.id}
                    subject={subject}
                    onlooker={onlooker}
                    nameOf={nameOf}
                    compact={compact}
                    onDecide={(decision: Decision) => {
                      if (decision !== 'ask-again') setOpen({ subject, decision });
                    }}
                  />
                )}
              />
            );
          return waiting.length === 0 ? (
            <Nothing />
          ) : (
            <>
              {list(mine, t('approvals.mine', 'Waits for you ({{count}})', { count: mine.length }))}
              {list(others, t('approvals.others', 'Waits for others ({{count}})', { count: others.length }))}
              {pending.more > 0 && (
                <Text color="secondary">
                  {t('approvals.more', '{{count}} more wait. They are listed once these are decided.', {
                    count: pending.more,
                  })}
                </Text>
              )}
            </>
          );
        }}
      </Loadable>
      {open !== null && <DecisionDialog {...open} nameOf={nameOf} onDismiss={() => setOpen(null)} />}
    </>
  );
}

const Nothing = () => (
  <Stack direction="row" gap={1} alignItems="center">
    <Icon name="check-circle" />
    <Text color="secondary">
      <Trans i18nKey="approvals.none">Nothing waits for an approval.</Trans>
    </Text>
  </Stack>
);

interface ListProps {
  readonly label: string;
  readonly subjects: readonly Subject[];
  readonly card: (subject: Subject) => React.ReactNode;
}

function List({ label, subjects, card }: ListProps) {
  const styles = useStyles2(getStyles);
  return (
    <section className={styles.section}>
      <Text element="h3" variant="h5">
        {label}
      </Text>
      <ul className={styles.list} aria-label={label}>
        {subjects.map(card)}
      </ul>
    </section>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  section: css({ '& + &': { marginTop: theme.spacing(2) } }),
  list: css({ display: 'grid', gap: theme.spacing(1), margin: theme.spacing(1, 0, 0), padding: 0 }),
});
