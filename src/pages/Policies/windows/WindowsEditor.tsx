import { Alert, Stack } from '@grafana/ui';
import type { MaintenanceWindow, PolicyProfile } from '@openclaw-fleet/contract';
import { useState } from 'react';
import { t } from '../../../i18n.ts';
import { ChangedMeanwhile } from '../review/ChangedMeanwhile.tsx';
import { Review } from '../review/Review.tsx';
import type { Saved } from '../review/Review.tsx';

interface Props {
  readonly policy: PolicyProfile;
  /** As they should be. */
  readonly windows: MaintenanceWindow[];
  readonly onClose: () => void;
  readonly onSaved: (saved: Saved) => void;
}

/** Reviews a change of the windows, which may let automation begin, before it is saved. */
export function WindowsEditor({ policy: current, windows, onClose, onSaved }: Props) {
  const [base, setBase] = useState(current);
  const [refused, setRefused] = useState<string | null>(null);
  const outdated = current.version !== base.version;
  return (
    <Stack direction="column" gap={2}>
      {outdated && (
        <ChangedMeanwhile base={base} current={current} edited={['windows']} onKeep={() => setBase(current)} />
      )}
      {refused !== null && (
        <Alert severity="error" title={t('policies.window.refused', 'The collector does not take this window')}>
          {refused}
        </Alert>
      )}
      <Review
        base={base}
        patch={{ windows }}
        outdated={outdated}
        onInvalid={(error) => setRefused(error.message)}
        onBack={onClose}
        onSaved={onSaved}
      />
    </Stack>
  );
}
