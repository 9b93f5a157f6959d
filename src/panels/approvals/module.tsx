import { PanelPlugin } from '@grafana/data';
import { ApprovalsPanel } from './ApprovalsPanel.tsx';
import { approvalsOptions } from './options.ts';
import type { ApprovalsOptions } from './options.ts';

export const plugin = new PanelPlugin<ApprovalsOptions>(ApprovalsPanel).setPanelOptions(
  (builder) => void approvalsOptions(builder)
);
