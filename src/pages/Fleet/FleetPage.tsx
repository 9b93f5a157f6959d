import { PageFrame } from '../../components/PageFrame.tsx';

export default function FleetPage() {
  return <PageFrame title="Fleet">{null}</PageFrame>;
}
