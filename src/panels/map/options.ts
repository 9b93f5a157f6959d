import type { PanelOptionsEditorBuilder } from '@grafana/data';

export interface MapOptions {
  /** Zones to show, separated by commas; empty: all. Variables are replaced. */
  readonly zones: string;
  readonly groupByZone: boolean;
  /** Only targets that are not healthy. */
  readonly onlyTrouble: boolean;
}
export const MAP_DEFAULTS: MapOptions = { zones: '', groupByZone: true, onlyTrouble: false };

export const mapOptions = (builder: PanelOptionsEditorBuilder<MapOptions>): unknown =>
  builder
    .addTextInput({
      path: 'zones',
      name: 'Zones',
      description: 'Separated by commas; variables work. Empty shows all.',
      defaultValue: MAP_DEFAULTS.zones,
    })
    .addBooleanSwitch({ path: 'groupByZone', name: 'Group by zone', defaultValue: MAP_DEFAULTS.groupByZone })
    .addBooleanSwitch({
      path: 'onlyTrouble',
      name: 'Only what is not healthy',
      defaultValue: MAP_DEFAULTS.onlyTrouble,
    });
