import {
  BANDS,
  DRIFT_CATEGORIES,
  DRIFT_SEVERITIES,
  VIOLATION_CODES,
  VIOLATION_SEVERITIES,
} from '@openclaw-fleet/contract';
import type { Band, FleetSummary, ScoreSummary } from '@openclaw-fleet/contract';
import type { FleetNode } from './types.ts';

const MAX_SCORE = 100;

function zeros<K extends string>(keys: readonly K[]): Record<K, number> {
  return Object.fromEntries(keys.map((key) => [key, 0])) as Record<K, number>;
}

function matrix<A extends string, B extends string>(
  rows: readonly A[],
  columns: readonly B[]
): Record<A, Record<B, number>> {
  return Object.fromEntries(rows.map((row) => [row, zeros(columns)])) as Record<A, Record<B, number>>;
}

/** Bands and scores of the nodes of a zone or of the fleet, counted as they come and go. */
export class ScoreTally {
  readonly bands: Record<Band, number> = zeros(BANDS);
  /** How many have each score. */
  readonly #scores = new Uint32Array(MAX_SCORE + 1);
  #count = 0;
  #sum = 0;

  /** Counts a node in (1) or out (-1), as it is assessed now: out before its assessment changes, in after. */
  count({ assessment: { band, score } }: Pick<FleetNode, 'assessment'>, by: 1 | -1): void {
    this.bands[band] += by;
    if (score === null) return;
    this.#scores[score] = (this.#scores[score] ?? 0) + by;
    this.#count += by;
    this.#sum += by * score;
  }

  /** The spread of the scores, quantiles by nearest rank. O(1): scores are whole numbers up to 100. */
  scores(): ScoreSummary {
    const [count, sum] = [this.#count, this.#sum];
    let lowest: number | null = null;
    let p05: number | null = null;
    let median: number | null = null;
    for (let score = 0, passed = 0; passed < count && median === null; score++) {
      passed += this.#scores[score] ?? 0;
      if (passed > 0) lowest ??= score;
      if (passed >= count / 20) p05 ??= score;
      if (passed >= count / 2) median = score;
    }
    return { count, sum, lowest, p05, median };
  }
}

type Faults = Pick<FleetSummary, 'drift' | 'violations'>;

/** What is wrong with the fleet in numbers, counted as it changes: a summary or a scrape costs nothing by nodes. */
export class HealthTally extends ScoreTally {
  readonly drift: Faults['drift'] = matrix(DRIFT_CATEGORIES, DRIFT_SEVERITIES);
  readonly violations: Faults['violations'] = matrix(VIOLATION_CODES, VIOLATION_SEVERITIES);
  isolated = 0;

  override count(node: Pick<FleetNode, 'assessment' | 'isolated'>, by: 1 | -1): void {
    super.count(node, by);
    if (node.isolated) this.isolated += by;
    for (const fault of node.assessment.faults) {
      if (fault.kind === 'drift') this.drift[fault.code][fault.severity] += by;
      else this.violations[fault.code][fault.severity] += by;
    }
  }

  /** A copy for the fleet's summary. */
  summary(): Pick<FleetSummary, 'bands' | 'scores' | 'drift' | 'violations' | 'isolated'> {
    return {
      bands: { ...this.bands },
      scores: this.scores(),
      drift: structuredClone(this.drift),
      violations: structuredClone(this.violations),
      isolated: this.isolated,
    };
  }
}
