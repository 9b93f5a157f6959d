import { PageFrame } from '../../components/PageFrame.tsx';

export default function PoliciesPage() {
  return <PageFrame title="Policies">{null}</PageFrame>;
}
