import { expect, it } from '@jest/globals';
import { observationSchema } from '@openclaw-fleet/contract';
import { healthy } from '../../testing/observed.ts';
import { observe } from './observe.ts';
import type { ObserveParts } from './observe.ts';

const partsWith = (jobs: readonly object[], reported: Partial<typeof healthy>): ObserveParts => ({
  reader: {
    observed: () => ({ ...healthy, ...reported }),
    look: () => Promise.resolve(),
    read: () => Promise.resolve({ jobs }),
    jobCounts: () => new Map(),
  },
  throttled: { has: () => false, intend: () => undefined, forget: () => undefined, seen: () => undefined },
  managed: () => ({ revision: null, configHash: null, applyStatus: 'UNSET' }),
  version: '0.1.0',
  bootId: 'bridge-boot-1',
  lastAcceptedMs: () => null,
  metricsOk: () => Promise.resolve(true),
  capabilities: () => [],
});

it('tells what a hostile gateway says in short lines without control characters, and no job whose id is none', async () => {
  const name = `x\n\u001b[31m"}{level="${'y'.repeat(600)}`;
  const ids = ['../../etc/passwd', 'a b', '-rf', '', 'a'.repeat(129), 'good'];
  const jobs = ids.map((id) => ({ id, name, enabled: true, state: { consecutiveErrors: 1 } }));
  const seen = await observe(partsWith(jobs, { bootId: 'b'.repeat(9_999), version: 'v'.repeat(9_999) }));
  const sent = { ...seen, node_id: 'node-1', at: new Date(0).toISOString(), busy: null, restart_allowed_at: null };
  expect(observationSchema.parse(sent).jobs).toEqual([
    expect.objectContaining({ id: 'good', name: expect.stringMatching(/^x \[31m"\}\{level="y{1,128}$/) as unknown }),
  ]);
  expect(seen.jobs?.[0]?.name).toHaveLength(128);
});
