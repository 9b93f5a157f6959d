import { Alert, Button, Stack } from '@grafana/ui';
import type { PolicyProfile } from '@openclaw-fleet/contract';
import { t } from '../../../i18n.ts';
import { DifferencesTable } from './DifferencesTable.tsx';
import { differences } from './differences.ts';

interface Props {
  /** The version that was edited. */
  readonly base: PolicyProfile;
  /** The version there is now. */
  readonly current: PolicyProfile;
  /** Names of what is being edited: fields, `windows`. */
  readonly edited: readonly string[];
  readonly onKeep: () => void;
}

/** Somebody else changed the policy while it was edited: what they changed, and that the edits are still there. */
export function ChangedMeanwhile({ base, current, edited, onKeep }: Props) {
  const theirs = differences(base, current);
  return (
    <Alert
      severity="warning"
      title={t(
        'policies.meanwhile.title',
        'Somebody else changed this policy meanwhile: it is version {{version}} now',
        {
          version: current.version,
        }
      )}
    >
      <Stack direction="column" gap={2} alignItems="flex-start">
        <p>
          {t(
            'policies.meanwhile.text',
            '{{who}} changed what is listed here. Your edits are kept, and saved over it only if you go on with them.',
            { who: current.updatedBy }
          )}
        </p>
        <DifferencesTable
          label={t('policies.meanwhile.table', 'What somebody else changed')}
          items={theirs}
          note={({ name }) =>
            edited.includes(name) ? t('policies.meanwhile.both', 'You changed it too: yours would replace it') : '–'
          }
        />
        <Button variant="secondary" onClick={onKeep}>
          {t('policies.meanwhile.keep', 'Go on with my edits on version {{version}}', { version: current.version })}
        </Button>
      </Stack>
    </Alert>
  );
}
