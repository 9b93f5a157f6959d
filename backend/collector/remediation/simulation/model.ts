import fc from 'fast-check';
import type { AuditRow } from '../../storage/types.ts';
import { ChainVerifier } from '../../audit/verify.ts';
import { Journal } from './journal.ts';
import { Operations, type Operation } from './operations.ts';
import { Oracle } from './oracle.ts';
import { HOUR, MINUTE, SECOND } from './target.ts';
import { SimWorld, type FleetShape } from './world.ts';

/** One life of a fleet: its shape, and what happens to it. */
export interface Story {
  readonly theme: string;
  readonly shape: FleetShape;
  readonly operations: readonly Operation[];
}

/** What came of a story in which every invariant held. */
export interface Told {
  readonly counts: Oracle['counts'];
  /** Runs by the state they ended in; refused ones by their reason. */
  readonly ends: Readonly<Record<string, number>>;
}

/** A run that is still open after the world has been quiet for so long never ends: 30 min to approve, 60 min for retries, and a run's own time. */
const QUIET = 4 * HOUR;

/** What is violated by a story. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** Lives through a story, and holds every invariant after each thing that happens. @throws {InvariantError} */
export async function tell({ shape, operations }: Story): Promise<Told> {
  const world = await SimWorld.start(shape);
  const journal = new Journal();
  const oracle = new Oracle(world, journal);
  const people = new Operations(world, journal);
  const audit = new ChainVerifier();
  let audited = 0;
  const hold = async (after: string): Promise<void> => {
    const { violations } = oracle;
    for (const id of world.bridges.altered) violations.push(`altered: ${id} was sent again with another content`);
    const fresh: AuditRow[] = await world.store.auditRecords({ afterSeq: audited, newestFirst: false, limit: 100_000 });
    for (const row of fresh) {
      const broken = audit.add(row);
      if (broken !== null) violations.push(`audit: ${broken.message}`);
      audited = row.seq;
    }
    if (violations.length > 0) throw new InvariantError(`${violations.join('\n')}\nafter ${after}`);
  };

  await world.settle();
  for (const operation of operations) {
    await people.apply(operation);
    await hold(JSON.stringify(operation));
  }
  world.calm();
  for (let waited = 0; world.busy && waited < QUIET; waited += 5 * MINUTE) {
    await world.pass(5 * MINUTE, 30 * SECOND);
    await hold('the quiet');
  }
  for (const run of world.remediation.open())
    oracle.violations.push(`ends: ${run.id} is ${run.state} still: ${run.reason}`);
  const verified = audit.end();
  if (!verified.ok) oracle.violations.push(`audit: ${verified.broken.message}`);
  const { seq, hash } = await world.store.auditHead();
  if (verified.ok && (verified.sound.last?.hash ?? hash) !== hash) oracle.violations.push(`audit: ends before ${seq}`);
  await hold('the end');
  const ends: Record<string, number> = {};
  for (const { run } of journal.runs.values()) {
    const end = run.state === 'blocked' ? `blocked: ${run.refusal?.reason ?? ''}` : run.state;
    ends[end] = (ends[end] ?? 0) + 1;
  }
  return { counts: oracle.counts, ends };
}

/** The property, for fast-check. @param onTold what came of each */
export function property(
  stories: fc.Arbitrary<Story>,
  onTold: (told: Told, story: Story) => void = () => undefined
): fc.IAsyncPropertyWithHooks<[Story]> {
  return fc.asyncProperty(stories, async (story) => {
    onTold(await tell(story), story);
  });
}
