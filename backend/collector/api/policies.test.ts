import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  overlaySchema,
  policyListSchema,
  policyProfileSchema,
  previewSchema,
  problemSchema,
  targetPageSchema,
  targetPolicySchema,
} from '@openclaw-fleet/contract';
import type { Problem } from '@openclaw-fleet/contract';
import { BRIDGE_BLOCKS, START, startApi } from './testing/harness.ts';
import type { Harness } from './testing/harness.ts';

let api: Harness;
beforeAll(async () => {
  api = await startApi();
  await api.send('n1', BRIDGE_BLOCKS);
  await api.send('n2', BRIDGE_BLOCKS);
});
afterAll(() => api.stop());

const why = { reason: 'because the test says so' };
const DAY = 86_400_000;
const inDays = (days: number): string => new Date(START + days * DAY).toISOString();

async function refusal(response: Response): Promise<{ status: number; name: string; fields: string[]; body: Problem }> {
  const body = problemSchema.parse(await response.json());
  expect(response.headers.get('etag')).toBeNull();
  return {
    status: response.status,
    name: body.type.replace(/^.*:/, ''),
    fields: (body.errors ?? []).map(({ field }) => field),
    body,
  };
}

/** A new profile of that id. */
async function make(id: string, more: object = {}): Promise<void> {
  const response = await api.write('POST', '/fleet/policies', { id, name: id, ...more, ...why });
  expect([response.status, response.headers.get('etag')]).toEqual([201, '"1"']);
}

const versionOf = async (path: string): Promise<number> =>
  Number(/^"(\d+)"$/.exec((await api.ask(path)).headers.get('etag') ?? '')?.[1]);

/** The newest record of the audit chain. */
const lastAudit = () => api.auditRecords().at(-1)!;

describe('POST /fleet/policies', () => {
  it('creates a profile with its defaults, says where it is, and who made it and why', async () => {
    const response = await api.write('POST', '/fleet/policies', {
      id: 'first',
      name: 'First',
      limits: { cpuPct: 90 },
      ...why,
    });
    expect(response.status).toBe(201);
    expect(response.headers.get('location')).toBe('/fleet/policies/first');
    const profile = policyProfileSchema.parse(await response.json());
    expect(profile).toMatchObject({ id: 'first', version: 1, driftMode: 'Audit', limits: { cpuPct: 90 }, targets: 0 });
    expect(profile.updatedBy).toMatch(/^token:/);
    expect(profile).not.toHaveProperty('reason');
    expect(await (await api.ask('/fleet/policies/first')).json()).toEqual(profile);
    expect(lastAudit()).toEqual({ actor: profile.updatedBy, action: 'policy.created', reason: why.reason });
  });

  it('refuses an id that is there, a bad one and bad fields, by name', async () => {
    await make('twice');
    const twice = await refusal(await api.write('POST', '/fleet/policies', { id: 'twice', name: 'x', ...why }));
    expect([twice.status, twice.name]).toEqual([409, 'conflict']);
    const bad = await refusal(
      await api.write('POST', '/fleet/policies', {
        id: 'Not An Id',
        limits: { cpuPct: -1, cpu: 1 },
        windows: [{ kind: 'never', schedule: '* * * * *', durationMinutes: 0, reason: 'night' }],
        driftMode: 'Audit',
      })
    );
    expect([bad.status, bad.name]).toEqual([422, 'invalid-body']);
    expect(bad.fields.sort()).toEqual([
      'id',
      'limits.cpu',
      'limits.cpuPct',
      'name',
      'reason',
      'windows[0].durationMinutes',
      'windows[0].kind',
    ]);
    const messages = Object.fromEntries((bad.body.errors ?? []).map(({ field, message }) => [field, message]));
    expect(messages).toMatchObject({
      name: 'is missing',
      'limits.cpu': expect.stringContaining('limits takes cpuPct, memUsedBytes'),
      'windows[0].kind': 'must be one of deny, allow',
      'windows[0].durationMinutes': 'must be at least 1',
    });
  });

  it('refuses what the schema cannot know, by name', async () => {
    const windows = [{ kind: 'deny', schedule: '99 * * * *', durationMinutes: 10, reason: 'the night shift' }];
    const { status, fields } = await refusal(
      await api.write('POST', '/fleet/policies', { id: 'bad-window', name: 'x', windows, ...why })
    );
    expect([status, fields]).toEqual([422, [expect.stringContaining('windows[0].schedule')]]);
    expect((await api.ask('/fleet/policies/bad-window')).status).toBe(404);
  });

  it('is the same at the address of the role', async () => {
    const body = { id: 'by-role', name: 'x', ...why };
    expect((await api.write('POST', '/fleet/approver/policies', body, { role: 'operator' })).status).toBe(403);
    expect((await api.write('POST', '/fleet/approver/policies', body)).status).toBe(201);
    expect((await api.ask('/fleet/policies/by-role')).status).toBe(200);
  });
});

