import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { summarySchema } from '@openclaw-fleet/contract';
import type { FleetSummary, Heartbeat } from '@openclaw-fleet/contract';
import { BRIDGE_BLOCKS, startApi } from '../api/testing/harness.ts';
import type { Harness } from '../api/testing/harness.ts';
import { statusExit } from './status.ts';
import { openclawFleet, TERMINAL } from './testing/terminal.ts';
import type { Said } from './testing/terminal.ts';
import type { Screen } from './terminal/screen.ts';
import { widthOf } from './terminal/text.ts';

/** What a node may call itself and its zone, to take over a terminal. */
const HOSTILE = 'evil\u001b[2J\u001b]0;owned\u0007\u009b31m\u202egpj\n\rfake  online';

const FINE: Partial<Heartbeat> = {
  ...BRIDGE_BLOCKS,
  reported: { ...BRIDGE_BLOCKS.reported, health_status: 'ok', health_reasons: [] },
  jobs: { ...BRIDGE_BLOCKS.jobs, failures_1h: 0, failing: 0 },
};
const SICK: Partial<Heartbeat> = {
  ...BRIDGE_BLOCKS,
  hostname: `sick-gateway-${'of-the-northern-region-'.repeat(3)}.example.com`,
  tags: ['region:eu-west-1', 'gpu:true'],
  reported: {
    ...BRIDGE_BLOCKS.reported,
    health_status: 'error',
    health_reasons: ['the gateway hangs'],
    gateway_state: 'hung',
  },
};

const shell = (api: Harness) => ({ OPENCLAW_FLEET_URL: api.origin, OPENCLAW_FLEET_TOKEN: api.tokenOf.viewer });
const lines = ({ out }: Said): string[] => out.trimEnd().split('\n');

describe('the terminal view of a fleet that is fine', () => {
  let api: Harness;
  beforeAll(async () => {
    api = await startApi();
  });
  afterAll(() => api.stop());
  const run = (...args: string[]): Promise<Said> => openclawFleet(args, shell(api));

  it('says what to do while there is no target', async () => {
    const status = await run('status');
    expect([status.code, status.err]).toEqual([0, '']);
    expect(status.out).toContain('none has reported yet: openclaw-fleet enroll <name> enrols one');
    expect((await run('targets')).out).toBe('No target matches.\n');
  });

  it('exits with 0 where nothing is wrong', async () => {
    await api.send('gw-1', FINE);
    for (const args of [['status'], ['targets'], ['target', 'gw-1'], ['violations']])
      expect([args, (await run(...args)).code]).toEqual([args, 0]);
    expect((await run('violations')).out).toBe('No violation matches.\n');
    expect((await run('target', 'gw-1')).out).toMatch(/No drift\.\n\nNo violation\.\n\nWHEN/);
  });
});

