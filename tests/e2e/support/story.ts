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
