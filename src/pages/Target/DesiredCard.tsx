import { Trans } from '@grafana/i18n';
import { Alert, Badge, Stack, Text, TextLink, useStyles2 } from '@grafana/ui';
import type { AdoptedConfig, DriftRecord, FleetTarget, TargetPolicyView } from '@openclaw-fleet/contract';
import { useState } from 'react';
import { t } from '../../i18n.ts';
import { useTargetDrift } from '../../api/faults.ts';
import { useDesiredState } from '../../api/targets.ts';
import { ActionButton } from '../../components/ActionButton.tsx';
import { SeverityBadge } from '../../components/badges.tsx';
import { Differences } from '../../components/FaultTable/Differences.tsx';
import { Loadable } from '../../components/Loadable.tsx';
import { href } from '../../constants.ts';
import { AdoptDialog } from './AdoptDialog.tsx';
import { ApplyProfileDialog } from './ApplyProfileDialog.tsx';
import { ChangeDesiredDialog } from './ChangeDesiredDialog.tsx';
import { desiredRows } from './desired-diff.ts';
import type { DesiredRow } from './desired-diff.ts';
import { Section } from './Section.tsx';
import { tableStyles } from './table.ts';

type Dialog = 'desired' | 'profile' | 'adopt';

/** What is expected of it beside what it reports. */
export function DesiredCard({ target }: { readonly target: FleetTarget }) {
  const [dialog, setDialog] = useState<Dialog | null>(null);
  const [adopted, setAdopted] = useState<AdoptedConfig | null>(null);
  const view = useDesiredState(target.id);
  const drift = useTargetDrift(target.id, {});
  const open = drift.data?.pages.flatMap(({ items }) => items) ?? [];
  const differences = open.flatMap((each) => each.differences ?? []);
  const close = (): void => setDialog(null);
  return (
    <Section
      title={t('target.desired.title', 'Desired and reported')}
      actions={<Buttons target={target} view={view.data} onOpen={setDialog} />}
    >
      {adopted !== null && <Adopted adopted={adopted} onClose={() => setAdopted(null)} />}
      <Loadable query={view}>{(read) => <Rows target={target} view={read} drift={open} />}</Loadable>
      {differences.length > 0 && (
        <div>
          <Text element="h3" variant="h6">
            {t('target.desired.paths', 'Settings of its configuration that differ')}
          </Text>
          <Differences differences={differences} />
        </div>
      )}
      {dialog === 'desired' && view.data !== undefined && (
        <ChangeDesiredDialog target={target} view={view.data} onDismiss={close} />
      )}
      {dialog === 'profile' && view.data !== undefined && (
        <ApplyProfileDialog target={target} view={view.data} onDismiss={close} />
      )}
      {dialog === 'adopt' && <AdoptDialog target={target} onAdopted={setAdopted} onDismiss={close} />}
    </Section>
  );
}

interface ButtonsProps {
  readonly target: FleetTarget;
  readonly view: TargetPolicyView | undefined;
  readonly onOpen: (dialog: Dialog) => void;
}
function Buttons({ target, view, onOpen }: ButtonsProps) {
  const unread = view === undefined ? t('target.desired.unread', 'What is expected of it is still being read.') : null;
  const byFile =
    view?.provisioned === true
      ? t('target.desired.provisioned', 'A file gives it its profile, and that file alone can change it.')
      : null;
  const unbridged = target.bridged
    ? null
    : t('target.desired.unbridged', 'Only a bridge reports what a gateway runs, and none stands beside it.');
  return (
    <>
      <ActionButton role="approver" why={unread} size="sm" variant="secondary" onClick={() => onOpen('desired')}>
        <Trans i18nKey="target.desired.change">Change desired state</Trans>
      </ActionButton>
      <ActionButton
        role="approver"
        why={unread ?? byFile}
        size="sm"
        variant="secondary"
        onClick={() => onOpen('profile')}
      >
        <Trans i18nKey="target.desired.apply">Apply another profile</Trans>
      </ActionButton>
      <ActionButton role="approver" why={unbridged} size="sm" variant="secondary" onClick={() => onOpen('adopt')}>
        <Trans i18nKey="target.desired.adopt">Adopt the running configuration</Trans>
      </ActionButton>
    </>
  );
}

