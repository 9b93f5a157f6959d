import { Stack, Text } from '@grafana/ui';
import type { MaintenanceWindow, PolicyProfile } from '@openclaw-fleet/contract';
import { useState } from 'react';
import { ActionButton } from '../../../components/ActionButton.tsx';
import { PagedTable } from '../../../components/FaultTable/PagedTable.tsx';
import { TimeAgo, useNow } from '../../../components/TimeAgo.tsx';
import { t } from '../../../i18n.ts';
import { Group } from '../Group.tsx';
import { cronWords, lengthWords } from './cron-words.ts';
import { windowState } from './when.ts';
import { WindowDialog } from './WindowDialog.tsx';
import { WindowsNow } from './WindowsNow.tsx';

interface Props {
  readonly policy: PolicyProfile;
  /** Why they cannot be changed; null: they can. */
  readonly why: string | null;
  /** What the windows should be; it is reviewed before it is saved. */
  readonly onChange: (windows: MaintenanceWindow[]) => void;
}

/** When automation may, or may not, act. */
export function WindowsSection({ policy: { windows }, why, onChange }: Props) {
  /** The place of the one that is edited; `windows.length`: a new one. */
  const [edits, setEdits] = useState<number | null>(null);
  const add = (
    <ActionButton
      role="approver"
      why={why}
      size="sm"
      variant="secondary"
      icon="plus"
      onClick={() => setEdits(windows.length)}
    >
      {t('policies.windows.add', 'Add window')}
    </ActionButton>
  );
  return (
    <Group
      title={t('policies.windows.title', 'Maintenance windows')}
      hint={t(
        'policies.windows.hint',
        'Automation waits while a window without automation is open. Where there are windows with automation, it acts in those alone. People can still repair, with the approval of two others while it waits.'
      )}
      actions={add}
    >
      {windows.length === 0 ? (
        <Text>{t('policies.windows.empty', 'There are none: automation may act at any time.')}</Text>
      ) : (
        <>
          <WindowsNow windows={windows} />
          <PagedTable
            label={t('policies.windows.title', 'Maintenance windows')}
            items={windows.map((window, index) => ({ window, index }))}
            head={
              <>
                <th scope="col">{t('policies.windows.kind', 'Automation')}</th>
                <th scope="col">{t('policies.windows.when', 'Opens')}</th>
                <th scope="col">{t('policies.windows.length', 'Stays open')}</th>
                <th scope="col">{t('policies.windows.now', 'Now')}</th>
                <th scope="col">{t('policies.windows.reason', 'Reason')}</th>
                <th scope="col">{t('policies.windows.actions', 'Actions')}</th>
              </>
            }
            row={({ window, index }) => (
              <tr key={index}>
                <td>{kindWord(window.kind)}</td>
                <td>
                  {cronWords(window.schedule)} ({window.timeZone})
                  <Text element="p" variant="bodySmall" color="secondary">
                    {window.schedule}
                  </Text>
                </td>
                <td>{lengthWords(window.durationMinutes)}</td>
                <td>
                  <Now window={window} />
                </td>
                <td>{window.reason}</td>
                <td>
                  <Stack direction="row" gap={1}>
                    <ActionButton
                      role="approver"
                      why={why}
                      size="sm"
                      variant="secondary"
                      aria-label={t('policies.windows.edit-this', 'Edit the window {{number}}', { number: index + 1 })}
                      onClick={() => setEdits(index)}
                    >
                      {t('policies.windows.edit', 'Edit')}
                    </ActionButton>
                    <ActionButton
                      role="approver"
                      why={why}
                      size="sm"
                      variant="secondary"
                      aria-label={t('policies.windows.remove-this', 'Remove the window {{number}}', {
                        number: index + 1,
                      })}
                      onClick={() => onChange(windows.filter((_, at) => at !== index))}
                    >
                      {t('policies.windows.remove', 'Remove')}
                    </ActionButton>
                  </Stack>
                </td>
              </tr>
            )}
          />
        </>
      )}
      {edits !== null && (
        <WindowDialog
          window={windows[edits] ?? null}
          onDone={(window) => onChange([...windows.slice(0, edits), window, ...windows.slice(edits + 1)])}
          onDismiss={() => setEdits(null)}
        />
      )}
    </Group>
  );
}

const kindWord = (kind: MaintenanceWindow['kind']): string =>
  kind === 'deny' ? t('policies.windows.deny', 'Waits') : t('policies.windows.allow', 'May act');

function Now({ window }: { readonly window: MaintenanceWindow }) {
  const state = windowState(window, useNow());
  if (state === null) return <span>{t('policies.windows.never', 'Does not open')}</span>;
  const at = new Date(state.open ? state.untilMs : state.opensMs).toISOString();
  return (
    <span>
      {state.open ? t('policies.windows.open', 'Open; ends') : t('policies.windows.opens', 'Opens')} <TimeAgo at={at} />
    </span>
  );
}
