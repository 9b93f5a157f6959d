import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  driftPageSchema,
  fleetMapSchema,
  healthScoreSchema,
  problemSchema,
  scoreHistorySchema,
  summarySchema,
  targetPageSchema,
  timelinePageSchema,
  violationPageSchema,
} from '@openclaw-fleet/contract';
import type { Heartbeat } from '@openclaw-fleet/contract';
import type { z } from 'zod';
import { encodeCursor } from './cursor.ts';
import { BRIDGE_BLOCKS, START, startApi } from './testing/harness.ts';
import type { Harness } from './testing/harness.ts';

let api: Harness;

const MINUTE = 60_000;
type Reported = NonNullable<Heartbeat['reported']>;
const bridge = (more: Partial<Reported>): Partial<Heartbeat> => {
  const reported: Reported = {
    ...BRIDGE_BLOCKS.reported,
    health_status: 'ok',
    health_reasons: [],
    sync_lag_ms: 0,
    bridge_version: '1.4.0',
    ...more,
  };
  return { ...BRIDGE_BLOCKS, reported };
};

/**
 * Five targets of one profile: `good`; `old` behind its version and, after ten minutes, upgraded; `sick` in error for
 * longer than critical takes; `plain` without a bridge; `busy` over a limit.
 */
beforeAll(async () => {
  api = await startApi();
  const { send, clock, write } = api;
  const created = await write('POST', '/fleet/policies', {
    id: 'production',
    name: 'Production',
    owner: 'platform',
    desired: { bridgeVersion: '1.4.0' },
    limits: { cpuPct: 80 },
    reason: 'the fleet that customers see',
  });
  expect(created.status).toBe(201);
  const round = async (old: string): Promise<void> => {
    await send('good', { tags: ['region:eu'], ...bridge({}) });
    await send('old', { tags: ['region:eu'], ...bridge({ bridge_version: old }) });
    await send('sick', { tags: ['region:us'], ...bridge({ health_status: 'error', health_reasons: ['no channel'] }) });
    await send('busy', { tags: ['region:us'], ...bridge({ metrics: { cpu_pct: 95 } }) });
    await send('plain', { tags: ['region:us'] });
  };
  await round('1.3.0');
  for (const id of ['good', 'old', 'sick', 'busy']) {
    const path = `/fleet/targets/${id}/apply-policy`;
    expect((await write('POST', path, { policyId: 'production', reason: 'they serve customers' })).status).toBe(200);
  }
  for (let minute = 1; minute <= 20; minute++) {
    clock.now += MINUTE;
    await round(minute < 10 ? '1.3.0' : '1.4.0');
    await api.fleet.tick(clock.now);
  }
});
afterAll(() => api.stop());

async function get<S extends z.ZodType>(path: string, schema: S): Promise<z.infer<S>> {
  const response = await api.ask(path);
  expect([path, response.status]).toEqual([path, 200]);
  return schema.parse(await response.json());
}

async function errorsOf(path: string): Promise<string[]> {
  const response = await api.ask(path);
  expect(response.status).toBe(400);
  return (problemSchema.parse(await response.json()).errors ?? []).map(({ field }) => field);
}

const list = async (query: string): Promise<string[]> =>
  (await get(`/fleet/targets?${query}`, targetPageSchema)).items.map(({ id }) => id);

