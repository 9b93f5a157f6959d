import { Stack } from '@grafana/ui';
import type { ButtonProps } from '@grafana/ui';
import { ActionButton } from '../ActionButton.tsx';
import { decisionWord } from './decision-words.ts';
import type { Decision, RunAction } from './run-actions.ts';

const LOOKS: Record<Decision, Pick<ButtonProps, 'variant' | 'icon' | 'fill'>> = {
  approve: { variant: 'success', icon: 'check' },
  deny: { variant: 'destructive', icon: 'times', fill: 'outline' },
  'break-glass': { variant: 'destructive', icon: 'exclamation-triangle', fill: 'outline' },
  cancel: { variant: 'secondary', icon: 'times' },
  'ask-again': { variant: 'primary', icon: 'repeat' },
};

interface Props {
  readonly actions: readonly RunAction[];
  readonly onDecide: (decision: Decision) => void;
  readonly size?: ButtonProps['size'];
  /** What they are about, for who hears several of them read. */
  readonly about?: string;
}

/** The buttons of a plan. One that is disabled says why. */
export const DecisionButtons = ({ actions, onDecide, size = 'md', about }: Props) => (
  <Stack direction="row" gap={1} wrap="wrap">
    {actions.map(({ decision, role, why }) => (
      <ActionButton
        key={decision}
        role={role}
        why={why}
        size={size}
        {...LOOKS[decision]}
        {...(about !== undefined && { 'aria-label': `${decisionWord(decision)}: ${about}` })}
        onClick={() => onDecide(decision)}
      >
        {decisionWord(decision)}
      </ActionButton>
    ))}
  </Stack>
);
