import { PageFrame } from '../../components/PageFrame.tsx';

export default function PolicyPage() {
  return <PageFrame title="Policy">{null}</PageFrame>;
}
