import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Trans } from '@grafana/i18n';
import { IconButton, Text, useStyles2 } from '@grafana/ui';
import type { DriftRecord } from '@openclaw-fleet/contract';
import { Fragment, memo, useCallback, useState } from 'react';
import type { ReactNode } from 'react';
import { t } from '../../i18n.ts';
import { driftWord } from '../../words.ts';
import { SeverityBadge } from '../badges.tsx';
import { AgeCell, ChoiceCell, RepairCell, TargetCell } from './cells.tsx';
import { Differences } from './Differences.tsx';
import { HiddenHead } from './HiddenHead.tsx';
import { PagedTable } from './PagedTable.tsx';
import type { FaultTableProps } from './ViolationsTable.tsx';

interface Props extends FaultTableProps<DriftRecord> {
  /** What an opened row shows below expected and actual; absent: the differences that the record itself has. */
  readonly details?: (item: DriftRecord) => ReactNode;
}

/** Drift, one record in a row; a row opens to show what differs. Neither asks the collector nor knows its page. */
export function DriftTable({ items, onRepair, compact = false, nameOf, choice, more, details }: Props) {
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const onOpen = useCallback((id: string) => {
    setOpen((before) => {
      const next = new Set(before);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  }, []);
  return (
    <PagedTable
      label={t('faults.drift.table', 'Drift, the newest first')}
      items={items}
      compact={compact}
      more={more}
      head={
        <>
          {choice !== undefined && <HiddenHead text={t('faults.table.choice', 'Selected')} />}
          <HiddenHead text={t('faults.drift.details', 'Details')} />
          <th>
            <Trans i18nKey="faults.table.severity">Severity</Trans>
          </th>
          <th>
            <Trans i18nKey="faults.table.target">Target</Trans>
          </th>
          <th>
            <Trans i18nKey="faults.drift.drift">Drift</Trans>
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
      row={(item) => {
        const isOpen = open.has(item.id);
        return (
          <Fragment key={item.id}>
            <DriftRow
              item={item}
              name={nameOf?.(item.targetId) ?? item.targetId}
              open={isOpen}
              onOpen={onOpen}
              onRepair={onRepair}
              {...(choice && { chosen: choice.has(item), why: choice.why(item), onToggle: choice.onToggle })}
            />
            {isOpen && (
              <tr id={detailsId(item.id)}>
                <td colSpan={5 + (choice === undefined ? 0 : 1) + (onRepair === undefined ? 0 : 1)}>
                  <Values expected={item.expected} actual={item.actual} />
                  {details?.(item) ?? (item.differences && <Differences differences={item.differences} />)}
                </td>
              </tr>
            )}
          </Fragment>
        );
      }}
    />
  );
}

const detailsId = (id: string): string => `drift-${id}`;

interface RowProps {
  readonly item: DriftRecord;
  readonly name: string;
  readonly open: boolean;
  readonly onOpen: (id: string) => void;
  readonly onRepair?: (item: DriftRecord) => void;
  readonly chosen?: boolean;
  readonly why?: string | null;
  readonly onToggle?: (item: DriftRecord) => void;
}

const DriftRow = memo(function DriftRow({ item, name, open, onOpen, onRepair, chosen = false, ...row }: RowProps) {
  const word = driftWord(item.category);
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
        <IconButton
          name={open ? 'angle-down' : 'angle-right'}
          aria-expanded={open}
          aria-controls={open ? detailsId(item.id) : undefined}
          aria-label={t('faults.drift.open', 'What differs: {{name}}, {{word}}', { name, word })}
          onClick={() => onOpen(item.id)}
        />
      </td>
      <td>
        <SeverityBadge severity={item.severity} />
      </td>
      <TargetCell targetId={item.targetId} name={name} />
      <td>
        <Text element="p" weight="medium">
          {word}
        </Text>
        <Text element="p">{item.reason}</Text>
      </td>
      <AgeCell fault={item} />
      {onRepair !== undefined && <RepairCell fault={item} name={name} onRepair={onRepair} />}
    </tr>
  );
});

function Values({ expected, actual }: Pick<DriftRecord, 'expected' | 'actual'>) {
  const styles = useStyles2(getStyles);
  return (
    <dl className={styles.values}>
      <dt>
        <Trans i18nKey="faults.drift.expected">Expected</Trans>
      </dt>
      <dd className={styles.value}>{expected}</dd>
      <dt>
        <Trans i18nKey="faults.drift.actual">Actual</Trans>
      </dt>
      <dd className={styles.value}>{actual}</dd>
    </dl>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  values: css({
    display: 'grid',
    gridTemplateColumns: 'max-content 1fr',
    gap: theme.spacing(0, 1),
    margin: 0,
    fontSize: theme.typography.bodySmall.fontSize,
    dt: { color: theme.colors.text.secondary, fontWeight: theme.typography.fontWeightRegular },
    dd: { margin: 0 },
  }),
  value: css({
    fontFamily: theme.typography.fontFamilyMonospace,
    fontSize: theme.typography.bodySmall.fontSize,
    overflowWrap: 'anywhere',
  }),
});
