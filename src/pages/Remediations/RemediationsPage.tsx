import { PageFrame } from '../../components/PageFrame.tsx';

export default function RemediationsPage() {
  return <PageFrame title="Remediations">{null}</PageFrame>;
}
