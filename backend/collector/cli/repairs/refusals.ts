import type { RefusalReason } from '@openclaw-fleet/contract';
import { CommandError } from '../command.ts';
import { ProblemAnswer } from '../remote/failures.ts';
import { printable } from '../terminal/text.ts';

/** `<target>` stands for the target that was refused. What the message of a refusal says in full has no command. */
const WAYS_OUT: Readonly<Record<RefusalReason, string | null>> = {
  'no-target': 'targets',
  'no-bridge': 'target <target>',
  'not-capable': 'target <target>',
  retired: 'reinstate <target> --reason <why>',
  cordoned: 'uncordon <target> --reason <why>',
  'unknown-state': 'target <target>',
  'no-fault': 'target <target>',
  'target-busy': 'runs --target <target>',
  'in-flight-cap': 'runs --state running --state verifying',
  'plan-too-large': null,
  'attempts-exhausted': 'clear-quarantine <target> --reason <why>',
  quarantined: 'clear-quarantine <target> --reason <why>',
  backoff: null,
  'breaker-open': 'close-breaker <playbook> <fault> --reason <why>',
  isolated: 'target <target>',
  blind: 'status',
  'zone-not-normal': 'status',
  'zones-not-normal': 'status',
  'after-start': null,
  paused: 'resume --reason <why>',
  'target-paused': 'resume <target> --reason <why>',
  'maintenance-window': null,
  'blast-radius': 'status',
  'not-low-risk': null,
  'automation-off': null,
  'not-in-rollout': null,
  'drift-mode': null,
  'too-soon': null,
  'batch-halted': 'runs --state failed --state no_effect',
  'no-desired-revision': 'target <target>',
};

/** The command that shows more of a refusal or ends it; empty: its message says all. @param target null: several */
export function wayOut(reason: RefusalReason, target: string | null): string {
  const command = WAYS_OUT[reason];
  return command === null ? '' : `openclaw-fleet ${command.replace('<target>', target ?? '<target>')}`;
}

/** A refusal of a guardrail in the words of this command line; anything else as it is. */
export function explained(error: unknown, target: string | null): unknown {
  const refusal = error instanceof ProblemAnswer ? error.problem.refusal : undefined;
  if (refusal === undefined || !(error instanceof ProblemAnswer)) return error;
  const { detail, runId } = error.problem;
  const way = wayOut(refusal.reason, target);
  const kept = runId === undefined ? '' : ` It is kept as the run ${printable(runId)}.`;
  return new CommandError(
    `held back by ${refusal.reason}: ${printable(detail)}${way === '' ? '' : ` Next: ${way}.`}${kept}`
  );
}