describe('GET /fleet/policies', () => {
  it('lists all with how many targets each has', async () => {
    const { items } = policyListSchema.parse(await (await api.ask('/fleet/policies')).json());
    expect(items.map(({ id }) => id)).toContain('default');
    expect(items.find(({ id }) => id === 'default')?.targets).toBe(2);
  });

  it('says that there is none', async () => {
    const { status, name } = await refusal(await api.ask('/fleet/policies/nothing'));
    expect([status, name]).toEqual([404, 'not-found']);
  });
});

describe('PATCH /fleet/policies/:policyId', () => {
  it('changes what is sent and keeps the rest', async () => {
    await make('edited', { owner: 'platform', limits: { cpuPct: 90, queueDepth: 5 }, driftMode: 'ApplyAndMonitor' });
    const body = { limits: { cpuPct: 80 }, owner: null, ...why };
    const response = await api.write('PATCH', '/fleet/policies/edited', body, { version: 1 });
    expect([response.status, response.headers.get('etag')]).toEqual([200, '"2"']);
    expect(policyProfileSchema.parse(await response.json())).toMatchObject({
      version: 2,
      owner: null,
      limits: { cpuPct: 80 },
      driftMode: 'ApplyAndMonitor',
    });
  });

  it('tells two edits of the same version apart: one is taken, the other must look again', async () => {
    await make('raced');
    const edit = (owner: string) => api.write('PATCH', '/fleet/policies/raced', { owner, ...why }, { version: 1 });
    const answers = await Promise.all([edit('a'), edit('b'), edit('c')]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412]);
    const late = await refusal(await edit('d'));
    expect([late.status, late.name]).toEqual([412, 'precondition-failed']);
    expect(late.body.detail).toContain('2');
  });

  it('needs the version, and takes it only as an ETag', async () => {
    const without = await refusal(await api.write('PATCH', '/fleet/policies/default', { owner: 'x', ...why }));
    expect([without.status, without.name]).toEqual([428, 'precondition-required']);
    for (const tag of ['1', '*', '"a"', '"1", "2"', '"-1"']) {
      const response = await api.ask('/fleet/policies/default', 'approver', {
        method: 'PATCH',
        headers: { 'content-type': 'application/json', 'if-match': tag },
        body: JSON.stringify({ owner: 'x', ...why }),
      });
      const { status, fields } = await refusal(response);
      expect([tag, status, fields]).toEqual([tag, 400, ['If-Match']]);
    }
  });

  it('takes a tag that a proxy marked as weak', async () => {
    await make('weak');
    const response = await api.ask('/fleet/policies/weak', 'approver', {
      method: 'PATCH',
      headers: { 'content-type': 'application/json', 'if-match': 'W/"1"' },
      body: JSON.stringify({ owner: 'x', ...why }),
    });
    expect(response.status).toBe(200);
  });

  it('refuses a change of nothing, of nobody, and by somebody who may not', async () => {
    const nothing = await refusal(await api.write('PATCH', '/fleet/policies/default', why, { version: 1 }));
    expect([nothing.status, nothing.fields]).toEqual([422, ['(body)']]);
    const nobody = await api.write('PATCH', '/fleet/policies/nothing', { owner: 'x', ...why }, { version: 1 });
    expect((await refusal(nobody)).status).toBe(404);
    const operator = { version: 1, role: 'operator' } as const;
    const forbidden = await api.write('PATCH', '/fleet/policies/default', { owner: 'x', ...why }, operator);
    expect((await refusal(forbidden)).body.detail).toContain('approver');
  });
});

