import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  adoptedConfigSchema,
  configDiffSchema,
  configListSchema,
  configRevisionSchema,
  driftPageSchema,
  MAX_CONFIG_BYTES,
  problemSchema,
} from '@openclaw-fleet/contract';
import type { ConfigValues } from '@openclaw-fleet/contract';
import { configHash } from '../configurations/hash.ts';
import { BRIDGE_BLOCKS, startApi } from './testing/harness.ts';
import type { Harness } from './testing/harness.ts';

let api: Harness;
beforeAll(async () => {
  api = await startApi();
  await api.send('n1', BRIDGE_BLOCKS);
  await api.send('silent');
});
afterAll(() => api.stop());

const why = { reason: 'because the test says so' };

async function refusal(
  response: Response
): Promise<{ status: number; name: string; fields: string[]; detail: string }> {
  const { type, detail, errors = [] } = problemSchema.parse(await response.json());
  return { status: response.status, name: type.replace(/^.*:/, ''), fields: errors.map(({ field }) => field), detail };
}

async function store(values: object, title = 'a revision'): Promise<string> {
  const response = await api.write('POST', '/fleet/configs', { title, values, ...why });
  expect([200, 201]).toContain(response.status);
  return configRevisionSchema.parse(await response.json()).id;
}

describe('POST /fleet/configs', () => {
  const values = { 'messages.ackReaction': 'eyes', 'messages.queue': { cap: 20 } };

  it('stores a document under its hash, once', async () => {
    const body = { title: 'first', values, ...why };
    const created = await api.write('POST', '/fleet/configs', body);
    expect(created.status).toBe(201);
    const revision = configRevisionSchema.parse(await created.json());
    expect(created.headers.get('location')).toBe(`/fleet/configs/${revision.id}`);
    expect(revision).toMatchObject({
      title: 'first',
      values,
      reason: why.reason,
      createdBy: expect.stringMatching(/^token:/),
    });
    const again = await api.write('POST', '/fleet/approver/configs', { ...body, title: 'second' });
    expect([again.status, again.headers.get('location')]).toEqual([200, `/fleet/configs/${revision.id}`]);
    expect(await again.json()).toEqual(revision);
    expect(await (await api.ask(`/fleet/configs/${revision.id}`)).json()).toEqual(revision);
  });

  it('takes a document much larger than other bodies, up to its limit', async () => {
    const text = 'x'.repeat(2000);
    const values: Record<string, string> = {};
    for (let at = 0; at < 100; at++) values[`messages.large${at}`] = text;
    const response = await api.write('POST', '/fleet/configs', {
      title: 'x',
      values,
      ...why,
    });
    expect(response.status).not.toBe(413);
    const over = { ['messages.large']: 'x'.repeat(MAX_CONFIG_BYTES + 64 * 1024) };
    expect((await api.write('POST', '/fleet/configs', { title: 'x', values: over, ...why })).status).toBe(413);
  });

  it.each([
    ['a secret', { 'channels.telegram.botToken': '110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw' }],
    ['a path that is none', { 'a b': 1 }],
    ['a path into the prototype', { 'a.__proto__.b': 1 }],
  ])('refuses %s, naming it and not its value', async (_case, bad) => {
    const { status, name, fields, detail } = await refusal(
      await api.write('POST', '/fleet/configs', { title: 'x', values: bad, ...why })
    );
    expect([status, name]).toEqual([422, 'invalid-body']);
    expect(fields).toEqual(Object.keys(bad).map((path) => `values.${path}`));
    expect(detail).not.toContain('AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw');
  });

  it('is for approvers, and names the field that is wrong', async () => {
    const body = { title: 'x', values, ...why };
    expect((await api.write('POST', '/fleet/configs', body, { role: 'operator' })).status).toBe(403);
    const { fields } = await refusal(await api.write('POST', '/fleet/configs', { values: [], note: 1, ...why }));
    expect(fields.sort()).toEqual(['note', 'title', 'values']);
  });
});

describe('GET /fleet/configs', () => {
  it('pages through them, newest first, without their values', async () => {
    for (let at = 0; at < 3; at++) {
      api.clock.now += 1000;
      await store({ 'messages.ackReaction': `number ${at}` }, `number ${at}`);
    }
    const whole = configListSchema.parse(await (await api.ask('/fleet/configs')).json());
    expect(whole.items.slice(0, 3).map(({ title }) => title)).toEqual(['number 2', 'number 1', 'number 0']);
    expect(whole.items[0]).toMatchObject({ paths: 1 });
    expect(whole.items[0]).not.toHaveProperty('values');
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const response = await api.ask(`/fleet/configs?limit=2${cursor && `&cursor=${cursor}`}`);
      const page = configListSchema.parse(await response.json());
      expect(page.total).toBe(whole.total);
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(whole.items.map(({ id }) => id));
    expect((await refusal(await api.ask('/fleet/configs?cursor=x'))).fields).toEqual(['cursor']);
  });

  it('says that there is none of an id, and what an id is', async () => {
    expect((await api.ask(`/fleet/configs/${'0'.repeat(64)}`)).status).toBe(404);
    expect((await refusal(await api.ask('/fleet/configs/mine'))).fields).toEqual(['configId']);
  });
});

