import { PageFrame } from '../../components/PageFrame.tsx';

export default function ConfigurationsPage() {
  return <PageFrame title="Configurations">{null}</PageFrame>;
}
