import { Trans } from '@grafana/i18n';
import { Alert } from '@grafana/ui';
import type { Hold } from '@openclaw-fleet/contract';
import { useState } from 'react';
import { t } from '../../i18n.ts';
import { usePauseAll } from '../../api/repairs.ts';
import { ActionButton } from '../../components/ActionButton.tsx';
import { ActionDialog } from '../../components/ActionDialog.tsx';
import { Who } from '../../components/Approvals/Who.tsx';
import { TimeAgo } from '../../components/TimeAgo.tsx';
import { HoldDialog } from './Holds.tsx';

/** The pause of everything, if there is one. */
export const pauseOfAll = (holds: readonly Hold[]): Hold | null =>
  holds.find(({ kind, targetId }) => kind === 'pause' && targetId === null) ?? null;

interface Props {
  /** Undefined: not read yet. */
  readonly holds: readonly Hold[] | undefined;
}

/** Stops all repairs from beginning, or lets them begin again. */
export function PauseButton({ holds }: Props) {
  const [open, setOpen] = useState<'pause' | 'resume' | null>(null);
  const pause = usePauseAll();
  const paused = holds !== undefined && pauseOfAll(holds) !== null;
  return (
    <>
      <ActionButton
        role="operator"
        variant={paused ? 'primary' : 'destructive'}
        fill={paused ? 'solid' : 'outline'}
        icon={paused ? 'play' : 'pause'}
        why={
          holds === undefined ? t('remediations.pause.unread', 'What holds repairs back is still being read.') : null
        }
        onClick={() => setOpen(paused ? 'resume' : 'pause')}
      >
        {paused ? t('holds.end.resume-all', 'Resume all repairs') : t('remediations.pause.all', 'Pause all repairs')}
      </ActionButton>
      {open === 'pause' && (
        <ActionDialog
          title={t('remediations.pause.title', 'Pause all repairs?')}
          confirm={t('remediations.pause.all', 'Pause all repairs')}
          destructive
          onConfirm={(reason) => pause.mutateAsync({ pause: true, reason })}
          onDismiss={() => setOpen(null)}
        >
          <Trans i18nKey="remediations.pause.text">
            No repair begins anywhere, by automation or by a person, until somebody resumes them. What runs now goes on
            to its end.
          </Trans>
        </ActionDialog>
      )}
      {open === 'resume' && <HoldDialog end={{ kind: 'resume-all' }} name="" onDismiss={() => setOpen(null)} />}
    </>
  );
}

/** That everything is paused, where nobody can miss it. */
export function PauseNotice({ holds }: { readonly holds: readonly Hold[] }) {
  const pause = pauseOfAll(holds);
  if (pause === null) return null;
  return (
    <Alert severity="warning" title={t('remediations.pause.notice', 'All repairs are paused')}>
      <Who actor={pause.by} name={pause.byName} /> <TimeAgo at={pause.since} />: {pause.reason}
    </Alert>
  );
}
