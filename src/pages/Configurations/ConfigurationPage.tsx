import { PageFrame } from '../../components/PageFrame.tsx';

export default function ConfigurationPage() {
  return <PageFrame title="Configuration">{null}</PageFrame>;
}
