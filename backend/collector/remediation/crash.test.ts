import { describe, expect, it } from '@jest/globals';
import { isEnded, TIMINGS, type RunDetail, type Timings } from '@openclaw-fleet/contract';
import { fakeJob } from './testing/bridges.ts';
import { ANNA, BEN, MINUTE, SECOND, World } from './testing/world.ts';

/** Shorter waits: fewer looks at a condition that is clear, which all are alike. */
const SHORT: Timings = { ...TIMINGS.production, verifyClear: 30 * SECOND, resumeSoak: 10 * SECOND };

class Crash extends Error {}

interface Story {
  readonly name: string;
  /** What is wrong. */
  begin(world: World): void;
  /** What people do; called every second, so that it comes through after a crash. */
  people(world: World): Promise<void>;
  readonly ends: string;
}

const asked = (world: World, targetId: string): Promise<unknown> =>
  world.remediation.request({
    ...world.ask(targetId),
    idempotency: { key: 'one-request', bodyHash: 'the-same' },
  });

const stories: readonly Story[] = [
  {
    name: 'BridgeStuck',
    begin: (world) => world.hung('n1'),
    people: async (world) => {
      await asked(world, 'n1');
    },
    ends: 'succeeded',
  },
  {
    name: 'ConfigDrift with an approval',
    begin: (world) => world.drifted('n1', { severity: 'critical' }),
    people: async (world) => {
      await asked(world, 'n1');
      const [run] = world.remediation.open();
      if (run?.state !== 'pending_approval') return;
      await world.remediation.approve(run.id, BEN, { reason: 'seen', digest: null, breakGlass: false });
    },
    ends: 'succeeded',
  },
  {
    name: 'FailureBurst',
    begin: (world) => world.add('n1', { jobs: ['a', 'b'].map((id) => fakeJob(id, { consecutive_errors: 5 })) }),
    people: async (world) => {
      await asked(world, 'n1');
    },
    ends: 'succeeded',
  },
  {
    name: 'automation, in a batch of one',
    begin: (world) => {
      world.automation = { enabled: true, percent: 100 };
      world.hung('n1');
    },
    people: () => Promise.resolve(),
    ends: 'succeeded',
  },
  {
    name: 'FailureBurst that is cancelled',
    begin: (world) => world.add('n1', { jobs: ['a', 'b'].map((id) => fakeJob(id, { consecutive_errors: 5 })) }),
    people: async (world) => {
      await asked(world, 'n1');
      const [run] = world.remediation.open();
      if (run === undefined || run.cancelRequested || !world.verbs().includes('doctor')) return;
      await world.remediation.cancel(run.id, ANNA, 'enough');
    },
    ends: 'cancelled',
  },
];

/** One life of a story with a crash at the point `at` (Infinity: none), and the collector away for a while after it. */
async function live(
  story: Story,
  at: number,
  awayMs: number
): Promise<{ run: RunDetail; world: World; points: number }> {
  let points = 0;
  const life = { dead: false };
  const point = (): void => {
    if (life.dead) throw new Crash('dead');
    points += 1;
    if (points <= at) return;
    // Only once.
    at = Infinity;
    life.dead = true;
    throw new Crash('now');
  };
  const world = await World.start({ timings: SHORT, store: { beforeWrite: point, afterWrite: point } });
  world.bridges.tap = point;
  story.begin(world);
  for (let seconds = 0; seconds < 1800; seconds += 1) {
    try {
      await story.people(world);
      await world.pass(SECOND);
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
    if (life.dead) {
      world.now += awayMs;
      life.dead = false;
      await world.restart();
      continue;
    }
    const [run, ...more] = await world.allRuns();
    expect(more).toEqual([]);
    if (run !== undefined && isEnded(run.state)) return { run: await world.detail(run.id), world, points };
  }
  throw new Error('the run never ended');
}

function counted(verbs: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const verb of verbs) counts[verb] = (counts[verb] ?? 0) + 1;
  return counts;
}

/** Verbs that were carried out more often than in a life without a crash. */
function tooOften(verbs: Record<string, number>, most: Record<string, number>): string[] {
  return Object.keys(verbs).filter((verb) => (verbs[verb] ?? 0) > (most[verb] ?? 0));
}

describe.each(stories)('$name', (story) => {
  it('comes to the same end, with no verb twice, wherever the collector is killed', async () => {
    const whole = await live(story, Infinity, 0);
    expect(whole.run.state).toBe(story.ends);
    expect(whole.points).toBeGreaterThan(30);
    const most = counted(whole.world.verbs());
    for (let at = 0; at < whole.points; at += 1) {
      const { run, world } = await live(story, at, 0);
      const verbs = counted(world.verbs());
      expect({ at, state: run.state }).toEqual({ at, state: story.ends });
      // When a person stops it depends on when they see it, so how far it came then does too.
      if (story.ends === 'succeeded') expect({ at, verbs }).toEqual({ at, verbs: most });
      else expect(tooOften(verbs, most)).toEqual([]);
      expect(world.bridges.node('n1').jobs.filter(({ throttled }) => throttled)).toEqual([]);
      await world.audit();
    }
  }, 120_000);

  it('ends with no verb twice when the collector is away for longer than a request is good for', async () => {
    const whole = await live(story, Infinity, 0);
    const most = counted(whole.world.verbs());
    for (let at = 0; at < whole.points; at += 1) {
      const { run, world } = await live(story, at, 6 * MINUTE);
      expect({ at, tooOften: tooOften(counted(world.verbs()), most) }).toEqual({ at, tooOften: [] });
      expect(isEnded(run.state)).toBe(true);
      const jobs = world.bridges.node('n1').jobs;
      expect({ at, left: jobs.filter(({ throttled }) => throttled).map(({ id }) => id) }).toEqual({ at, left: [] });
      await world.audit();
    }
  }, 120_000);
});
