import { Trans } from '@grafana/i18n';
import { Stack, Text, TextLink } from '@grafana/ui';
import type { ConfigList, PolicyProfile } from '@openclaw-fleet/contract';
import { memo, useMemo, useState } from 'react';
import { t } from '../../i18n.ts';
import { useConfigs } from '../../api/configurations.ts';
import { usePeople } from '../../api/people.ts';
import { usePolicies } from '../../api/policies.ts';
import { useTargetNames } from '../../api/target-names.ts';
import { ActionButton } from '../../components/ActionButton.tsx';
import { shortHash } from '../../components/FaultTable/hash.ts';
import { PagedTable, ROWS } from '../../components/FaultTable/PagedTable.tsx';
import { Loadable } from '../../components/Loadable.tsx';
import { PageFrame } from '../../components/PageFrame.tsx';
import { Empty } from '../../components/states.tsx';
import { TimeAgo } from '../../components/TimeAgo.tsx';
import { href } from '../../constants.ts';
import { can } from '../../permissions.ts';
import { NewRevision } from './NewRevision.tsx';

/** Revisions of configuration, and who is to run them. */
export default function ConfigurationsPage() {
  const [writes, setWrites] = useState(false);
  const query = useConfigs({ limit: ROWS });
  const { data: policies } = usePolicies();
  const people = usePeople(can('approver'));
  const { nameOf } = useTargetNames();
  const items = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data]);
  const button = (
    <ActionButton role="approver" icon="plus" onClick={() => setWrites(true)}>
      <Trans i18nKey="configurations.new.button">New revision</Trans>
    </ActionButton>
  );
  return (
    <PageFrame
      title={t('configurations.title', 'Configurations')}
      subTitle={t(
        'configurations.subtitle',
        'Revisions of what gateways are to be configured with. A policy or a target names the one it wants.'
      )}
      actions={button}
    >
      <Loadable query={query}>
        {() =>
          items.length === 0 ? (
            <Empty title={t('configurations.none', 'No revision was stored yet')} button={button}>
              <Trans i18nKey="configurations.none-text">
                Write one, or adopt what a target runs on the page of that target.
              </Trans>
            </Empty>
          ) : (
            <PagedTable
              label={t('configurations.table', 'Revisions, the newest first')}
              items={items}
              more={
                query.hasNextPage
                  ? { busy: query.isFetchingNextPage, load: () => void query.fetchNextPage() }
                  : undefined
              }
              head={<Head />}
              row={(item) => (
                <Row
                  key={item.id}
                  item={item}
                  by={people.get(item.createdBy) ?? item.createdBy}
                  adoptedFrom={item.adoptedFrom === null ? null : nameOf(item.adoptedFrom)}
                  policies={policies?.items}
                />
              )}
            />
          )
        }
      </Loadable>
      {writes && <NewRevision onDismiss={() => setWrites(false)} />}
    </PageFrame>
  );
}

const Head = () => (
  <>
    <th>
      <Trans i18nKey="configurations.head.title">Title</Trans>
    </th>
    <th>
      <Trans i18nKey="configurations.head.id">Revision</Trans>
    </th>
    <th>
      <Trans i18nKey="configurations.head.paths">Paths</Trans>
    </th>
    <th>
      <Trans i18nKey="configurations.head.wanted">Wanted by</Trans>
    </th>
    <th>
      <Trans i18nKey="configurations.head.by">Stored by</Trans>
    </th>
    <th>
      <Trans i18nKey="configurations.head.when">When</Trans>
    </th>
    <th>
      <Trans i18nKey="configurations.head.adopted">Adopted from</Trans>
    </th>
  </>
);

interface RowProps {
  readonly item: ConfigList['items'][number];
  readonly by: string;
  readonly adoptedFrom: string | null;
  readonly policies: readonly PolicyProfile[] | undefined;
}

const Row = memo(function Row({ item, by, adoptedFrom, policies = [] }: RowProps) {
  return (
    <tr>
      <td>
        <TextLink href={href.configuration(item.id)}>{item.title}</TextLink>
        <Text element="p" variant="bodySmall" color="secondary">
          {item.reason}
        </Text>
      </td>
      <td title={item.id}>
        <code>{shortHash(item.id)}</code>
      </td>
      <td>{item.paths}</td>
      <td>
        <WantedBy policies={policies.filter(({ desired }) => desired.configRevision === item.id)} />
      </td>
      <td title={item.createdBy}>{by}</td>
      <td>
        <TimeAgo at={item.createdAt} />
      </td>
      <td>
        {item.adoptedFrom === null ? '–' : <TextLink href={href.target(item.adoptedFrom)}>{adoptedFrom}</TextLink>}
      </td>
    </tr>
  );
});

/** Policies that name a revision, with the targets that each applies to. */
export function WantedBy({ policies }: { readonly policies: readonly PolicyProfile[] }) {
  if (policies.length === 0)
    return (
      <Text color="secondary">
        <Trans i18nKey="configurations.wanted.none">No policy</Trans>
      </Text>
    );
  return (
    <Stack direction="column" gap={0}>
      {policies.map(({ id, name, targets }) => (
        <span key={id}>
          <TextLink href={href.policy(id)}>{name}</TextLink>{' '}
          {t('configurations.wanted.targets', '(targets: {{targets}})', { targets })}
        </span>
      ))}
    </Stack>
  );
}