describe('GET /fleet/targets by health', () => {
  it.each([
    ['band=healthy', ['good', 'plain', 'old']],
    ['risk=low', ['good', 'plain', 'old']],
    ['band=degraded&band=critical', ['sick']],
    ['isolated=true', ['sick']],
    ['isolated=false&zone=us', ['busy', 'plain']],
    ['drift=runtime', ['sick']],
    ['drift=version', []],
    ['driftSeverity=critical', ['sick']],
    ['drift=runtime&driftSeverity=minor', []],
    ['violation=cpu-over-limit', ['busy']],
    ['violation=cpu-over-limit&violation=runtime-error', ['busy', 'sick']],
    ['violation=cpu-over-limit&violationSeverity=critical', []],
    ['profile=production', ['busy', 'good', 'old', 'sick']],
    ['profile=default', ['plain']],
    ['owner=platform&zone=eu', ['good', 'old']],
    ['owner=nobody', []],
  ])('filters by %s', async (query, expected) => {
    expect((await list(query)).sort()).toEqual(expected.toSorted());
    const { items } = await get(`/fleet/map?${query}`, fleetMapSchema);
    expect(items.map(({ id }) => id).sort()).toEqual(expected.toSorted());
  });

  it('sorts by score, both ways', async () => {
    const up = (await get('/fleet/targets?sort=score', targetPageSchema)).items;
    const scores = up.map(({ fleetHealthScore }) => fleetHealthScore);
    expect(scores).toEqual(scores.toSorted((a = -1, b = -1) => a - b));
    expect(up[0]?.id).toBe('sick');
    expect(await list('sort=-score')).toEqual(up.map(({ id }) => id).reverse());
  });

  it('shows score, band, risk, owner and isolation with each', async () => {
    const { items } = await get('/fleet/targets?q=sick', targetPageSchema);
    expect(items[0]).toMatchObject({
      band: 'degraded',
      riskLevel: 'high',
      isolated: true,
      owner: 'platform',
      policyProfileId: 'production',
      desired: { bridgeVersion: '1.4.0' },
    });
    expect(items[0]?.fleetHealthScore).toBeLessThan(70);
    const { name, zone, band, fleetHealthScore: score, isolated, owner } = items[0]!;
    const map = await get('/fleet/map?q=sick', fleetMapSchema);
    expect(map.items[0]).toMatchObject({ name, zone, band, score, isolated, owner });
  });
});

describe('GET /fleet/targets/:targetId/health-score', () => {
  it('explains the score that the list shows', async () => {
    const score = await get('/fleet/targets/sick/health-score', healthScoreSchema);
    const { items } = await get('/fleet/targets?q=sick', targetPageSchema);
    expect(score).toMatchObject({ targetId: 'sick', score: items[0]?.fleetHealthScore, band: items[0]?.band });
    expect(score.components.runtime).toMatchObject({ points: 0, reason: expect.stringContaining('no channel') });
    expect(score.reasons.length).toBeGreaterThan(0);
    expect(Date.parse(score.bandSince)).toBeLessThanOrEqual(Date.parse(score.assessedAt));
  });

  it('knows no score of a target there is not', async () => {
    expect((await api.ask('/fleet/targets/nobody/health-score')).status).toBe(404);
  });
});

describe('GET /fleet/targets/:targetId/drift', () => {
  it('shows what is open', async () => {
    const { items, total, nextCursor } = await get('/fleet/targets/sick/drift', driftPageSchema);
    expect([total, nextCursor]).toEqual([1, null]);
    expect(items[0]).toMatchObject({
      targetId: 'sick',
      category: 'runtime',
      severity: 'critical',
      resolvedAt: null,
      suggestedPlaybookId: 'BridgeStuck',
    });
    expect(items[0]?.reason).not.toBe('');
  });

  it('shows what was, when it is asked for it', async () => {
    expect((await get('/fleet/targets/old/drift', driftPageSchema)).items).toEqual([]);
    const { items } = await get('/fleet/targets/old/drift?state=all', driftPageSchema);
    expect(items).toEqual([
      expect.objectContaining({ category: 'version', expected: '1.4.0', actual: '1.3.0', severity: 'major' }),
    ]);
    expect(items[0]?.resolvedAt).toBe(new Date(START + 10 * MINUTE).toISOString());
    expect((await get('/fleet/targets/old/drift?state=resolved', driftPageSchema)).items).toEqual(items);
  });

  it('refuses what it does not know, by name', async () => {
    expect(await errorsOf('/fleet/targets/old/drift?state=shut')).toEqual(['state']);
    expect(await errorsOf('/fleet/targets/old/drift?category=weather')).toEqual(['category']);
    expect(await errorsOf('/fleet/targets/old/drift?cursor=x')).toEqual(['cursor']);
    expect(await errorsOf('/fleet/targets/old/drift?zone=eu')).toEqual(['zone']);
    expect((await api.ask('/fleet/targets/nobody/drift')).status).toBe(404);
  });
});

