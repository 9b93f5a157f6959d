import type { PanelProps } from '@grafana/data';
import { Approvals } from '../../components/Approvals/Approvals.tsx';
import { PanelShell } from '../PanelShell.tsx';
import type { ApprovalsOptions } from './options.ts';

/** Repairs that wait for an approval, to be decided from a dashboard. */
export const ApprovalsPanel = ({ options }: PanelProps<ApprovalsOptions>) => (
  <PanelShell>
    <Approvals compact={options.compact} />
  </PanelShell>
);