describe('DELETE /fleet/policies/:policyId', () => {
  it('deletes one that nobody has', async () => {
    await make('spare');
    const response = await api.write('DELETE', '/fleet/policies/spare', why, { version: 1 });
    expect([response.status, await response.text()]).toEqual([204, '']);
    expect((await api.ask('/fleet/policies/spare')).status).toBe(404);
    expect(lastAudit().action).toBe('policy.deleted');
  });

  it('says who has it, and deletes nothing of another version, nothing twice, and never the default', async () => {
    await make('used');
    await api.write('POST', '/fleet/targets/n2/apply-policy', { policyId: 'used', ...why });
    const used = await refusal(await api.write('DELETE', '/fleet/policies/used', why, { version: 1 }));
    expect([used.status, used.name, used.body.detail]).toEqual([409, 'in-use', expect.stringContaining('n2')]);
    const stale = await refusal(await api.write('DELETE', '/fleet/policies/used', why, { version: 9 }));
    expect([stale.status, stale.name]).toEqual([412, 'precondition-failed']);
    expect((await api.write('DELETE', '/fleet/policies/nothing', why, { version: 1 })).status).toBe(404);
    expect((await api.write('DELETE', '/fleet/policies/used', why)).status).toBe(428);
    const version = await versionOf('/fleet/policies/default');
    const first = await refusal(await api.write('DELETE', '/fleet/policies/default', why, { version }));
    expect([first.status, first.name]).toEqual([409, 'read-only']);
  });
});

describe('waivers', () => {
  const waiver = { id: 'summer', code: 'cpu-over-limit', expiresAt: inDays(3), reason: 'the heat wave' };

  it('are added and ended, each a new version of the profile', async () => {
    await make('waived');
    const added = await api.write('POST', '/fleet/policies/waived/waivers', waiver, { version: 1 });
    expect([added.status, added.headers.get('etag')]).toEqual([201, '"2"']);
    expect(policyProfileSchema.parse(await added.json()).waivers).toEqual([{ ...waiver, targetIds: null }]);
    expect(lastAudit()).toMatchObject({ action: 'policy.waiver-added', reason: 'the heat wave' });
    const ended = await api.write('DELETE', '/fleet/policies/waived/waivers/summer', why, { version: 2 });
    expect([ended.status, ended.headers.get('etag')]).toEqual([200, '"3"']);
    expect(policyProfileSchema.parse(await ended.json()).waivers).toEqual([]);
  });

  it('are refused when they are there, past, unknown, or made from another version', async () => {
    await make('waived-too', { waivers: [waiver] });
    const path = '/fleet/policies/waived-too/waivers';
    const twice = await refusal(await api.write('POST', path, waiver, { version: 1 }));
    expect([twice.status, twice.name]).toEqual([409, 'conflict']);
    const past = await refusal(
      await api.write('POST', path, { ...waiver, id: 'old', expiresAt: inDays(-1) }, { version: 1 })
    );
    expect([past.status, past.fields]).toEqual([422, ['expiresAt']]);
    const code = await refusal(await api.write('POST', path, { ...waiver, id: 'x', code: 'rain' }, { version: 1 }));
    expect([code.status, code.fields]).toEqual([422, ['code']]);
    expect((await api.write('POST', path, { ...waiver, id: 'late' }, { version: 7 })).status).toBe(412);
    expect((await api.write('DELETE', `${path}/nothing`, why, { version: 1 })).status).toBe(404);
    expect((await api.write('DELETE', `${path}/summer`, why, { version: 7 })).status).toBe(412);
    expect((await api.write('DELETE', `${path}/-bad`, why, { version: 1 })).status).toBe(400);
    expect((await api.write('POST', path, waiver, { version: 1, role: 'operator' })).status).toBe(403);
  });
});

