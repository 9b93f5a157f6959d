import { COMPONENT_POINTS } from '@openclaw-fleet/contract';
import type { ComponentScore, HealthScore, Timings } from '@openclaw-fleet/contract';
import { componentPoints } from './assess.ts';
import { CAPS } from './caps.ts';
import { connectivityWords, jobsWords, policyWords, runtimeWords, syncWords } from './components.ts';
import type { ComponentsInWords, ComponentWords } from './components.ts';
import { isJudged } from './connectivity.ts';
import { reasonsOf } from './reasons.ts';
import { bandOf, NO_POINTS, rescaled, riskOf, scoreOf } from './score.ts';
import type { Points } from './score.ts';
import type { Assessment, Expectation, Fault, Subject } from './types.ts';

/**
 * The score in words, for a person: computed by the functions that assessed it, at the instant it was assessed, so that
 * it says exactly what was decided.
 * @param subject as it was assessed
 * @param bandSinceMs since when the band is what it is, in milliseconds of our clock
 */
export function explain(
  subject: Subject,
  expectation: Expectation,
  { atMs, faults }: Assessment,
  bandSinceMs: number,
  timings: Timings
): HealthScore {
  const judged = isJudged(subject.state);
  const points = judged ? componentPoints(subject, expectation, faults, atMs) : NO_POINTS;
  const score = scoreOf(points, subject, faults);
  const band = bandOf(score);
  const words = wordsOf(subject, expectation, faults, atMs, timings, judged);
  return {
    targetId: subject.id,
    score,
    band,
    riskLevel: riskOf(band),
    reasons: reasonsOf(subject, expectation, faults, points, score, words, atMs, timings),
    components: {
      connectivity: component(points[0], words.connectivity),
      sync: component(points[1], words.sync),
      policy: component(points[2], words.policy),
      runtime: component(points[3], words.runtime),
      jobs: component(points[4], words.jobs),
    },
    caps: judged ? capsOf(points, subject, faults) : [],
    assessedAt: new Date(atMs).toISOString(),
    bandSince: new Date(bandSinceMs).toISOString(),
  };
}

function component(points: number, words: ComponentWords): ComponentScore {
  return { points: Number.isNaN(points) ? null : points, max: COMPONENT_POINTS, ...words };
}

function wordsOf(
  subject: Subject,
  expectation: Expectation,
  faults: readonly Fault[],
  atMs: number,
  timings: Timings,
  judged: boolean
): ComponentsInWords {
  const connectivity = connectivityWords(subject, atMs);
  if (!judged) {
    const none = { reason: `Not judged: its state is ${subject.state}`, inputs: {} };
    return { connectivity, sync: none, policy: none, runtime: none, jobs: none };
  }
  return {
    connectivity,
    sync: syncWords(subject, expectation, atMs),
    policy: policyWords(subject, expectation, faults, atMs, timings),
    runtime: runtimeWords(subject, expectation, atMs, timings),
    jobs: jobsWords(subject.report.jobs),
  };
}

/** The caps that held the score down, in the order they were applied. */
function capsOf(points: Points, subject: Subject, faults: readonly Fault[]): HealthScore['caps'] {
  let score = rescaled(points);
  return CAPS.flatMap((cap) => {
    if (score <= cap.at || !cap.holds(subject, faults)) return [];
    score = cap.at;
    return [{ at: cap.at, reason: cap.reason }];
  });
}
