import { Button, Checkbox, Field, Input, Stack, Text } from '@grafana/ui';
import type { FleetTarget } from '@openclaw-fleet/contract';
import { memo, useState } from 'react';
import { useTargets } from '../../../api/targets.ts';
import { StateBadge } from '../../../components/badges.tsx';
import { PagedTable } from '../../../components/FaultTable/PagedTable.tsx';
import { Loadable } from '../../../components/Loadable.tsx';
import { Empty } from '../../../components/states.tsx';
import { useDebounced } from '../../../hooks/use-debounced.ts';
import { t } from '../../../i18n.ts';

/** Targets that a preview takes at once. */
export const MOST_TARGETS = 500;

interface Props {
  readonly policyId: string;
  readonly chosen: ReadonlySet<string>;
  readonly onChange: (chosen: ReadonlySet<string>) => void;
}

/** Targets to choose from; those that have the policy already cannot be chosen. */
export function TargetChoice({ policyId, chosen, onChange }: Props) {
  const [text, setText] = useState('');
  const targets = useTargets({ q: useDebounced(text), limit: 200 });
  const toggle = (ids: readonly string[], on: boolean): void => {
    const next = new Set(chosen);
    for (const id of ids) {
      if (on) next.add(id);
      else next.delete(id);
    }
    onChange(next);
  };
  return (
    <Stack direction="column" gap={2}>
      <Field label={t('policies.apply.search', 'Search targets')} htmlFor="apply-search" noMargin>
        <Input
          id="apply-search"
          width={40}
          value={text}
          placeholder={t('policies.apply.search-hint', 'Name or id')}
          onChange={(event) => setText(event.currentTarget.value)}
        />
      </Field>
      <Loadable query={targets}>
        {({ pages }) => {
          const items = pages.flatMap((page) => page.items);
          if (items.length === 0)
            return (
              <Empty
                title={t('policies.apply.no-match', 'No target matches')}
                button={
                  <Button variant="secondary" onClick={() => setText('')}>
                    {t('policies.clear', 'Clear the search')}
                  </Button>
                }
              />
            );
          const free = items.filter((each) => each.policyProfileId !== policyId).map(({ id }) => id);
          const all = free.length > 0 && free.every((id) => chosen.has(id));
          return (
            <>
              <Stack direction="row" gap={2} alignItems="center">
                <Checkbox
                  label={t('policies.apply.all', 'Choose all {{free}} that are listed', { free: free.length })}
                  value={all}
                  disabled={free.length === 0}
                  onChange={() => toggle(free, !all)}
                />
                <Text>{t('policies.apply.chosen', '{{chosen}} chosen', { chosen: chosen.size })}</Text>
              </Stack>
              <PagedTable
                label={t('policies.apply.table', 'Targets to choose from')}
                items={items}
                head={
                  <>
                    <th scope="col">{t('policies.apply.choose', 'Choose')}</th>
                    <th scope="col">{t('policies.apply.target', 'Target')}</th>
                    <th scope="col">{t('policies.apply.zone', 'Zone')}</th>
                    <th scope="col">{t('policies.apply.state', 'State')}</th>
                    <th scope="col">{t('policies.apply.policy', 'Its policy now')}</th>
                  </>
                }
                row={(each) => (
                  <Row
                    key={each.id}
                    target={each}
                    has={each.policyProfileId === policyId}
                    chosen={chosen.has(each.id)}
                    onToggle={() => toggle([each.id], !chosen.has(each.id))}
                  />
                )}
                {...(targets.hasNextPage && {
                  more: { busy: targets.isFetchingNextPage, load: () => void targets.fetchNextPage() },
                })}
              />
            </>
          );
        }}
      </Loadable>
    </Stack>
  );
}

interface RowProps {
  readonly target: FleetTarget;
  readonly has: boolean;
  readonly chosen: boolean;
  readonly onToggle: () => void;
}

const Row = memo(function Row({ target, has, chosen, onToggle }: RowProps) {
  return (
    <tr>
      <td>
        <Checkbox
          aria-label={t('policies.apply.choose-this', 'Choose {{name}}', { name: target.name })}
          value={chosen}
          disabled={has}
          onChange={onToggle}
        />
      </td>
      <th scope="row">
        {target.name}
        {target.name !== target.id && (
          <Text element="p" variant="bodySmall" color="secondary">
            {target.id}
          </Text>
        )}
      </th>
      <td>{target.zone}</td>
      <td>
        <StateBadge state={target.liveness.state} />
      </td>
      <td>
        {has
          ? t('policies.apply.has', '{{policy}}: it has it already', { policy: target.policyProfileId })
          : target.policyProfileId}
      </td>
    </tr>
  );
});
