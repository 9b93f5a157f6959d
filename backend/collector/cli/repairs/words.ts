import type { Run, RunState, RunStep } from '@openclaw-fleet/contract';
import type { Tone } from '../terminal/screen.ts';

export const RUN_TONES: Readonly<Record<RunState, Tone>> = {
  pending_approval: 'notice',
  approved: 'notice',
  running: 'notice',
  verifying: 'notice',
  succeeded: 'good',
  failed: 'worst',
  no_effect: 'worst',
  rolled_back: 'bad',
  no_fault: 'quiet',
  unreachable: 'worst',
  denied: 'quiet',
  cancelled: 'quiet',
  expired: 'quiet',
  voided: 'quiet',
  blocked: 'bad',
};

/** What became of a step. */
export const STEP_WORDS: Readonly<Record<RunStep['state'], readonly [word: string, tone: Tone]>> = {
  pending: ['to come', 'quiet'],
  running: ['under way', 'notice'],
  succeeded: ['done', 'good'],
  failed: ['failed', 'worst'],
  skipped: ['left out', 'quiet'],
};

/** What everybody must see of a run before the rest. */
export function marksOf({ breakGlass, cancelRequested, endedAt }: Run): string[] {
  return [
    ...(breakGlass ? ['BREAK-GLASS: one approver decided alone'] : []),
    ...(cancelRequested && endedAt === null ? ['it is to end after the step under way'] : []),
  ];
}
