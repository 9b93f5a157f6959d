import { PanelPlugin } from '@grafana/data';
import { FleetMapPanel } from './FleetMapPanel.tsx';

export const plugin = new PanelPlugin(FleetMapPanel);
