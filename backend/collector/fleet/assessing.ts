import type { Subject } from '../assessment/types.ts';
import type { Clock } from '../clock.ts';
import type { FleetStore } from '../storage/types.ts';
import type { Assessor } from './assessor.ts';
import type { Node } from './node.ts';
import type { Roster } from './roster.ts';
import type { Turns } from './turns.ts';

/** What it takes to assess a node that sent nothing, and to store what follows. */
export interface AssessingParts {
  readonly roster: Roster;
  readonly turns: Turns;
  readonly store: FleetStore;
  readonly epoch: () => number;
  readonly assessor: Assessor;
  readonly clock: Clock;
  readonly subject: (node: Node, nowMs: number) => Subject;
}