describe('GET /fleet/targets/:targetId/violations', () => {
  it('shows what is open, with what to do', async () => {
    const { items } = await get('/fleet/targets/busy/violations', violationPageSchema);
    expect(items).toEqual([
      expect.objectContaining({
        code: 'cpu-over-limit',
        severity: 'warning',
        message: expect.stringMatching(/95.*80|80.*95/),
        hint: expect.stringContaining('raise the limit'),
      }),
    ]);
    expect((await get('/fleet/targets/old/violations', violationPageSchema)).total).toBe(0);
    expect((await get('/fleet/targets/old/violations?state=all', violationPageSchema)).total).toBe(1);
    expect((await api.ask('/fleet/targets/nobody/violations')).status).toBe(404);
  });
});

describe('GET /fleet/drift and GET /fleet/violations', () => {
  it.each([
    ['/fleet/drift', 1],
    ['/fleet/drift?state=all', 2],
    ['/fleet/drift?state=all&category=version', 1],
    ['/fleet/drift?severity=critical', 1],
    ['/fleet/drift?severity=minor', 0],
    ['/fleet/drift?state=all&target=old', 1],
  ])('filters: %s', async (path, total) => {
    const page = await get(path, driftPageSchema);
    expect([page.total, page.items.length]).toEqual([total, total]);
  });

  it.each([
    ['/fleet/violations?zone=us', ['busy', 'sick']],
    ['/fleet/violations?zone=eu', []],
    ['/fleet/violations?state=all&zone=eu', ['old']],
    ['/fleet/violations?code=runtime-error', ['sick']],
    ['/fleet/violations?severity=warning', ['busy']],
    ['/fleet/violations?target=sick', ['sick']],
    ['/fleet/violations?target=nobody', []],
  ])('filters: %s', async (path, targets) => {
    const { items } = await get(path, violationPageSchema);
    expect([...new Set(items.map(({ targetId }) => targetId))].sort()).toEqual(targets);
  });

  it.each(['/fleet/violations?state=all', '/fleet/violations?state=all&zone=us&zone=eu'])(
    'pages newest first without a gap or a double: %s',
    async (path) => {
      const whole = await get(path, violationPageSchema);
      const opened = whole.items.map(({ createdAt }) => Date.parse(createdAt));
      expect(opened).toEqual(opened.toSorted((a, b) => b - a));
      const seen: string[] = [];
      let cursor: string | null = '';
      while (cursor !== null) {
        const page: z.infer<typeof violationPageSchema> = await get(
          `${path}&limit=1${cursor && `&cursor=${cursor}`}`,
          violationPageSchema
        );
        seen.push(...page.items.map(({ id }) => id));
        cursor = page.nextCursor;
      }
      expect(seen).toEqual(whole.items.map(({ id }) => id));
      expect(seen.length).toBeGreaterThan(2);
    }
  );

  it('counts all, but not with a filter by zone', async () => {
    expect((await get('/fleet/violations', violationPageSchema)).total).not.toBeNull();
    expect((await get('/fleet/violations?zone=us', violationPageSchema)).total).toBeNull();
  });

  it('has nothing counted that it would not tell', async () => {
    const asked = jest.spyOn(api.storage, 'faults');
    await get('/fleet/violations?state=all&zone=nowhere', violationPageSchema);
    const answers = await Promise.all(
      asked.mock.results.map(({ value }) => value as ReturnType<typeof api.storage.faults>)
    );
    asked.mockRestore();
    expect(answers.length).toBeGreaterThan(0);
    for (const { total } of answers) expect(total).toBeNull();
  });

  it('refuses what it does not know, by name', async () => {
    expect(await errorsOf('/fleet/violations?code=rain')).toEqual(['code']);
    expect(await errorsOf('/fleet/violations?severity=minor')).toEqual(['severity']);
    expect(await errorsOf('/fleet/drift?target=-x')).toEqual(['target']);
    expect(await errorsOf('/fleet/drift?limit=0')).toEqual(['limit']);
    const text = encodeCursor('opened', { key: 'xyz', id: 'abc' });
    expect(await errorsOf(`/fleet/drift?cursor=${text}`)).toEqual(['cursor']);
  });
});

