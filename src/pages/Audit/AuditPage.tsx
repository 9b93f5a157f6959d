import { PageFrame } from '../../components/PageFrame.tsx';

export default function AuditPage() {
  return <PageFrame title="Audit">{null}</PageFrame>;
}
