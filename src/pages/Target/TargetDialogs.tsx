import { Stack, Text } from '@grafana/ui';
import type { FleetTarget, PlaybookId } from '@openclaw-fleet/contract';
import { useMemo, useState } from 'react';
import type { ReactNode } from 'react';
import { t } from '../../i18n.ts';
import { useDecideTarget } from '../../api/targets.ts';
import type { TargetDecision } from '../../api/targets.ts';
import { ActionDialog } from '../../components/ActionDialog.tsx';
import { RepairDialog } from '../../components/RepairDialog.tsx';
import { faultWord } from '../../words.ts';
import { OpenProvider } from './actions-context.ts';
import type { Opener } from './actions-context.ts';
import { decisionWords } from './decision-words.ts';

type Open =
  | { readonly kind: 'repair'; readonly playbook?: PlaybookId }
  | { readonly kind: 'decide'; readonly decision: TargetDecision; readonly fault?: string };

interface Props {
  readonly target: Pick<FleetTarget, 'id' | 'name'>;
  readonly children: ReactNode;
}

/** Lets what is in it open the dialogs of a target. */
export function TargetDialogs({ target: { id, name }, children }: Props) {
  const [open, setOpen] = useState<Open | null>(null);
  const opener = useMemo(
    (): Opener => ({
      repair: (playbook) => setOpen({ kind: 'repair', ...(playbook && { playbook }) }),
      decide: (decision, fault) => setOpen({ kind: 'decide', decision, ...(fault !== undefined && { fault }) }),
    }),
    []
  );
  const close = (): void => setOpen(null);
  return (
    <OpenProvider value={opener}>
      {children}
      {open?.kind === 'repair' && (
        <RepairDialog targets={[{ id, name }]} {...(open.playbook && { playbook: open.playbook })} onDismiss={close} />
      )}
      {open?.kind === 'decide' && <DecisionDialog id={id} name={name} {...open} onDismiss={close} />}
    </OpenProvider>
  );
}

interface DecisionProps extends Pick<FleetTarget, 'id' | 'name'> {
  readonly decision: TargetDecision;
  readonly fault?: string;
  readonly onDismiss: () => void;
}

/** Asks for one decision about one target. */
function DecisionDialog({ id, name, decision, fault, onDismiss }: DecisionProps) {
  const decide = useDecideTarget(id);
  const { title, text, confirm, destructive } = decisionWords(decision, name);
  return (
    <ActionDialog
      title={title}
      confirm={confirm}
      destructive={destructive}
      onConfirm={(reason) => decide.mutateAsync({ decision, reason, ...(fault !== undefined && { fault }) })}
      onDismiss={onDismiss}
    >
      <Stack direction="column" gap={1}>
        <Text>{text}</Text>
        {decision === 'clear-quarantine' && (
          <Text weight="medium">
            {fault === undefined
              ? t('target.decide.clear-all', 'Every quarantine of it is cleared.')
              : t('target.decide.clear-one', 'Only the quarantine for {{fault}} is cleared.', {
                  fault: faultWord(fault),
                })}
          </Text>
        )}
        <Text variant="bodySmall" color="secondary">
          {t('target.decide.who', 'Node: {{name}} ({{id}})', { name, id })}
        </Text>
      </Stack>
    </ActionDialog>
  );
}
