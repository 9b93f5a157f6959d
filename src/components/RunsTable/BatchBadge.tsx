import { Badge } from '@grafana/ui';
import type { BadgeColor, IconName } from '@grafana/ui';
import type { Batch } from '@openclaw-fleet/contract';
import { t } from '../../i18n.ts';

type BatchState = Batch['state'];

export const batchStateWord = (state: BatchState): string =>
  ({
    pending_approval: t('words.batch.pending-approval', 'Waits for approval'),
    running: t('words.batch.running', 'Running'),
    halted: t('words.batch.halted', 'Halted'),
    done: t('words.batch.done', 'Done'),
    cancelled: t('words.batch.cancelled', 'Cancelled'),
    denied: t('words.batch.denied', 'Denied'),
    expired: t('words.batch.expired', 'Expired'),
    voided: t('words.batch.voided', 'Voided'),
  })[state];

const LOOKS: Record<BatchState, readonly [BadgeColor, IconName]> = {
  pending_approval: ['purple', 'user'],
  running: ['blue', 'sync'],
  halted: ['red', 'pause'],
  done: ['green', 'check-circle'],
  cancelled: ['darkgrey', 'circle'],
  denied: ['darkgrey', 'circle'],
  expired: ['darkgrey', 'circle'],
  voided: ['darkgrey', 'circle'],
};

export const BatchBadge = ({ state }: { readonly state: BatchState }) => {
  const [color, icon] = LOOKS[state];
  return <Badge color={color} icon={icon} text={batchStateWord(state)} />;
};
