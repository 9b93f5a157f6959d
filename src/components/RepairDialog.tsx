import type { PlaybookId } from '@openclaw-fleet/contract';

export interface RepairDialogProps {
  /** What to repair: one, or a batch of at most 50. */
  readonly targets: readonly { readonly id: string; readonly name: string }[];
  /** Left out: for one target, what its worst open fault suggests; for several, the person chooses. */
  readonly playbook?: PlaybookId;
  readonly onDismiss: () => void;
}

/** Shows the plan of a repair (a dry run), and asks for it. Then the run's page follows. */
export function RepairDialog(_props: RepairDialogProps) {
  return null;
}
