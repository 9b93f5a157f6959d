import type { PanelOptionsEditorBuilder } from '@grafana/data';
import { VIOLATION_SEVERITIES } from '@openclaw-fleet/contract';
import type { ViolationSeverity } from '@openclaw-fleet/contract';

export interface ViolationsOptions {
  /** Zones to show, separated by commas; empty: all. Variables are replaced. */
  readonly zones: string;
  /** One target; empty: all. Variables are replaced. */
  readonly target: string;
  /** None: all. */
  readonly severities?: readonly ViolationSeverity[];
  readonly limit: number;
}
export const VIOLATIONS_DEFAULTS: ViolationsOptions = { zones: '', target: '', limit: 50 };

export const violationsOptions = (builder: PanelOptionsEditorBuilder<ViolationsOptions>): unknown =>
  builder
    .addTextInput({
      path: 'zones',
      name: 'Zones',
      description: 'Separated by commas; variables work. Empty shows all.',
      defaultValue: VIOLATIONS_DEFAULTS.zones,
    })
    .addTextInput({
      path: 'target',
      name: 'Target',
      description: 'The id of one target, such as $target. Empty shows all.',
      defaultValue: VIOLATIONS_DEFAULTS.target,
    })
    .addMultiSelect({
      path: 'severities',
      name: 'Severities',
      description: 'None shows all.',
      settings: { options: VIOLATION_SEVERITIES.map((value) => ({ value, label: value })) },
    })
    .addNumberInput({
      path: 'limit',
      name: 'Rows',
      settings: { min: 1, max: 500, integer: true },
      defaultValue: VIOLATIONS_DEFAULTS.limit,
    });
