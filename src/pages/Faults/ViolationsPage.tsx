import { PageFrame } from '../../components/PageFrame.tsx';

export default function ViolationsPage() {
  return <PageFrame title="Violations">{null}</PageFrame>;
}
