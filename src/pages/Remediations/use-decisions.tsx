import { useState } from 'react';
import type { ReactNode } from 'react';
import { DecisionButtons } from '../../components/Approvals/DecisionButtons.tsx';
import { DecisionDialog } from '../../components/Approvals/DecisionDialog.tsx';
import { runActions } from '../../components/Approvals/run-actions.ts';
import type { Decision, Subject } from '../../components/Approvals/run-actions.ts';
import { useOnlooker } from '../../components/Approvals/use-onlooker.ts';
import { RepairDialog } from '../../components/RepairDialog.tsx';

/**
 * The buttons of a run or a batch, and the dialog that one of them opened. The dialog stays whatever becomes of the plan
 * meanwhile, so that a refusal can be read.
 * @param subject null: it is not read yet
 */
export function useDecisions(
  subject: Subject | null,
  nameOf: (id: string) => string
): { readonly buttons: ReactNode; readonly dialog: ReactNode } {
  const onlooker = useOnlooker();
  const [open, setOpen] = useState<{ readonly subject: Subject; readonly decision: Decision } | null>(null);
  const close = (): void => setOpen(null);
  const buttons = subject !== null && (
    <DecisionButtons actions={runActions(subject, onlooker)} onDecide={(decision) => setOpen({ subject, decision })} />
  );
  if (open === null) return { buttons, dialog: null };
  const { decision } = open;
  if (decision !== 'ask-again')
    return { buttons, dialog: <DecisionDialog {...open} decision={decision} nameOf={nameOf} onDismiss={close} /> };
  const targets = (open.subject.again ?? []).map((id) => ({ id, name: nameOf(id) }));
  return {
    buttons,
    dialog: <RepairDialog targets={targets} playbook={open.subject.plan.playbook} onDismiss={close} />,
  };
}
