import { PageFrame } from '../../components/PageFrame.tsx';

export default function TargetPage() {
  return <PageFrame title="Target">{null}</PageFrame>;
}
