import { Stack, Text, TextLink } from '@grafana/ui';
import type { PolicyProfile, Waiver } from '@openclaw-fleet/contract';
import { useState } from 'react';
import { useRemoveWaiver } from '../../../api/policies.ts';
import { ActionButton } from '../../../components/ActionButton.tsx';
import { ActionDialog } from '../../../components/ActionDialog.tsx';
import { PagedTable } from '../../../components/FaultTable/PagedTable.tsx';
import { TimeAgo, useNow } from '../../../components/TimeAgo.tsx';
import { href } from '../../../constants.ts';
import { t } from '../../../i18n.ts';
import { violationWord } from '../../../words.ts';
import { Group } from '../Group.tsx';
import { WaiverMark } from '../marks.tsx';
import type { Saved } from '../review/Review.tsx';
import { WaiverDialog } from './WaiverDialog.tsx';
import { waiverState } from './waivers.ts';

interface Props {
  readonly policy: PolicyProfile;
  /** Why they cannot be changed; null: they can. */
  readonly why: string | null;
  readonly onSaved: (saved: Saved) => void;
}

/** Violations that are not counted for a while. */
export function WaiversSection({ policy, why, onSaved }: Props) {
  const [adds, setAdds] = useState(false);
  const [ends, setEnds] = useState<Waiver | null>(null);
  const nowMs = useNow();
  const { waivers } = policy;
  return (
    <Group
      title={t('policies.waivers.title', 'Waivers')}
      hint={t('policies.waivers.hint', 'A waiver leaves one kind of violation out of the count until it ends.')}
      actions={
        <ActionButton role="approver" why={why} size="sm" variant="secondary" icon="plus" onClick={() => setAdds(true)}>
          {t('policies.waivers.add', 'Add waiver')}
        </ActionButton>
      }
    >
      {waivers.length === 0 ? (
        <Text>{t('policies.waivers.empty', 'There are none: every violation counts.')}</Text>
      ) : (
        <PagedTable
          label={t('policies.waivers.title', 'Waivers')}
          items={waivers}
          head={
            <>
              <th scope="col">{t('policies.waivers.code', 'Violation')}</th>
              <th scope="col">{t('policies.waivers.targets', 'Targets')}</th>
              <th scope="col">{t('policies.waivers.state', 'State')}</th>
              <th scope="col">{t('policies.waivers.end', 'End')}</th>
              <th scope="col">{t('policies.waivers.reason', 'Reason')}</th>
              <th scope="col">{t('policies.windows.actions', 'Actions')}</th>
            </>
          }
          row={(waiver) => (
            <tr key={waiver.id}>
              <th scope="row">
                {violationWord(waiver.code)}
                <Text element="p" variant="bodySmall" color="secondary">
                  {waiver.id}
                </Text>
              </th>
              <td>
                <Targets ids={waiver.targetIds} />
              </td>
              <td>
                <WaiverMark state={waiverState(waiver, nowMs)} />
              </td>
              <td>
                <TimeAgo at={waiver.expiresAt} />
              </td>
              <td>{waiver.reason}</td>
              <td>
                <ActionButton
                  role="approver"
                  why={why}
                  size="sm"
                  variant="secondary"
                  aria-label={t('policies.waivers.remove-this', 'Remove the waiver {{id}}', { id: waiver.id })}
                  onClick={() => setEnds(waiver)}
                >
                  {t('policies.waivers.remove', 'Remove')}
                </ActionButton>
              </td>
            </tr>
          )}
        />
      )}
      {adds && <WaiverDialog policy={policy} onDismiss={() => setAdds(false)} />}
      {ends !== null && (
        <RemoveDialog policy={policy} waiver={ends} onSaved={onSaved} onDismiss={() => setEnds(null)} />
      )}
    </Group>
  );
}

function Targets({ ids }: { readonly ids: readonly string[] | null }) {
  if (ids === null) return <span>{t('policies.waivers.all', 'Every target of the policy')}</span>;
  return (
    <Stack direction="row" gap={1} wrap="wrap">
      {ids.map((id) => (
        <TextLink key={id} href={href.target(id)} inline={false}>
          {id}
        </TextLink>
      ))}
    </Stack>
  );
}

interface RemoveProps {
  readonly policy: PolicyProfile;
  readonly waiver: Waiver;
  readonly onSaved: (saved: Saved) => void;
  readonly onDismiss: () => void;
}

function RemoveDialog({ policy, waiver, onSaved, onDismiss }: RemoveProps) {
  const remove = useRemoveWaiver(policy.id);
  const ended = waiverState(waiver, useNow()) === 'ended';
  return (
    <ActionDialog
      title={t('policies.waivers.remove-title', 'Remove the waiver {{id}}?', { id: waiver.id })}
      confirm={t('policies.waivers.remove-confirm', 'Remove waiver')}
      destructive={!ended}
      onConfirm={async (reason) => {
        onSaved(await remove.mutateAsync({ version: policy.version, waiverId: waiver.id, reason }));
      }}
      onDismiss={onDismiss}
    >
      <p>
        {ended
          ? t('policies.waivers.remove-ended', 'It has ended, so nothing changes for any target.')
          : t(
              'policies.waivers.remove-text',
              '“{{what}}” counts again at once, for {{targets}}. Scores fall where it is so, and alerts may go out.',
              {
                what: violationWord(waiver.code),
                targets: waiver.targetIds?.join(', ') ?? t('policies.waivers.all-words', 'every target of the policy'),
              }
            )}
      </p>
    </ActionDialog>
  );
}