describe("a target's desired state", () => {
  it('outranks its profile, field by field, and can be given back', async () => {
    await make('fleet-wide', { desired: { bridgeVersion: '2.0.0', maxSyncLagMs: 60_000 } });
    const applied = await api.write('POST', '/fleet/targets/n1/apply-policy', { policyId: 'fleet-wide', ...why });
    expect(applied.status).toBe(200);
    const first = targetPolicySchema.parse(await applied.json());
    expect(first).toMatchObject({ policyProfileId: 'fleet-wide', own: {}, desired: { bridgeVersion: '2.0.0' } });
    expect(applied.headers.get('etag')).toBe(`"${first.version}"`);

    const path = '/fleet/targets/n1/desired-state';
    const { version } = first;
    const patched = await api.write('PATCH', path, { bridgeVersion: '1.9.0', ...why }, { version });
    const second = targetPolicySchema.parse(await patched.json());
    expect(second).toMatchObject({
      version: version + 1,
      own: { bridgeVersion: '1.9.0' },
      desired: { bridgeVersion: '1.9.0', maxSyncLagMs: 60_000 },
      updatedBy: expect.stringMatching(/^token:/),
    });
    expect(await (await api.ask(path)).json()).toEqual(second);
    expect(await versionOf(path)).toBe(second.version);
    expect(lastAudit()).toMatchObject({ action: 'target.desired-changed', reason: why.reason });
    const { items } = targetPageSchema.parse(await (await api.ask('/fleet/targets?q=n1')).json());
    expect(items[0]).toMatchObject({ policyProfileId: 'fleet-wide', desired: { bridgeVersion: '1.9.0' } });

    const nothing = await api.write('PATCH', path, { bridgeVersion: null, ...why }, { version: second.version });
    expect(targetPolicySchema.parse(await nothing.json()).desired.bridgeVersion).toBeNull();
    const inherited = await api.write('PATCH', path, { inherit: ['bridgeVersion'], ...why }, { version: version + 2 });
    expect(targetPolicySchema.parse(await inherited.json())).toMatchObject({
      own: {},
      desired: { bridgeVersion: '2.0.0' },
    });
  });

  it('is refused of nobody, of nothing, of another version, and by somebody who may not', async () => {
    const path = '/fleet/targets/n1/desired-state';
    const version = await versionOf(path);
    const body = { bridgeVersion: '1.0.0', ...why };
    const stale = await refusal(await api.write('PATCH', path, body, { version: version - 1 }));
    expect([stale.status, stale.name]).toEqual([412, 'precondition-failed']);
    expect((await api.write('PATCH', path, body)).status).toBe(428);
    expect((await api.write('PATCH', path, body, { version, role: 'operator' })).status).toBe(403);
    expect((await api.write('PATCH', '/fleet/targets/nobody/desired-state', body, { version: 0 })).status).toBe(404);
    expect((await api.ask('/fleet/targets/nobody/desired-state')).status).toBe(404);
    const nothing = await refusal(await api.write('PATCH', path, why, { version }));
    expect([nothing.status, nothing.fields]).toEqual([422, ['(body)']]);
    const bad = await refusal(
      await api.write('PATCH', path, { bridgeVersion: 'new', maxSyncLagMs: 1, configHash: 'x', ...why }, { version })
    );
    expect([bad.status, bad.fields.sort()]).toEqual([422, ['bridgeVersion', 'configHash', 'maxSyncLagMs']]);
    const unknown = await refusal(
      await api.write('PATCH', path, { configRevision: 'a'.repeat(64), ...why }, { version })
    );
    expect([unknown.status, unknown.fields]).toEqual([422, ['configRevision']]);
  });

  it('is told apart when two edit it at once, also by its overlay', async () => {
    const version = await versionOf('/fleet/targets/n1/overlay');
    const answers = await Promise.all([
      api.write('PATCH', '/fleet/targets/n1/desired-state', { maxSyncLagMs: 70_000, ...why }, { version }),
      api.write('PUT', '/fleet/targets/n1/overlay', { values: { 'gateway.port': 1 }, ...why }, { version }),
      api.write('POST', '/fleet/targets/n1/apply-policy', { policyId: 'default', ...why }, { version }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412]);
  });
});

describe('POST /fleet/targets/:targetId/apply-policy', () => {
  it('is refused for a profile or a target there is not, and by somebody who may not', async () => {
    const path = '/fleet/targets/n1/apply-policy';
    expect((await api.write('POST', path, { policyId: 'nothing', ...why })).status).toBe(404);
    expect(
      (await api.write('POST', '/fleet/targets/nobody/apply-policy', { policyId: 'default', ...why })).status
    ).toBe(404);
    expect((await api.write('POST', path, { policyId: 'default', ...why }, { role: 'operator' })).status).toBe(403);
    const bad = await refusal(await api.write('POST', path, { policyId: 7, targets: [], ...why }));
    expect([bad.status, bad.fields.sort()]).toEqual([422, ['policyId', 'targets']]);
  });
});

describe("a target's overlay", () => {
  it('is replaced whole', async () => {
    const path = '/fleet/targets/n2/overlay';
    const none = overlaySchema.parse(await (await api.ask(path)).json());
    expect(none).toMatchObject({ values: {}, configRevision: null, configHash: null });
    const stored = await api.write('POST', '/fleet/configs', {
      title: 'managed',
      values: { 'messages.ackReaction': 'fire' },
      ...why,
    });
    const { id: configRevision } = (await stored.json()) as { id: string };
    const desired = { configRevision, ...why };
    await api.write('PATCH', '/fleet/targets/n2/desired-state', desired, { version: none.version });
    const before = overlaySchema.parse(await (await api.ask(path)).json());
    expect(before).toMatchObject({ values: {}, configRevision, configHash: configRevision });
    const values = { 'messages.ackReaction': 'eyes' };
    const put = await api.write('PUT', path, { values, ...why }, { version: before.version });
    expect([put.status, put.headers.get('etag')]).toEqual([200, `"${before.version + 1}"`]);
    const after = overlaySchema.parse(await put.json());
    expect(after).toMatchObject({ values, configRevision });
    expect(after.configHash).not.toBe(configRevision);
    expect(overlaySchema.parse(await (await api.ask(path)).json()).values).toEqual(values);
    const stale = await api.write('PUT', path, { values: {}, ...why }, { version: before.version });
    expect(stale.status).toBe(412);
  });

  it('is refused with paths that are none, by name', async () => {
    const path = '/fleet/targets/n2/overlay';
    const version = await versionOf(path);
    const bad = await refusal(await api.write('PUT', path, { values: { 'a..b': 1 }, ...why }, { version }));
    expect([bad.status, bad.fields]).toEqual([422, ['values.a..b']]);
    const unmanaged = { values: { 'messages.queue': 1 }, ...why };
    expect((await refusal(await api.write('PUT', path, unmanaged, { version }))).status).toBe(422);
    expect((await api.write('PUT', path, { values: {}, ...why })).status).toBe(428);
    expect(
      (await api.write('PUT', '/fleet/targets/nobody/overlay', { values: {}, ...why }, { version: 0 })).status
    ).toBe(404);
  });
});

describe('a preview', () => {
  it('of a profile says who would change, and changes nothing', async () => {
    await make('looked-at');
    await api.write('POST', '/fleet/targets/n2/apply-policy', { policyId: 'looked-at', ...why });
    const operator = { role: 'operator' } as const;
    const change = { desired: { bridgeVersion: '3.0.0' } };
    const response = await api.write('POST', '/fleet/policies/looked-at/preview', { change }, operator);
    expect(response.status).toBe(200);
    const preview = previewSchema.parse(await response.json());
    expect([preview.looked, preview.changed]).toEqual([1, 1]);
    expect(preview.items[0]).toMatchObject({ targetId: 'n2' });
    expect(preview.items[0]?.opens.map(({ fault }) => fault)).toEqual(
      expect.arrayContaining([expect.stringContaining('version')])
    );
    expect(await versionOf('/fleet/policies/looked-at')).toBe(1);
    const drift = (await (await api.ask('/fleet/targets/n2/drift?category=version')).json()) as { total: number };
    expect(drift.total).toBe(0);

    const applyTo = await api.write(
      'POST',
      '/fleet/operator/policies/looked-at/preview',
      { applyTo: ['n1'] },
      operator
    );
    expect(previewSchema.parse(await applyTo.json()).looked).toBe(1);
  });

  it('of a target takes one change of three', async () => {
    const path = '/fleet/targets/n1/preview';
    for (const body of [
      { policyId: 'looked-at' },
      { desired: { bridgeVersion: '3.0.0', inherit: ['maxSyncLagMs'] } },
      { overlay: {} },
    ]) {
      const response = await api.write('POST', path, body, { role: 'operator' });
      expect([body, response.status]).toEqual([body, 200]);
      expect(previewSchema.parse(await response.json()).looked).toBe(1);
    }
  });

  it('is refused for viewers, for nobody, and for no change or two', async () => {
    expect((await api.write('POST', '/fleet/targets/n1/preview', {}, { role: 'viewer' })).status).toBe(403);
    expect((await api.write('POST', '/fleet/targets/nobody/preview', { policyId: 'default' })).status).toBe(404);
    expect((await api.write('POST', '/fleet/policies/nothing/preview', { change: { owner: 'x' } })).status).toBe(404);
    for (const [path, body] of [
      ['/fleet/targets/n1/preview', {}],
      ['/fleet/targets/n1/preview', { policyId: 'default', overlay: {} }],
      ['/fleet/policies/default/preview', {}],
    ] as const) {
      const { status, fields } = await refusal(await api.write('POST', path, body));
      expect([status, fields]).toEqual([422, ['(body)']]);
    }
  });
});
