import type { PanelOptionsEditorBuilder } from '@grafana/data';

export interface ApprovalsOptions {
  /** One line for each. */
  readonly compact: boolean;
}
export const APPROVALS_DEFAULTS: ApprovalsOptions = { compact: true };

export const approvalsOptions = (builder: PanelOptionsEditorBuilder<ApprovalsOptions>): unknown =>
  builder.addBooleanSwitch({
    path: 'compact',
    name: 'Compact',
    description: 'One line for each plan.',
    defaultValue: APPROVALS_DEFAULTS.compact,
  });
