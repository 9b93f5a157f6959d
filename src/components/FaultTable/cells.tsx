import { css } from '@emotion/css';
import { Trans } from '@grafana/i18n';
import { Checkbox, Text, TextLink, useStyles2 } from '@grafana/ui';
import { t } from '../../i18n.ts';
import { href } from '../../constants.ts';
import { playbookWord } from '../../words.ts';
import { ActionButton } from '../ActionButton.tsx';
import { TimeAgo } from '../TimeAgo.tsx';
import { openedAt, whyNoRepair } from './faults.ts';
import type { Fault } from './faults.ts';

/** What people call a target; without it, its id. */
export type NameOf = (targetId: string) => string;

export function TargetCell({ targetId, name }: { readonly targetId: string; readonly name: string }) {
  const styles = useStyles2(getStyles);
  return (
    <td className={styles.target} title={name}>
      <TextLink href={href.target(targetId)}>{name}</TextLink>
    </td>
  );
}

/** Since when it is open, or when it was resolved. */
export function AgeCell({ fault }: { readonly fault: Fault }) {
  const styles = useStyles2(getStyles);
  return (
    <td className={styles.narrow}>
      <TimeAgo at={openedAt(fault)} />
      {fault.resolvedAt !== null && (
        <div>
          <Text variant="bodySmall" color="success">
            <Trans i18nKey="faults.table.resolved">Resolved</Trans> <TimeAgo at={fault.resolvedAt} />
          </Text>
        </div>
      )}
    </td>
  );
}

interface RepairProps<Item> {
  readonly fault: Item;
  readonly name: string;
  readonly onRepair: (item: Item) => void;
}

/** The suggested playbook, one click away. */
export function RepairCell<Item extends Fault>({ fault, name, onRepair }: RepairProps<Item>) {
  const styles = useStyles2(getStyles);
  const playbook = fault.suggestedPlaybookId;
  if (playbook === undefined)
    return (
      <td className={styles.narrow}>
        <Text variant="bodySmall" color="secondary">
          {t('faults.table.by-hand', 'By hand')}
        </Text>
      </td>
    );
  return (
    <td className={styles.narrow}>
      <ActionButton
        role="operator"
        size="sm"
        variant="secondary"
        icon="wrench"
        why={whyNoRepair(fault)}
        aria-label={t('faults.table.repair-label', 'Repair {{name}}: {{playbook}}', {
          name,
          playbook: playbookWord(playbook),
        })}
        onClick={() => onRepair(fault)}
      >
        <Trans i18nKey="faults.table.repair">Repair</Trans>
      </ActionButton>
      <div>
        <Text variant="bodySmall" color="secondary">
          {playbookWord(playbook)}
        </Text>
      </div>
    </td>
  );
}

/** What is chosen for one repair of several. */
export interface Choice<Item> {
  readonly has: (item: Item) => boolean;
  /** Why it cannot be chosen; null: it can. */
  readonly why: (item: Item) => string | null;
  /** The same function each time, so that rows are drawn anew only when they change. */
  readonly onToggle: (item: Item) => void;
}

interface ChoiceProps<Item> {
  readonly fault: Item;
  readonly what: string;
  readonly chosen: boolean;
  readonly why: string | null;
  readonly onToggle: (item: Item) => void;
}
export function ChoiceCell<Item>({ fault, what, chosen, why, onToggle }: ChoiceProps<Item>) {
  return (
    <td title={why ?? undefined}>
      <Checkbox
        aria-label={
          why === null
            ? t('faults.table.choose', 'Select {{what}}', { what })
            : t('faults.table.not-chosen', '{{what}} cannot be selected. {{why}}', { what, why })
        }
        value={chosen}
        disabled={why !== null && !chosen}
        onChange={() => onToggle(fault)}
      />
    </td>
  );
}

const getStyles = () => ({
  narrow: css({ whiteSpace: 'nowrap', width: '1%' }),
  target: css({ whiteSpace: 'nowrap', maxWidth: 260, overflow: 'hidden', textOverflow: 'ellipsis' }),
});
