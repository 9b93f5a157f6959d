import { Badge, Tooltip } from '@grafana/ui';
import { t } from '../../i18n.ts';

/** Says that a file alone can change it. */
export const FromFile = () => (
  <Badge
    color="blue"
    icon="file-alt"
    text={t('policies.from-file', 'From a file')}
    tooltip={t(
      'policies.from-file-text',
      'It comes from a file in the folder policies.dir of the collector, which alone can change it.'
    )}
  />
);

/** Ends soon, or has ended. Never by colour alone. */
export function WaiverMark({ state }: { readonly state: 'active' | 'soon' | 'ended' }) {
  if (state === 'active') return <Badge color="green" icon="check" text={t('policies.waiver.active', 'In effect')} />;
  if (state === 'soon') return <Badge color="orange" icon="clock-nine" text={t('policies.waiver.soon', 'Ends soon')} />;
  return (
    <Tooltip content={t('policies.waiver.ended-text', 'It has no effect any more, and can be removed.')}>
      <span>
        <Badge color="darkgrey" icon="times" text={t('policies.waiver.ended', 'Ended')} />
      </span>
    </Tooltip>
  );
}
