import { css } from '@emotion/css';
import { dateTimeFormat } from '@grafana/data';
import type { GrafanaTheme2 } from '@grafana/data';
import { Trans } from '@grafana/i18n';
import { ClipboardButton, IconButton, Text, TextLink, useStyles2 } from '@grafana/ui';
import type { AuditRecord } from '@openclaw-fleet/contract';
import { Fragment, memo, useCallback, useState } from 'react';
import { t } from '../../i18n.ts';
import { shortHash } from '../../components/FaultTable/hash.ts';
import { HiddenHead } from '../../components/FaultTable/HiddenHead.tsx';
import { PagedTable } from '../../components/FaultTable/PagedTable.tsx';
import type { More } from '../../components/FaultTable/PagedTable.tsx';
import { TimeAgo } from '../../components/TimeAgo.tsx';
import { href } from '../../constants.ts';
import { actionWord, subjectHref, subjectId, viaWord } from './audit-words.ts';

interface Props {
  readonly items: readonly AuditRecord[];
  readonly people: ReadonlyMap<string, string>;
  /** What people call a target; its id where that is not known. */
  readonly nameOf: (targetId: string) => string;
  readonly more?: More;
}

/** Records of the audit, one in a row; a row opens to what was sealed. */
export function AuditTable({ items, people, nameOf, more }: Props) {
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  const onOpen = useCallback((seq: number) => {
    setOpen((before) => {
      const next = new Set(before);
      if (!next.delete(seq)) next.add(seq);
      return next;
    });
  }, []);
  return (
    <PagedTable
      label={t('audit.table.label', 'Audit records, the newest first')}
      items={items}
      more={more}
      head={
        <>
          <HiddenHead text={t('audit.table.details', 'Details')} />
          <th>
            <Trans i18nKey="audit.table.when">When</Trans>
          </th>
          <th>
            <Trans i18nKey="audit.table.who">Who</Trans>
          </th>
          <th>
            <Trans i18nKey="audit.table.what">What</Trans>
          </th>
          <th>
            <Trans i18nKey="audit.table.why">Why</Trans>
          </th>
          <th>
            <Trans i18nKey="audit.table.record">Record</Trans>
          </th>
        </>
      }
      row={(item) => {
        const isOpen = open.has(item.seq);
        return (
          <Fragment key={item.seq}>
            <AuditRow
              item={item}
              person={people.get(item.actor)}
              subject={nameOf(subjectId(item.subject))}
              open={isOpen}
              onOpen={onOpen}
            />
            {isOpen && <Sealed item={item} />}
          </Fragment>
        );
      }}
    />
  );
}

const sealedId = (seq: number): string => `audit-record-${seq}`;

interface RowProps {
  readonly item: AuditRecord;
  readonly person: string | undefined;
  readonly subject: string;
  readonly open: boolean;
  readonly onOpen: (seq: number) => void;
}

const AuditRow = memo(function AuditRow({ item, person, subject, open, onOpen }: RowProps) {
  const styles = useStyles2(getStyles);
  const { seq, hash } = item;
  const at = new Date(item.atMs).toISOString();
  const link = subjectHref(item.action, item.subject);
  return (
    <tr>
      <td>
        <IconButton
          name={open ? 'angle-down' : 'angle-right'}
          aria-expanded={open}
          aria-controls={open ? sealedId(seq) : undefined}
          aria-label={t('audit.table.open', 'What record {{seq}} says in full', { seq })}
          onClick={() => onOpen(seq)}
        />
      </td>
      <td className={styles.narrow}>
        <div>{dateTimeFormat(at)}</div>
        <Text variant="bodySmall" color="secondary">
          <TimeAgo at={at} />
        </Text>
      </td>
      <td>
        {person !== undefined && (
          <Text element="p" weight="medium">
            {person}
          </Text>
        )}
        <div className={person === undefined ? undefined : styles.code}>{item.actor}</div>
        <Text variant="bodySmall" color="secondary">
          {viaWord(item.via)}
        </Text>
      </td>
      <td>
        <Text element="p" weight="medium">
          {actionWord(item.action)}
        </Text>
        <div title={item.subject}>
          {link === null ? shortHash(subject) : <TextLink href={link}>{shortHash(subject)}</TextLink>}
        </div>
      </td>
      <td>{item.reason ?? '–'}</td>
      <td className={styles.narrow}>
        <div>{t('audit.table.seq', 'No. {{seq}}', { seq })}</div>
        <span className={styles.code} title={hash}>
          {shortHash(hash)}
        </span>{' '}
        <ClipboardButton
          size="sm"
          variant="secondary"
          fill="text"
          icon="copy"
          aria-label={t('audit.table.copy-hash', 'Copy the hash of record {{seq}}', { seq })}
          getText={() => hash}
        />
      </td>
    </tr>
  );
});

