import { Trans } from '@grafana/i18n';
import { Button, RadioButtonGroup, Stack, Text, useStyles2 } from '@grafana/ui';
import type { DriftRecord, FleetTarget, PolicyViolation } from '@openclaw-fleet/contract';
import { useId } from 'react';
import type { ReactNode } from 'react';
import { t } from '../../i18n.ts';
import { useTargetDrift, useViolations } from '../../api/faults.ts';
import { ActionButton } from '../../components/ActionButton.tsx';
import { SeverityBadge } from '../../components/badges.tsx';
import { Differences } from '../../components/FaultTable/Differences.tsx';
import { openedAt, whyNoRepair } from '../../components/FaultTable/faults.ts';
import type { Fault } from '../../components/FaultTable/faults.ts';
import { shortHash } from '../../components/FaultTable/hash.ts';
import { Loadable } from '../../components/Loadable.tsx';
import { Empty } from '../../components/states.tsx';
import { TimeAgo } from '../../components/TimeAgo.tsx';
import { useUrlState } from '../../hooks/use-url-state.ts';
import { driftWord, playbookWord, violationWord } from '../../words.ts';
import { useOpen } from './actions-context.ts';
import { openFirst } from './open-first.ts';
import { Section } from './Section.tsx';
import { tableStyles } from './table.ts';

type Shown = 'open' | 'all';

/** What is wrong with it, and on demand what was. */
export function FaultsTab({ target }: { readonly target: FleetTarget }) {
  const url = useUrlState();
  const id = useId();
  const state: Shown = url.get('state') === 'all' ? 'all' : 'open';
  return (
    <Stack direction="column" gap={2}>
      <div>
        <RadioButtonGroup<Shown>
          id={id}
          aria-label={t('target.faults.which', 'Which drift and violations to show')}
          options={[
            { value: 'open', label: t('target.faults.open', 'Open') },
            { value: 'all', label: t('target.faults.all', 'Open and resolved') },
          ]}
          value={state}
          onChange={(chosen) => url.set({ state: chosen === 'all' ? 'all' : null })}
        />
      </div>
      <Drift target={target} state={state} />
      <Violations target={target} state={state} />
    </Stack>
  );
}

interface Props {
  readonly target: FleetTarget;
  readonly state: Shown;
}

function Drift({ target, state }: Props) {
  const query = useTargetDrift(target.id, { state: state === 'open' ? undefined : state });
  const items = query.data && openFirst(query.data.pages.flatMap((page) => page.items));
  return (
    <Section title={t('target.faults.drift', 'Drift')}>
      <Loadable query={{ ...query, data: items }}>
        {(drift) =>
          drift.length === 0 ? (
            <NoneOf
              title={
                state === 'open'
                  ? t('target.faults.no-drift', 'It runs what is expected of it')
                  : t('target.faults.never-drift', 'It never differed from what is expected')
              }
            />
          ) : (
            <Table
              label={t('target.faults.drift-table', 'Drift of this target')}
              what={t('target.faults.what', 'Drift')}
            >
              {drift.map((each) => (
                <Row key={each.id} fault={each} name={target.name} word={driftWord(each.category)}>
                  <DriftDetail drift={each} />
                </Row>
              ))}
            </Table>
          )
        }
      </Loadable>
      <More query={query} />
    </Section>
  );
}

function Violations({ target, state }: Props) {
  const query = useViolations({ target: target.id, state: state === 'open' ? undefined : state });
  const items = query.data && openFirst(query.data.pages.flatMap((page) => page.items));
  return (
    <Section title={t('target.faults.violations', 'Policy violations')}>
      <Loadable query={{ ...query, data: items }}>
        {(violations) =>
          violations.length === 0 ? (
            <NoneOf
              title={
                state === 'open'
                  ? t('target.faults.no-violation', 'It breaks no rule of its profile')
                  : t('target.faults.never-violation', 'It never broke a rule of its profile')
              }
            />
          ) : (
            <Table
              label={t('target.faults.violation-table', 'Violations of this target')}
              what={t('target.faults.rule', 'Rule')}
            >
              {violations.map((each) => (
                <Row key={each.id} fault={each} name={target.name} word={violationWord(each.code)}>
                  <ViolationDetail violation={each} />
                </Row>
              ))}
            </Table>
          )
        }
      </Loadable>
      <More query={query} />
    </Section>
  );
}