describe('GET /fleet/configs/:configId/diff', () => {
  it('compares two revisions', async () => {
    const [from, to] = [
      await store({ 'messages.ackReaction': 'a', 'messages.same': 1 }),
      await store({ 'messages.ackReaction': 'b', 'messages.same': 1 }),
    ];
    const response = await api.ask(`/fleet/configs/${from}/diff?to=${to}`);
    expect(configDiffSchema.parse(await response.json())).toMatchObject({
      equal: false,
      differences: [{ path: 'messages.ackReaction', expected: expect.stringContaining('a') }],
    });
    const same = await api.ask(`/fleet/configs/${from}/diff?to=${from}`);
    expect(configDiffSchema.parse(await same.json())).toMatchObject({ equal: true, differences: [] });
  });

  it('asks for one thing to compare with, that there is', async () => {
    const id = await store({ 'messages.ackReaction': 'a' });
    const path = `/fleet/configs/${id}/diff`;
    expect((await refusal(await api.ask(path))).fields).toEqual(['to']);
    expect((await refusal(await api.ask(`${path}?to=${id}&target=n1`))).fields).toEqual(['to']);
    expect((await api.ask(`${path}?to=${'0'.repeat(64)}`)).status).toBe(404);
    expect((await api.ask(`${path}?target=nobody`)).status).toBe(404);
    const silent = await refusal(await api.ask(`${path}?target=silent`));
    expect([silent.status, silent.name]).toEqual([409, 'conflict']);
  });
});

describe('what a target runs', () => {
  const running = { 'messages.ackReaction': 'eyes', 'messages.queue': { cap: 21 } };

  it('becomes a revision, is desired, and an edit of it is drift that names the path and both values', async () => {
    const path = '/fleet/targets/n1/adopt-config';
    expect((await refusal(await api.write('POST', path, { title: 'x', ...why }))).name).toBe('conflict');
    const report = async (values: object): Promise<string> => {
      const hash = configHash(values as ConfigValues);
      await api.configurations.acceptReport('n1', {
        revision: null,
        config_hash: hash,
        values: values as ConfigValues,
      });
      return hash;
    };
    await report(running);
    expect((await api.write('POST', path, { title: 'x', ...why }, { role: 'operator' })).status).toBe(403);
    const response = await api.write('POST', path, { title: 'as it runs', ...why });
    expect(response.status).toBe(201);
    const { revision, created } = adoptedConfigSchema.parse(await response.json());
    expect(response.headers.get('location')).toBe(`/fleet/configs/${revision.id}`);
    expect([created, revision.adoptedFrom, revision.values]).toEqual([true, 'n1', running]);
    expect((await api.write('POST', path, { title: 'again', ...why })).status).toBe(200);

    const desired = await api.write(
      'PATCH',
      '/fleet/targets/n1/desired-state',
      { configRevision: revision.id, ...why },
      { version: 0 }
    );
    expect(desired.status).toBe(200);
    const edited = await report({ ...running, 'messages.ackReaction': 'fire' });
    api.clock.now += 200_000;
    const reported = { ...BRIDGE_BLOCKS.reported, config_hash: edited, apply_status: 'APPLIED' as const };
    await api.send('n1', { ...BRIDGE_BLOCKS, reported });
    const { items } = driftPageSchema.parse(await (await api.ask('/fleet/targets/n1/drift?category=config')).json());
    expect(items).toEqual([
      expect.objectContaining({
        category: 'config',
        severity: 'major',
        differences: [
          {
            path: 'messages.ackReaction',
            expected: expect.stringContaining('eyes'),
            actual: expect.stringContaining('fire'),
          },
        ],
      }),
    ]);
    const diff = await api.ask(`/fleet/configs/${revision.id}/diff?target=n1`);
    expect(configDiffSchema.parse(await diff.json()).differences.map((each) => each.path)).toEqual([
      'messages.ackReaction',
    ]);
  });

  it('is adopted of nobody that there is not', async () => {
    expect((await api.write('POST', '/fleet/targets/nobody/adopt-config', { title: 'x', ...why })).status).toBe(404);
    const bad = await refusal(await api.write('POST', '/fleet/targets/n1/adopt-config', { paths: [], ...why }));
    expect([bad.status, bad.fields.sort()]).toEqual([422, ['paths', 'title']]);
  });
});