interface RowsProps {
  readonly target: FleetTarget;
  readonly view: TargetPolicyView;
  readonly drift: readonly DriftRecord[];
}
function Rows({ target, view, drift }: RowsProps) {
  const styles = useStyles2(tableStyles);
  return (
    <div className={styles.scroll}>
      <table className={styles.table} aria-label={t('target.desired.table', 'Desired against reported')}>
        <thead>
          <tr>
            <th>
              <Trans i18nKey="target.desired.field">Field</Trans>
            </th>
            <th>
              <Trans i18nKey="target.desired.desired">Desired</Trans>
            </th>
            <th>
              <Trans i18nKey="target.desired.reported">Reported</Trans>
            </th>
            <th>
              <Trans i18nKey="target.desired.differs">Differs</Trans>
            </th>
            <th>
              <Trans i18nKey="target.desired.from">Desired by</Trans>
            </th>
          </tr>
        </thead>
        <tbody>
          {desiredRows(target, view).map((row) => (
            <Row
              key={row.field}
              row={row}
              view={view}
              drift={drift.find(({ category }) => category === row.category)}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps {
  readonly row: DesiredRow;
  readonly view: TargetPolicyView;
  readonly drift: DriftRecord | undefined;
}
function Row({ row, view, drift }: RowProps) {
  const { field, label, desired, reported, differs, source, full } = row;
  const styles = useStyles2(tableStyles);
  const isRevision = field === 'configRevision';
  return (
    <tr>
      <th scope="row">{label}</th>
      <td className={full && styles.hash} title={full?.desired ?? undefined}>
        {desired === null ? (
          <Text color="secondary">{t('target.desired.nothing', 'Nothing')}</Text>
        ) : isRevision ? (
          <TextLink href={href.configuration(full?.desired ?? '')}>{desired}</TextLink>
        ) : (
          desired
        )}
      </td>
      <td className={full && styles.hash} title={full?.reported ?? undefined}>
        {reported ?? (
          <Text color="secondary">
            {row.category === null ? '–' : t('target.desired.not-reported', 'Not reported')}
          </Text>
        )}
      </td>
      <td className={styles.narrow}>
        <Stack direction="row" gap={1} alignItems="center">
          <Differs differs={differs} />
          {differs === true && drift !== undefined && <SeverityBadge severity={drift.severity} />}
        </Stack>
      </td>
      <td className={styles.narrow}>
        {source === 'own' ? (
          <Badge color="blue" icon="user" text={t('target.desired.own', 'Its own')} />
        ) : (
          <TextLink href={href.policy(view.policyProfileId)}>
            {t('target.desired.of-profile', 'Profile {{id}}', { id: view.policyProfileId })}
          </TextLink>
        )}
      </td>
    </tr>
  );
}

function Differs({ differs }: { readonly differs: boolean | null }) {
  if (differs === null) return <Text color="secondary">–</Text>;
  return differs ? (
    <Badge color="orange" icon="exclamation-triangle" text={t('target.desired.yes', 'Yes')} />
  ) : (
    <Badge color="green" icon="check" text={t('target.desired.no', 'No')} />
  );
}

interface AdoptedProps {
  readonly adopted: AdoptedConfig;
  readonly onClose: () => void;
}
const Adopted = ({ adopted: { revision, created, leftOut }, onClose }: AdoptedProps) => (
  <Alert
    bottomSpacing={0}
    severity="success"
    onRemove={onClose}
    title={
      created
        ? t('target.adopt.done', 'What it runs is a revision now')
        : t('target.adopt.known', 'What it runs was a revision already')
    }
  >
    <Stack direction="column" gap={1}>
      <TextLink href={href.configuration(revision.id)}>{revision.title}</TextLink>
      <Text>
        <Trans i18nKey="target.adopt.next">
          Nothing is expected of it yet because of that: name the revision in its profile, or in its own desired state.
        </Trans>
      </Text>
      {leftOut.length > 0 && (
        <div>
          <Text>{t('target.adopt.left-out', 'Settings that no revision may manage were left out:')}</Text>
          <ul>
            {leftOut.map(({ path, message }) => (
              <li key={path}>
                {path}: {message}
              </li>
            ))}
          </ul>
        </div>
      )}
    </Stack>
  </Alert>
);
