import { PageFrame } from '../../components/PageFrame.tsx';

export default function DriftPage() {
  return <PageFrame title="Drift">{null}</PageFrame>;
}