describe('GET /fleet/targets/:targetId/history', () => {
  it('shows the points of the last day, oldest first, up to the score of now', async () => {
    const { points, truncated, from, to } = await get('/fleet/targets/old/history', scoreHistorySchema);
    expect(truncated).toBe(false);
    expect(Date.parse(to) - Date.parse(from)).toBe(86_400_000);
    expect(points.length).toBeGreaterThanOrEqual(2);
    const times = points.map(({ at }) => Date.parse(at));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    const { items } = await get('/fleet/targets?q=old', targetPageSchema);
    expect(points.at(-1)).toMatchObject({ band: items[0]?.band, score: items[0]?.fleetHealthScore });
  });

  it('shows a range, and says when there were more', async () => {
    const upgraded = new Date(START + 10 * MINUTE).toISOString();
    const all = await get('/fleet/targets/old/history', scoreHistorySchema);
    const before = await get(`/fleet/targets/old/history?to=${upgraded}`, scoreHistorySchema);
    expect(before.points).toEqual(all.points.filter(({ at }) => at < upgraded));
    const one = await get('/fleet/targets/old/history?limit=1', scoreHistorySchema);
    expect([one.points, one.truncated]).toEqual([all.points.slice(-1), true]);
  });

  it('refuses a range that is none', async () => {
    expect(await errorsOf('/fleet/targets/old/history?from=yesterday')).toEqual(['from']);
    expect(await errorsOf(`/fleet/targets/old/history?from=2026-03-01T00:00:00Z&to=2026-02-01T00:00:00Z`)).toEqual([
      'from',
    ]);
    expect((await api.ask('/fleet/targets/nobody/history')).status).toBe(404);
  });
});

describe('GET /fleet/targets/:targetId/timeline', () => {
  it('tells who changed what and why, and what came of it, newest first', async () => {
    const { items } = await get('/fleet/targets/old/timeline', timelinePageSchema);
    const ids = items.map(({ id }) => id);
    expect(ids).toEqual(ids.toSorted((a, b) => b - a));
    expect(items.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['policy', 'drift', 'violation', 'health']));
    expect(items.find(({ kind }) => kind === 'policy')).toMatchObject({
      actor: expect.stringMatching(/^token:/),
      reason: 'they serve customers',
    });
  });

  it('pages without a gap or a double', async () => {
    const whole = await get('/fleet/targets/old/timeline', timelinePageSchema);
    const seen: number[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: z.infer<typeof timelinePageSchema> = await get(
        `/fleet/targets/old/timeline?limit=2${cursor && `&cursor=${cursor}`}`,
        timelinePageSchema
      );
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(whole.items.map(({ id }) => id));
    expect(await errorsOf('/fleet/targets/old/timeline?cursor=1')).toEqual(['cursor']);
    const text = encodeCursor('place', { key: 'xyz', id: 'old' });
    expect(await errorsOf(`/fleet/targets/old/timeline?cursor=${text}`)).toEqual(['cursor']);
    expect((await api.ask('/fleet/targets/nobody/timeline')).status).toBe(404);
  });
});

describe('GET /fleet/summary', () => {
  it('counts bands, drift, violations and the isolated', async () => {
    const summary = await get('/fleet/summary', summarySchema);
    expect(summary).toMatchObject({ total: 5, isolated: 1, bands: { healthy: 3, degraded: 1, unknown: 0 } });
    expect(summary.drift.runtime).toEqual({ minor: 0, major: 0, critical: 1 });
    expect(summary.violations['cpu-over-limit']).toMatchObject({ warning: 1 });
  });
});
