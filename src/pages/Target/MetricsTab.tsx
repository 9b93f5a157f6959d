import type { FleetTarget } from '@openclaw-fleet/contract';
import { lazy, Suspense } from 'react';
import { Loading } from '../../components/states.tsx';

// The scenes library is large, and only this tab needs it.
const TargetMetrics = lazy(() => import('../../components/TargetMetrics/TargetMetrics.tsx'));

/** Its metrics from Prometheus. */
export const MetricsTab = ({ target }: { readonly target: Pick<FleetTarget, 'id'> }) => (
  <Suspense fallback={<Loading />}>
    <TargetMetrics targetId={target.id} />
  </Suspense>
);
