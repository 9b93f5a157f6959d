import type { PluginConfigPageProps } from '@grafana/data';
import type { FleetMeta } from '../../settings.ts';

export type SetupProps = PluginConfigPageProps<FleetMeta>;

export default function SetupPage({ plugin }: SetupProps) {
  return <p>{plugin.meta.name}</p>;
}
