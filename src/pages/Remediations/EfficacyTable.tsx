import { Badge, Text, useStyles2 } from '@grafana/ui';
import type { Efficacy } from '@openclaw-fleet/contract';
import { t } from '../../i18n.ts';
import { getTableStyles } from '../../components/RunsTable/styles.ts';
import { faultWord, playbookWord } from '../../words.ts';

/** How each playbook has done on each fault. */
export function EfficacyTable({ efficacy }: { readonly efficacy: readonly Efficacy[] }) {
  const styles = useStyles2(getTableStyles);
  if (efficacy.length === 0) return <Text color="secondary">{t('efficacy.none', 'No playbook has run yet.')}</Text>;
  return (
    <div className={styles.scroll}>
      <table className={styles.table} aria-label={t('efficacy.label', 'How playbooks do')}>
        <thead>
          <tr>
            <th scope="col">{t('efficacy.playbook', 'Playbook and fault')}</th>
            <th scope="col">{t('efficacy.rate', 'Succeeded')}</th>
            <th scope="col">{t('efficacy.short', 'Fell short')}</th>
            <th scope="col">{t('efficacy.false', 'False alarms')}</th>
          </tr>
        </thead>
        <tbody>
          {efficacy.map(({ playbook, fault, succeeded, noEffect, failed, falseAlarms, ...one }) => (
            <tr key={`${playbook} ${fault}`}>
              <td>
                {playbookWord(playbook)}
                <Text element="p" variant="bodySmall" color="secondary">
                  {faultWord(fault)}
                </Text>
              </td>
              <td>
                {one.successRate === null
                  ? '–'
                  : t('efficacy.percent', '{{percent}} % ({{succeeded}} of {{acted}})', {
                      percent: Math.round(100 * one.successRate),
                      succeeded,
                      // A false alarm did nothing, so it counts for nothing.
                      acted: succeeded + noEffect + failed,
                    })}{' '}
                {one.breakerOpen && <Badge color="red" icon="bolt" text={t('efficacy.open', 'Breaker open')} />}
              </td>
              <td>{t('efficacy.fell', '{{failed}} failed, {{noEffect}} without effect', { failed, noEffect })}</td>
              <td>{falseAlarms}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
