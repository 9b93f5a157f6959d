import { PageFrame } from '../../components/PageFrame.tsx';

export default function RunPage() {
  return <PageFrame title="Run">{null}</PageFrame>;
}
