import { waitFor } from '../../integration/support/wait.ts';
import { throughProxy } from './proxy.ts';
import { FleetView } from './fleet.ts';
import { accountOf } from './test.ts';
import type { stageFacts } from './facts.ts';

/** A fleet with something to see on every page, and where two of them are. */
export interface Story {
  readonly runId: string;
  readonly configurationId: string;
}

let told: Promise<Story> | null = null;

/** Breaks some nodes and asks for a repair that waits for an approval; once for all who ask. */
export function tellStory(facts: ReturnType<typeof stageFacts>): Promise<Story> {
  told ??= tell(facts);
  return told;
}

async function tell(facts: ReturnType<typeof stageFacts>): Promise<Story> {
  const fleet = new FleetView(facts);
  await fleet.break('gateway-09', { kind: 'config-drift' });
  await fleet.break('gateway-10', { kind: 'job-failures', ratio: 0.6 });
  await fleet.hang('gateway-11');
  const made = await throughProxy<{ id?: string; runId?: string }>(
    facts.grafanaUrl,
    accountOf(facts, 'operator'),
    'POST',
    'fleet/operator/targets/gateway-11/reconcile',
    { reason: 'it answers nothing' }
  );
  const runId = made.body.id ?? made.body.runId;
  if (runId === undefined) throw new Error(`There is no run: ${JSON.stringify(made)}`);
  const { items } = await fleet.get<{ items: { id: string }[] }>('/fleet/configs');
  return { runId, configurationId: items[0]?.id ?? '' };
}

/** Repairs that help, and one that does not, so that there is something to look back at. */
export async function tellOfRepairs(facts: ReturnType<typeof stageFacts>): Promise<void> {
  const fleet = new FleetView(facts);
  await fleet.break('gateway-14', { kind: 'silence' });
  const faults = {
    'gateway-02': { kind: 'config-drift' },
    'gateway-04': { kind: 'job-failures', ratio: 0.6 },
    'gateway-06': { kind: 'config-drift', repair: 'rolls-back' },
  } as const;
  for (const [id, fault] of Object.entries(faults)) await fleet.break(id, fault);
  for (const id of Object.keys(faults)) {
    const path = `fleet/operator/targets/${id}/reconcile`;
    const asked = () =>
      throughProxy(facts.grafanaUrl, accountOf(facts, 'operator'), 'POST', path, { reason: 'it is not well' });
    await waitFor(async () => (await asked()).status < 300, `a repair of ${id}`, 60_000, 2000);
  }
}
