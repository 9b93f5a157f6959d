import type { Verdict } from '@openclaw-fleet/contract';
import { ScoreTally } from './health-tally.ts';
import type { Phase } from './liveness.ts';
import type { FleetNode } from './types.ts';

/** What a zone counts of a node. */
export interface Counted extends Pick<FleetNode, 'assessment'> {
  phase: Phase;
  expected: boolean;
}

/** The nodes of one `region:` tag, counted as they change. */
export class Zone<Member extends Counted = Counted> {
  readonly name: string;
  total = 0;
  expected = 0;
  online = 0;
  readonly phases: Record<Phase, number> = {
    online: 0,
    stale: 0,
    due: 0,
    expired: 0,
    stopped: 0,
    inactive: 0,
    retirable: 0,
    retired: 0,
  };
  /** Nodes past 2 intervals that nobody has decided about yet. */
  readonly due = new Set<Member>();
  /** Bands and scores of its nodes. */
  readonly scores = new ScoreTally();
  verdict: Verdict = 'normal';
  /** Its nodes may not expire before, in milliseconds of our clock. */
  heldUntilMs = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** Counts `node` in with the phase and expectation it has now. */
  enter(node: Member): void {
    this.count(node, 1);
    this.scores.count(node, 1);
    this.total++;
  }

  /** Counts `node` out. */
  leave(node: Member): void {
    this.count(node, -1);
    this.scores.count(node, -1);
    this.total--;
  }

  /** Counts a node that is in this zone already, with another phase or expectation. */
  change(node: Member, phase: Phase, expected: boolean): void {
    this.count(node, -1);
    node.phase = phase;
    node.expected = expected;
    this.count(node, 1);
  }

  private count(node: Member, by: 1 | -1): void {
    this.phases[node.phase] += by;
    if (node.phase === 'online') this.online += by;
    if (node.expected) this.expected += by;
    if (node.phase !== 'due') return;
    if (by === 1) this.due.add(node);
    else this.due.delete(node);
  }
}
