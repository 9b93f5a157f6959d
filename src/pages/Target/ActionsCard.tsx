import { Trans } from '@grafana/i18n';
import { Text, useStyles2 } from '@grafana/ui';
import { t } from '../../i18n.ts';
import { ActionButton } from '../../components/ActionButton.tsx';
import { useOpen } from './actions-context.ts';
import { actionWords } from './decision-words.ts';
import { Section } from './Section.tsx';
import { shownActions } from './shown-actions.ts';
import { tableStyles } from './table.ts';
import type { TargetAction } from './target-actions.ts';

interface Props {
  readonly actions: readonly TargetAction[];
  readonly name: string;
}

/** What may be done now, and why the rest may not. */
export function ActionsCard({ actions, name }: Props) {
  const styles = useStyles2(tableStyles);
  const open = useOpen();
  return (
    <Section title={t('target.actions.title', 'Actions')}>
      <div className={styles.scroll}>
        <table className={styles.table} aria-label={t('target.actions.title', 'Actions')}>
          <thead>
            <tr>
              <th>
                <Trans i18nKey="target.actions.action">Action</Trans>
              </th>
              <th>
                <Trans i18nKey="target.actions.what">What it does, or why not now</Trans>
              </th>
            </tr>
          </thead>
          <tbody>
            {shownActions(actions).map(({ id, role, why, playbook }) => {
              const { button, about } = actionWords(id, name);
              return (
                <tr key={id}>
                  <td className={styles.narrow}>
                    <ActionButton
                      role={role}
                      why={why}
                      size="sm"
                      variant="secondary"
                      onClick={() => (id === 'repair' ? open.repair(playbook ?? undefined) : open.decide(id))}
                    >
                      {button}
                    </ActionButton>
                  </td>
                  <td>
                    {about}
                    {why !== null && (
                      <div>
                        <Text variant="bodySmall" color="secondary">
                          <Trans i18nKey="target.actions.not-now">Not now:</Trans> {why}
                        </Text>
                      </div>
                    )}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </Section>
  );
}
