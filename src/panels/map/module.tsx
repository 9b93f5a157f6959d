import { FieldConfigProperty, PanelPlugin } from '@grafana/data';
import { FleetMapPanel } from './FleetMapPanel.tsx';
import { mapOptions } from './options.ts';
import type { MapOptions } from './options.ts';

export const plugin = new PanelPlugin<MapOptions>(FleetMapPanel)
  .setPanelOptions((builder) => void mapOptions(builder))
  .useFieldConfig({
    disableStandardOptions: Object.values(FieldConfigProperty).filter((each) => each !== FieldConfigProperty.Links),
  });
