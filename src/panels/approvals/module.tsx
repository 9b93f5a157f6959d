import { PanelPlugin } from '@grafana/data';
import { ApprovalsPanel } from './ApprovalsPanel.tsx';

export const plugin = new PanelPlugin(ApprovalsPanel);
