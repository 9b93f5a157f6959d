import type { DriftRecord } from '@openclaw-fleet/contract';
import { useConfigDrift } from '../../api/faults.ts';
import { Differences } from '../../components/FaultTable/Differences.tsx';
import { Loadable } from '../../components/Loadable.tsx';

/** The paths that differ, where the record is of a configuration that differs now. */
export function DriftDetails({ item }: { readonly item: DriftRecord }) {
  if (item.category !== 'config' || item.resolvedAt !== null) return null;
  return <ConfigDifferences item={item} />;
}

function ConfigDifferences({ item }: { readonly item: DriftRecord }) {
  const query = useConfigDrift(item.targetId);
  return (
    <Loadable query={query}>
      {({ items }) => <Differences differences={items.find(({ id }) => id === item.id)?.differences ?? []} />}
    </Loadable>
  );
}
