import { PageFrame } from '../../components/PageFrame.tsx';

export default function BatchPage() {
  return <PageFrame title="Batch">{null}</PageFrame>;
}