describe('the terminal view of a fleet that is not', () => {
  let api: Harness;
  beforeAll(async () => {
    api = await startApi();
    await api.send('gw-1', FINE);
    await api.send('gw-2', FINE);
    await api.send('sick', SICK);
    await api.send('hostile', { ...FINE, hostname: HOSTILE, tags: [`region:${HOSTILE}`, HOSTILE], version: HOSTILE });
  });
  afterAll(() => api.stop());
  const run = (...args: string[]): Promise<Said> => openclawFleet(args, shell(api));
  const show = (screen: Screen, ...args: string[]): Promise<Said> => openclawFleet(args, shell(api), screen);
  const body = async (path: string): Promise<unknown> => (await api.ask(path)).json();

  const VIEWS = [
    ['status'],
    ['targets'],
    ['target', 'sick'],
    ['target', 'hostile'],
    ['violations'],
    ['events', '--last-event-id', '0', '--count', '3'],
  ];

  it.each(VIEWS)('%s fits 80 columns, and says the same without colours', async (...args) => {
    const coloured = await show(TERMINAL, ...args);
    expect(coloured.err).toBe('');
    expect(coloured.out).toContain('\u001b[');
    for (const line of lines(coloured)) expect(widthOf(stripVTControlCharacters(line))).toBeLessThanOrEqual(80);
    const plain = await show({ columns: 80, colour: false }, ...args);
    expect(plain.out).toBe(stripVTControlCharacters(coloured.out));
  });

  it.each([...VIEWS, ...VIEWS.map((args) => [...args, '--json'])])(
    'keeps what a node says of itself from the terminal: %s %s',
    async (...args) => {
      const { out, code } = await run(...args);
      expect(code).not.toBe(1);
      expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      expect(out).not.toMatch(/^fake {2}online/m);
    }
  );

  it('status counts, names the worst zone first and exits with what the worst is', async () => {
    const status = await run('status');
    expect(status.code).toBe(3);
    expect(status.out).toMatch(/^Fleet +normal, for /);
    expect(status.out).toMatch(/^Targets +4, of which 4 are expected and 4 online$/m);
    expect(status.out).toMatch(/^Health +healthy 3, degraded 1$/m);
    expect(status.out).toMatch(/^Drift +runtime \(major\) 1$/m);
    expect(status.out).toMatch(/^Violations +runtime-error \(high\) 1$/m);
    expect(lines(status).findIndex((line) => line.startsWith('eu-west-1'))).toBe(
      lines(status).findIndex((line) => line.startsWith('ZONE')) + 1
    );
  });

  it('--json is what the API says', async () => {
    const json = async (...args: string[]) => JSON.parse((await run(...args, '--json')).out) as unknown;
    const summary = (await body('/fleet/summary')) as FleetSummary;
    expect(await json('status')).toEqual(summary);
    expect(await json('targets', '--zone', 'eu-west-1')).toEqual(await body('/fleet/targets?zone=eu-west-1'));
    expect(await json('violations')).toEqual(await body('/fleet/violations'));
    const path = '/fleet/targets/sick';
    expect(await json('target', 'sick')).toEqual({
      target: await body(path),
      healthScore: await body(`${path}/health-score`),
      drift: await body(`${path}/drift?limit=50`),
      violations: await body(`${path}/violations?limit=50`),
      timeline: await body(`${path}/timeline?limit=10`),
    });
    const { out } = await run('events', '--last-event-id', '0', '--count', '2', '--json');
    const [first, second] = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: number; name: string });
    expect([first, second]).toMatchObject([{ id: 1 }, { id: 2 }]);
  });

  it('targets filters and pages as the API does', async () => {
    const named = async (...args: string[]) => {
      const page = JSON.parse((await run('targets', '--json', ...args)).out) as { items: { id: string }[] };
      return page.items.map(({ id }) => id);
    };
    expect(await named('--band', 'degraded')).toEqual(['sick']);
    expect(await named('--drift', 'runtime', '--drift-severity', 'major')).toEqual(['sick']);
    expect(await named('--violation-severity', 'high', '--violation-severity', 'critical')).toEqual(['sick']);
    expect(await named('--q', 'gw-', '--sort=-name')).toEqual(['gw-2', 'gw-1']);
    expect(await named('--tag', 'gpu:true', '--tag', 'region:eu-west-1')).toEqual(['sick']);
    const page = await run('targets', '--q', 'gw-', '--limit', '1');
    const cursor = /^1 of 2 shown\. --all shows every one; the next page: --cursor (\S+)$/m.exec(page.out)?.[1];
    expect(await named('--q', 'gw-', '--limit', '1', '--cursor', cursor ?? '')).toEqual(['gw-2']);
  });

  it('says which filter is wrong and what it must be', async () => {
    const wrong = await run('targets', '--band', 'ill');
    expect(wrong.code).toBe(1);
    expect(wrong.err).toMatch(/^openclaw-fleet: .*band must be one of healthy, warning, degraded, critical, unknown/);
    expect(await run('targets', '--colour', 'red')).toMatchObject({ code: 2 });
    expect(await run('targets', '--all', '--limit', '3')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--all goes without --limit'),
    });
    expect(await run('events', '--event', 'drift')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--event must be fleet-health-changed, '),
    });
    expect(await run('events', '--count', 'x')).toMatchObject({ code: 2 });
  });

  it('target says why, in components, with drift, violation, hint and what happened', async () => {
    const { out, code } = await run('target', 'sick');
    expect(code).toBe(3);
    expect(out).toMatch(/^Health +\d+, degraded, risk high, for /m);
    for (const component of ['connectivity', 'sync', 'policy', 'runtime', 'jobs'])
      expect(out).toMatch(new RegExp(`^${component} +([\\d.]+/20|–)  \\S`, 'm'));
    expect(out).toMatch(/^runtime +major +\d+ \w+ +.*the gateway hangs/m);
    expect(out).toMatch(/^runtime-error +high +\d+ \w+ +.*the gateway hangs$/m);
    expect(out).toContain('-> playbook BridgeStuck');
    expect(out).toMatch(/^ +-> .*restart.*\(playbook BridgeStuck\)$/m);
    expect(out).toMatch(/^2026-02-06 12:00:00Z {2}drift +runtime opened/m);
  });

  it('target takes a name, and says when it is of nobody or of several', async () => {
    expect(await run('target', SICK.hostname!)).toMatchObject({ code: 3, out: expect.stringMatching(/^ID +sick$/m) });
    expect(await run('target', 'gw')).toMatchObject({
      code: 1,
      err: 'openclaw-fleet: there is no target "gw": did you mean gw-1.prod, gw-2.prod?\n',
    });
    expect(await run('target', 'no body')).toMatchObject({
      code: 1,
      err: 'openclaw-fleet: there is no target "no body": openclaw-fleet targets lists all\n',
    });
    expect(await run('target')).toMatchObject({ code: 2 });
    await api.send('twin-1', { ...FINE, hostname: 'twin' });
    await api.send('twin-2', { ...FINE, hostname: 'twin' });
    expect(await run('target', 'twin')).toMatchObject({
      code: 1,
      err: 'openclaw-fleet: several targets have the name "twin" (twin-1, twin-2): give the id\n',
    });
  });

  it('violations name the target and exit with what the worst is', async () => {
    const { out, code } = await run('violations', '--severity', 'high');
    expect(code).toBe(3);
    expect(out).toMatch(/^high +sick-gateway-\S+ +\d+ \w+ +runtime-error: /m);
    expect((await run('violations', '--severity', 'warning')).code).toBe(0);
    expect((await run('violations', '--state', 'resolved')).code).toBe(0);
  });

  it('events are told in words, of one kind or target if one likes', async () => {
    const { out } = await run(
      'events',
      '--last-event-id',
      '0',
      '--target',
      'sick',
      '--event',
      'policy-violation',
      '--count',
      '1'
    );
    expect(out).toMatch(
      /^2026-02-06 12:00:00Z {2}policy-violation +sick-gateway-\S+ {2}runtime-error opened, high: .*the gateway hangs\n$/
    );
  });

  it('a critical drift isolates: target and status exit with 4', async () => {
    api.clock.now += 20 * 60_000;
    await api.send('sick', SICK);
    const target = await run('target', 'sick');
    expect([target.code, target.out]).toEqual([4, expect.stringMatching(/^Note +isolated$/m)]);
    const status = await run('status');
    expect([status.code, status.out]).toEqual([4, expect.stringContaining('isolated 1')]);
  });

  it('--all reads every page', async () => {
    await Promise.all(Array.from({ length: 520 }, (_, at) => api.send(`many-${at}`, { hostname: `many-${at}` })));
    const { out } = await run('targets', '--all', '--q', 'many-', '--json');
    const page = JSON.parse(out) as { items: { id: string }[]; total: number; nextCursor: null };
    expect([new Set(page.items.map(({ id }) => id)).size, page.total, page.nextCursor]).toEqual([520, 520, null]);
  });
});

