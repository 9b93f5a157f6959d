import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Badge, Text, TextLink, useStyles2 } from '@grafana/ui';
import type { IconName } from '@grafana/ui';
import type { Hold } from '@openclaw-fleet/contract';
import { useState } from 'react';
import { t } from '../../i18n.ts';
import { useCloseBreaker, usePauseAll } from '../../api/repairs.ts';
import { useDecideTarget } from '../../api/targets.ts';
import { ActionButton } from '../../components/ActionButton.tsx';
import { ActionDialog } from '../../components/ActionDialog.tsx';
import { Who } from '../../components/Approvals/Who.tsx';
import { TimeAgo } from '../../components/TimeAgo.tsx';
import { href } from '../../constants.ts';
import { holdWord } from '../../words.ts';
import { endConsequence, endWord, holdEnd, holdSubject, roleOf } from './hold-actions.ts';
import type { HoldEnd } from './hold-actions.ts';

const ICONS: Record<Hold['kind'], IconName> = {
  pause: 'pause',
  cordon: 'ban',
  quarantine: 'bug',
  breaker: 'bolt',
};

interface Props {
  readonly holds: readonly Hold[];
  readonly nameOf: (id: string) => string;
}

/** Everything that holds repairs back, by whom, since when and why, each with what ends it. */
export function Holds({ holds, nameOf }: Props) {
  const styles = useStyles2(getStyles);
  const [open, setOpen] = useState<{ readonly end: HoldEnd; readonly name: string } | null>(null);
  return (
    <>
      {holds.length === 0 ? (
        <Text color="secondary">{t('holds.none', 'Nothing holds repairs back.')}</Text>
      ) : (
        <ul className={styles.list} aria-label={t('holds.label', 'What holds repairs back')}>
          {holds.map((hold) => {
            const name = hold.targetId === null ? '' : nameOf(hold.targetId);
            const subject = holdSubject(hold, name);
            const end = holdEnd(hold);
            return (
              <li key={`${hold.kind} ${hold.targetId ?? ''} ${hold.subject ?? ''}`}>
                <div>
                  <Badge
                    color={hold.kind === 'cordon' ? 'blue' : 'orange'}
                    icon={ICONS[hold.kind]}
                    text={holdWord(hold.kind)}
                  />{' '}
                  {hold.targetId === null ? (
                    <Text weight="medium">{subject}</Text>
                  ) : (
                    <TextLink href={href.target(hold.targetId)} inline={false}>
                      {subject}
                    </TextLink>
                  )}
                  <div>{hold.reason}</div>
                  <Text variant="bodySmall" color="secondary">
                    <Who actor={hold.by} name={hold.byName} short /> <TimeAgo at={hold.since} />
                  </Text>
                </div>
                {end !== null && (
                  <ActionButton
                    role={roleOf(end)}
                    size="sm"
                    variant="secondary"
                    aria-label={`${endWord(end)}: ${subject}`}
                    onClick={() => setOpen({ end, name })}
                  >
                    {endWord(end)}
                  </ActionButton>
                )}
              </li>
            );
          })}
        </ul>
      )}
      {open !== null && <HoldDialog {...open} onDismiss={() => setOpen(null)} />}
    </>
  );
}

interface DialogProps {
  readonly end: HoldEnd;
  readonly name: string;
  readonly onDismiss: () => void;
}

/** Ends one hold. */
export function HoldDialog({ end, name, onDismiss }: DialogProps) {
  const all = usePauseAll();
  const breaker = useCloseBreaker();
  const target = useDecideTarget(end.kind === 'target' || end.kind === 'quarantine' ? end.targetId : '');
  const carryOut = (reason: string): Promise<unknown> => {
    switch (end.kind) {
      case 'resume-all':
        return all.mutateAsync({ pause: false, reason });
      case 'target':
        return target.mutateAsync({ decision: end.decision, reason });
      case 'quarantine':
        return target.mutateAsync({
          decision: 'clear-quarantine',
          reason,
          ...(end.fault !== null && { fault: end.fault }),
        });
      case 'breaker':
        return breaker.mutateAsync({ playbook: end.playbook, fault: end.fault, reason });
    }
  };
  return (
    <ActionDialog title={`${endWord(end)}?`} confirm={endWord(end)} onConfirm={carryOut} onDismiss={onDismiss}>
      {endConsequence(end, name)}
    </ActionDialog>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  list: css({
    listStyle: 'none',
    margin: 0,
    padding: 0,
    maxHeight: 480,
    overflow: 'auto',
    li: {
      display: 'flex',
      justifyContent: 'space-between',
      alignItems: 'flex-start',
      gap: theme.spacing(1),
      padding: theme.spacing(1, 0),
      borderBottom: `1px solid ${theme.colors.border.weak}`,
    },
  }),
});
