import { BANDS, DRIFT_CATEGORIES, FAULT_CHANGES, VIOLATION_CODES } from '@openclaw-fleet/contract';
import type { Band, DriftCategory, FaultChange, ViolationCode } from '@openclaw-fleet/contract';
import { Counter } from 'prom-client';
import type { Registry } from 'prom-client';
import { PlainHistogram } from './histogram.ts';
import { exposeTally, zeros } from './tally.ts';

/** A drift or a violation, by its category or code. */
export type FaultName =
  | { readonly kind: 'drift'; readonly code: DriftCategory }
  | { readonly kind: 'violation'; readonly code: ViolationCode };

/** Told by those who assess targets; counts. */
export interface HealthInstruments {
  /** A target was assessed. */
  readonly assessed: () => void;
  /** A health change was announced, of a target that is in this band since. */
  readonly announced: (band: Band) => void;
  /** Something became of one fault. */
  readonly fault: (name: FaultName, change: FaultChange) => void;
  /** Targets were assessed anew because what is expected of them changed, in so many seconds. */
  readonly reassessed: (seconds: number) => void;
}

/** Makes the counters of what was assessed and what came of it. */
export function createHealthInstruments(registry: Registry): HealthInstruments {
  let assessments = 0;
  new Counter({
    name: 'openclaw_collector_assessments_total',
    help: 'Times a target was assessed.',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(assessments);
    },
  });
  const changes = zeros(BANDS);
  exposeTally(registry, changes, {
    name: 'openclaw_collector_health_changes_total',
    help: 'Health changes announced (another band, or a move of 5 points), by the band a target is in since.',
    label: 'band',
  });
  const reassessSeconds = new PlainHistogram(
    registry,
    'openclaw_collector_reassess_seconds',
    'Time from a change of what is expected of targets until they were assessed anew.',
    [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30]
  );
  return {
    assessed() {
      assessments++;
    },
    announced(band) {
      changes[band]++;
    },
    fault: faultCounter(registry),
    reassessed: (seconds) => reassessSeconds.observe(seconds),
  };
}

function faultCounter(registry: Registry): HealthInstruments['fault'] {
  const counter = new Counter({
    name: 'openclaw_collector_fault_changes_total',
    help: 'Drift and violations that opened, changed their severity or were resolved, by category or code.',
    labelNames: ['kind', 'code', 'change'],
    registers: [registry],
  });
  const codes = { drift: DRIFT_CATEGORIES, violation: VIOLATION_CODES };
  // A series that begins at 1 hides its first change from rate().
  for (const kind of ['drift', 'violation'] as const)
    for (const code of codes[kind]) for (const change of FAULT_CHANGES) counter.inc({ kind, code, change }, 0);
  return ({ kind, code }, change) => counter.inc({ kind, code, change });
}
