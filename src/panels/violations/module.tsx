import { PanelPlugin } from '@grafana/data';
import { ViolationsPanel } from './ViolationsPanel.tsx';

export const plugin = new PanelPlugin(ViolationsPanel);
