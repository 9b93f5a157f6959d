import type { DriftRecord } from '@openclaw-fleet/contract';
import { useTargetDrift } from '../../api/faults.ts';
import { Differences } from '../../components/FaultTable/Differences.tsx';
import { Loadable } from '../../components/Loadable.tsx';

/** The paths that differ, where the record is of a configuration that differs now. */
export function DriftDetails({ item }: { readonly item: DriftRecord }) {
  if (item.category !== 'config' || item.resolvedAt !== null) return null;
  return <ConfigDifferences item={item} />;
}

function ConfigDifferences({ item }: { readonly item: DriftRecord }) {
  const query = useTargetDrift(item.targetId, { category: 'config' });
  return (
    <Loadable query={query}>
      {({ pages }) => {
        const found = pages.flatMap(({ items }) => items).find(({ id }) => id === item.id);
        return <Differences differences={found?.differences ?? []} />;
      }}
    </Loadable>
  );
}
