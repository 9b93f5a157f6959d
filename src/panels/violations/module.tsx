import { FieldConfigProperty, PanelPlugin } from '@grafana/data';
import { violationsOptions } from './options.ts';
import type { ViolationsOptions } from './options.ts';
import { ViolationsPanel } from './ViolationsPanel.tsx';

export const plugin = new PanelPlugin<ViolationsOptions>(ViolationsPanel)
  .setPanelOptions((builder) => void violationsOptions(builder))
  .useFieldConfig({
    disableStandardOptions: Object.values(FieldConfigProperty).filter((each) => each !== FieldConfigProperty.Links),
  });