/** What the hash of a record is over. */
function Sealed({ item }: { readonly item: AuditRecord }) {
  const styles = useStyles2(getStyles);
  return (
    <tr id={sealedId(item.seq)}>
      <td />
      <td colSpan={5}>
        <dl className={styles.facts}>
          <dt>
            <Trans i18nKey="audit.sealed.action">Action</Trans>
          </dt>
          <dd>{item.action}</dd>
          <dt>
            <Trans i18nKey="audit.sealed.subject">Subject</Trans>
          </dt>
          <dd>
            {item.subject}{' '}
            <TextLink href={only('subject', item.subject)} variant="bodySmall">
              {t('audit.sealed.only-subject', 'Only records of this')}
            </TextLink>
          </dd>
          <dt>
            <Trans i18nKey="audit.sealed.actor">Who</Trans>
          </dt>
          <dd>
            {item.actor}{' '}
            <TextLink href={only('actor', item.actor)} variant="bodySmall">
              {t('audit.sealed.only-actor', 'Only what this one did')}
            </TextLink>
          </dd>
          <dt>
            <Trans i18nKey="audit.sealed.via">Authenticated by</Trans>
          </dt>
          <dd>{item.via}</dd>
          <dt>
            <Trans i18nKey="audit.sealed.at">Time in milliseconds</Trans>
          </dt>
          <dd>{item.atMs}</dd>
          <dt>
            <Trans i18nKey="audit.sealed.data">Data</Trans>
          </dt>
          <dd>
            <pre className={styles.data}>{readable(item.data)}</pre>
            <ClipboardButton size="sm" variant="secondary" icon="copy" getText={() => item.data}>
              <Trans i18nKey="audit.sealed.copy">Copy as it was sealed</Trans>
            </ClipboardButton>
          </dd>
          <dt>
            <Trans i18nKey="audit.sealed.prev">Hash of the record before</Trans>
          </dt>
          <dd>{item.prev}</dd>
          <dt>
            <Trans i18nKey="audit.sealed.hash">Hash</Trans>
          </dt>
          <dd>{item.hash}</dd>
        </dl>
      </td>
    </tr>
  );
}

const only = (name: 'actor' | 'subject', value: string): string => href.audit(`?${name}=${encodeURIComponent(value)}`);

/** JSON in lines; text that is none, as it is. */
function readable(data: string): string {
  try {
    return JSON.stringify(JSON.parse(data), null, 2);
  } catch {
    return data;
  }
}

const getStyles = (theme: GrafanaTheme2) => {
  const code = {
    fontFamily: theme.typography.fontFamilyMonospace,
    fontSize: theme.typography.bodySmall.fontSize,
    overflowWrap: 'anywhere',
  } as const;
  return {
    narrow: css({ whiteSpace: 'nowrap', width: '1%' }),
    code: css(code),
    data: css({ ...code, maxHeight: 400, overflow: 'auto', whiteSpace: 'pre-wrap' }),
    facts: css({
      display: 'grid',
      gridTemplateColumns: 'max-content 1fr',
      gap: theme.spacing(0.5, 2),
      dt: { color: theme.colors.text.secondary, fontWeight: theme.typography.fontWeightRegular },
      dd: { ...code, margin: 0 },
    }),
  };
};
