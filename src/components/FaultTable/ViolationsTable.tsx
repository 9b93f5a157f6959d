import { Trans } from '@grafana/i18n';
import { Text } from '@grafana/ui';
import type { PolicyViolation } from '@openclaw-fleet/contract';
import { memo } from 'react';
import { t } from '../../i18n.ts';
import { violationWord } from '../../words.ts';
import { SeverityBadge } from '../badges.tsx';
import { AgeCell, ChoiceCell, RepairCell, TargetCell } from './cells.tsx';
import type { Choice, NameOf } from './cells.tsx';
import { HiddenHead } from './HiddenHead.tsx';
import { PagedTable } from './PagedTable.tsx';
import type { More } from './PagedTable.tsx';

export interface FaultTableProps<Item> {
  readonly items: readonly Item[];
  /** Opens the repair of one; absent: nothing can be repaired from here. Keep it the same function. */
  readonly onRepair?: (item: Item) => void;
  /** Narrower rows without hints, for a panel. */
  readonly compact?: boolean;
  /** What people call a target; absent: its id. */
  readonly nameOf?: NameOf;
  /** Several of them for one repair; absent: none can be chosen. */
  readonly choice?: Choice<Item>;
  /** Absent: everything is there. */
  readonly more?: More;
}

/** Violations, one in a row. Neither asks the collector nor knows the page that it is on. */
export function ViolationsTable({
  items,
  onRepair,
  compact = false,
  nameOf,
  choice,
  more,
}: FaultTableProps<PolicyViolation>) {
  return (
    <PagedTable
      label={t('faults.violations.table', 'Violations, the newest first')}
      items={items}
      compact={compact}
      more={more}
      head={
        <>
          {choice !== undefined && <HiddenHead text={t('faults.table.choice', 'Selected')} />}
          <th>
            <Trans i18nKey="faults.table.severity">Severity</Trans>
          </th>
          <th>
            <Trans i18nKey="faults.table.target">Target</Trans>
          </th>
          <th>
            <Trans i18nKey="faults.violations.violation">Violation</Trans>
          </th>
          <th>
            <Trans i18nKey="faults.table.since">Since</Trans>
          </th>
          {onRepair !== undefined && (
            <th>
              <Trans i18nKey="faults.table.playbook">Suggested repair</Trans>
            </th>
          )}
        </>
      }
      row={(item) => (
        <ViolationRow
          key={item.id}
          item={item}
          name={nameOf?.(item.targetId) ?? item.targetId}
          compact={compact}
          onRepair={onRepair}
          {...(choice && { chosen: choice.has(item), why: choice.why(item), onToggle: choice.onToggle })}
        />
      )}
    />
  );
}

interface RowProps {
  readonly item: PolicyViolation;
  readonly name: string;
  readonly compact: boolean;
  readonly onRepair?: (item: PolicyViolation) => void;
  readonly chosen?: boolean;
  readonly why?: string | null;
  readonly onToggle?: (item: PolicyViolation) => void;
}

const ViolationRow = memo(function ViolationRow({ item, name, compact, onRepair, chosen = false, ...row }: RowProps) {
  const word = violationWord(item.code);
  return (
    <tr>
      {row.onToggle !== undefined && (
        <ChoiceCell
          fault={item}
          what={`${name}: ${word}`}
          chosen={chosen}
          why={row.why ?? null}
          onToggle={row.onToggle}
        />
      )}
      <td>
        <SeverityBadge severity={item.severity} />
      </td>
      <TargetCell targetId={item.targetId} name={name} />
      <td title={compact ? item.hint : undefined}>
        <Text element="p" weight="medium">
          {word}
        </Text>
        <Text element="p">{item.message}</Text>
        {!compact && (
          <Text element="p" variant="bodySmall" color="secondary">
            {item.hint}
          </Text>
        )}
      </td>
      <AgeCell fault={item} />
      {onRepair !== undefined && <RepairCell fault={item} name={name} onRepair={onRepair} />}
    </tr>
  );
});