const NoneOf = ({ title }: { readonly title: string }) => <Empty good title={title} />;

interface MoreProps {
  readonly query: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };
}
const More = ({ query: { hasNextPage, isFetchingNextPage, fetchNextPage } }: MoreProps) =>
  hasNextPage ? (
    <div>
      <Button variant="secondary" disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
        <Trans i18nKey="target.faults.more">Show older ones</Trans>
      </Button>
    </div>
  ) : null;

interface TableProps {
  readonly label: string;
  readonly what: string;
  readonly children: ReactNode;
}
function Table({ label, what, children }: TableProps) {
  const styles = useStyles2(tableStyles);
  return (
    <div className={styles.scroll}>
      <table className={styles.table} aria-label={label}>
        <thead>
          <tr>
            <th>
              <Trans i18nKey="target.faults.severity">Severity</Trans>
            </th>
            <th>{what}</th>
            <th>
              <Trans i18nKey="target.faults.detail">What is wrong and what to do</Trans>
            </th>
            <th>
              <Trans i18nKey="target.faults.since">Since</Trans>
            </th>
            <th>
              <Trans i18nKey="target.faults.repair">Suggested repair</Trans>
            </th>
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

interface RowProps {
  readonly fault: Fault;
  readonly name: string;
  readonly word: string;
  readonly children: ReactNode;
}
function Row({ fault, name, word, children }: RowProps) {
  const styles = useStyles2(tableStyles);
  const open = useOpen();
  const playbook = fault.suggestedPlaybookId;
  return (
    <tr>
      <td className={styles.narrow}>
        <SeverityBadge severity={fault.severity} />
      </td>
      <th scope="row" className={styles.narrow}>
        {word}
      </th>
      <td>{children}</td>
      <td className={styles.narrow}>
        <TimeAgo at={openedAt(fault)} />
        {fault.resolvedAt !== null && (
          <div>
            <Text variant="bodySmall" color="success">
              <Trans i18nKey="target.faults.resolved">Resolved</Trans> <TimeAgo at={fault.resolvedAt} />
            </Text>
          </div>
        )}
      </td>
      <td className={styles.narrow}>
        {playbook === undefined || fault.resolvedAt !== null ? (
          <Text variant="bodySmall" color="secondary">
            {fault.resolvedAt === null ? t('target.faults.by-hand', 'By hand') : '–'}
          </Text>
        ) : (
          <>
            <ActionButton
              role="operator"
              size="sm"
              variant="secondary"
              icon="wrench"
              why={whyNoRepair(fault)}
              aria-label={t('target.faults.repair-label', 'Repair {{name}}: {{word}}', { name, word })}
              onClick={() => open.repair(playbook)}
            >
              {t('target.repair', 'Repair')}
            </ActionButton>
            <div>
              <Text variant="bodySmall" color="secondary">
                {playbookWord(playbook)}
              </Text>
            </div>
          </>
        )}
      </td>
    </tr>
  );
}

function DriftDetail({ drift }: { readonly drift: DriftRecord }) {
  const { reason, expected, actual, differences = [] } = drift;
  return (
    <Stack direction="column" gap={0.5}>
      <Text>{reason}</Text>
      <Text variant="bodySmall" color="secondary">
        {t('target.faults.sides', 'Expected {{expected}}, actual {{actual}}', {
          expected: shortHash(expected) || '–',
          actual: shortHash(actual) || '–',
        })}
      </Text>
      {differences.length > 0 && (
        <details open={differences.length <= 5}>
          <summary>
            {t('target.faults.paths', 'Settings that differ: {{count}}', { count: differences.length })}
          </summary>
          <Differences differences={differences} />
        </details>
      )}
    </Stack>
  );
}

const ViolationDetail = ({ violation: { message, hint } }: { readonly violation: PolicyViolation }) => (
  <Stack direction="column" gap={0.5}>
    <Text>{message}</Text>
    <Text variant="bodySmall" color="secondary">
      {hint}
    </Text>
  </Stack>
);