describe('the terminal view as a person runs it', () => {
  it('exits with what it found, and writes plain text to a pipe', async () => {
    const api = await startApi();
    await api.send('sick', SICK);
    const launcher = join(import.meta.dirname, 'openclaw-fleet.mjs');
    const child = spawn(process.execPath, [launcher, 'status'], { env: { PATH: process.env['PATH'], ...shell(api) } });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    const code = await new Promise((resolve) => child.on('close', resolve));
    await api.stop();
    expect([code, err]).toEqual([3, '']);
    expect(out).toMatch(/^Fleet {7}normal, /);
    expect(out.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });
});

describe('what status exits with', () => {
  const zero = { healthy: 5, warning: 0, degraded: 0, critical: 0, unknown: 2 };
  const of = (more: object): number =>
    statusExit({
      verdict: { value: 'normal', reason: '', since: '' },
      bands: zero,
      isolated: 0,
      ...more,
    } as FleetSummary);

  it.each([
    [0, {}],
    [3, { bands: { ...zero, warning: 1 } }],
    [3, { bands: { ...zero, degraded: 1 } }],
    [3, { verdict: { value: 'partial' } }],
    [4, { bands: { ...zero, critical: 1, warning: 3 } }],
    [4, { isolated: 1 }],
    [4, { verdict: { value: 'full' } }],
    [4, { verdict: { value: 'blind' } }],
  ])('is %i for %j', (code, more) => {
    expect(of(more)).toBe(code);
  });
});

describe('with demo timings', () => {
  it('every view says so first', async () => {
    const api = await startApi();
    try {
      await api.send('gw-1', FINE);
      const summary = api.fleet.summary.bind(api.fleet);
      api.fleet.summary = (nowMs) => ({ ...summary(nowMs), timings: 'demo' });
      for (const args of [['status'], ['targets'], ['target', 'gw-1'], ['violations'], ['events', '--count', '0']]) {
        const { out } = await openclawFleet(args, shell(api));
        expect([args, out]).toEqual([args, expect.stringMatching(/^DEMO TIMINGS: /)]);
      }
      const { out } = await openclawFleet(['status', '--json'], shell(api));
      expect(summarySchema.parse(JSON.parse(out)).timings).toBe('demo');
    } finally {
      await api.stop();
    }
  });
});
