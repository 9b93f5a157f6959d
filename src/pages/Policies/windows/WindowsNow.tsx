import { Badge, Stack } from '@grafana/ui';
import type { MaintenanceWindow } from '@openclaw-fleet/contract';
import { t } from '../../../i18n.ts';
import { TimeAgo, useNow } from '../../../components/TimeAgo.tsx';
import { standingOf } from './when.ts';

/** What a policy's windows mean for automation now, and when that changes. */
export function WindowsNow({ windows }: { readonly windows: readonly MaintenanceWindow[] }) {
  const standing = standingOf(windows, useNow());
  if (standing.kind === 'none') return <span>{t('policies.windows.none', 'No windows')}</span>;
  if (standing.kind === 'unknown') return <span>{t('policies.windows.unknown', 'Not known here')}</span>;
  const { kind, changesMs } = standing;
  const at = changesMs === null ? null : new Date(changesMs).toISOString();
  return (
    <Stack direction="row" gap={1} alignItems="center" wrap="wrap">
      {kind === 'held' ? (
        <Badge color="orange" icon="pause" text={t('policies.windows.held', 'Holds automation back')} />
      ) : (
        <Badge color="green" icon="play" text={t('policies.windows.free', 'Lets automation through')} />
      )}
      {at !== null && (
        <span>
          {t('policies.windows.changes', 'changes')} <TimeAgo at={at} />
        </span>
      )}
    </Stack>
  );
}
