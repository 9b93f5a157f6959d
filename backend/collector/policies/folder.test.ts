import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { PolicyFolder, type PolicyFolderOptions } from './folder.ts';
import { ada, Desk, failure, START } from './testing/desk.ts';

const desks: Desk[] = [];
const folders: PolicyFolder[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await folder.stop();
  for (const desk of desks.splice(0)) await desk.close();
});

class Lines {
  readonly all: string[] = [];
  readonly log = {
    info: this.#note(),
    warn: this.#note(),
    error: this.#note(),
  } as unknown as PolicyFolderOptions['log'];

  #note(): (...said: unknown[]) => void {
    return (...said) => {
      const [first, second] = said;
      const { err } = (typeof first === 'object' ? first : {}) as { err?: Error };
      this.all.push([typeof first === 'string' ? first : second, err?.message].filter(Boolean).join(' '));
    };
  }
}

async function start(): Promise<{ desk: Desk; dir: string }> {
  const desk = await Desk.start();
  desks.push(desk);
  const dir = join(desk.folder, 'policies');
  mkdirSync(dir);
  return { desk, dir };
}

/** Watches the folder; what is not asked for by `look` is heard of by the system's own notices alone. */
async function watching(desk: Desk, dir: string | null, more: Partial<PolicyFolderOptions> = {}) {
  const lines = new Lines();
  const { policies, configurations } = desk;
  const options = { dir, policies: policies.provisioned, configurations, clock: () => desk.clock.now, log: lines.log };
  const folder = await PolicyFolder.start({ ...options, pollMs: 3_600_000, settleMs: 5, ...more });
  folders.push(folder);
  return { folder, lines };
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error('it did not come about within 15 s');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const write = (dir: string, name: string, text: string): void => writeFileSync(join(dir, name), text);
const edge = (more = ''): string => `id: edge\nname: Edge\n${more}`;

describe('a folder of policies', () => {
  it('takes effect on start, for targets that did not report yet too, and only files can change it', async () => {
    const { desk, dir } = await start();
    await desk.report(['n1']);
    write(dir, 'edge.yaml', edge('requiredTags: [tier:gold]\ntargets: [n1, n2]'));
    write(dir, 'notes.txt', 'not a policy');
    write(dir, '.hidden.yaml', 'not: [a policy');
    const { folder } = await watching(desk, dir);
    expect(folder.problems).toEqual([]);
    const { policies } = desk;
    expect(policies.get('edge')).toMatchObject({
      version: 1,
      provisioned: true,
      targets: 1,
      updatedBy: 'policy-file:edge.yaml',
    });
    expect(policies.of('n2')).toMatchObject({ profileId: 'edge' });
    expect(desk.fleet.get('n1')?.assessment.faults).toMatchObject([{ code: 'required-tag-missing' }]);
    expect(policies.target('n1')).toMatchObject({ provisioned: true, profileId: 'edge' });

    const readOnly = { kind: 'provisioned-read-only', message: expect.stringContaining('policies.dir') as unknown };
    const waiver = { id: 'w', code: 'runtime-error', expiresAt: '2027-01-01T00:00:00Z', reason: 'known' } as const;
    expect(await failure(policies.update('edge', { owner: 'ada' }, 1, ada))).toMatchObject(readOnly);
    expect(await failure(policies.addWaiver('edge', waiver, 1, ada))).toMatchObject(readOnly);
    expect(await failure(policies.remove('edge', 1, ada))).toMatchObject(readOnly);
    expect(await failure(policies.apply(['n1'], 'default', null, ada))).toMatchObject(readOnly);
    await policies.patchDesired('n1', { maxSyncLagMs: 5000 }, 1, ada);
    expect(policies.of('n1').desired.maxSyncLagMs).toBe(5000);
  });

  it('refuses in a preview what it refuses in the change', async () => {
    const { desk, dir } = await start();
    await desk.report(['n1', 'n2']);
    write(dir, 'edge.yaml', edge('targets: [n1]'));
    await watching(desk, dir);
    const { policies } = desk;
    const patch = { requiredTags: ['tier:gold'] };
    for (const draft of [
      { kind: 'update', profileId: 'edge', patch },
      { kind: 'apply', targetIds: ['n2', 'n1'], profileId: 'default' },
    ] as const)
      expect(await failure(policies.preview(draft))).toMatchObject({ kind: 'provisioned-read-only' });
    for (const draft of [
      { kind: 'update', profileId: 'default', patch },
      { kind: 'apply', targetIds: ['n1', 'n2'], profileId: 'edge' },
      { kind: 'patchDesired', targetId: 'n1', patch: { maxSyncLagMs: 5000 } },
    ] as const)
      expect((await policies.preview(draft)).looked).toBeGreaterThan(0);
  });

  it('is written once: what is so already makes no version and no entry', async () => {
    const { desk, dir } = await start();
    write(dir, 'edge.yaml', edge('targets: [n1]'));
    const { folder } = await watching(desk, dir);
    await folder.look();
    const again = await desk.restart();
    desks.splice(0, 1, again);
    await watching(again, dir);
    expect(again.policies.get('edge')).toMatchObject({ version: 1, provisioned: true });
    expect(again.policies.target('n1')).toMatchObject({ rev: 1, provisioned: true });
    expect((await again.storage.timeline('n1', null, 10)).length).toBe(1);
  });

  it('takes a policy over that was made by the API, and the default one', async () => {
    const { desk, dir } = await start();
    await desk.policies.create('edge', { name: 'By hand', owner: 'ada' }, ada);
    write(dir, 'edge.yaml', edge());
    write(dir, 'default.yaml', 'id: default\nname: Everybody\nowner: platform');
    await watching(desk, dir);
    expect(desk.policies.get('edge')).toMatchObject({ version: 2, name: 'Edge', owner: null, provisioned: true });
    expect(desk.policies.of('nobody')).toMatchObject({ profileId: 'default', owner: 'platform' });
  });

  it('is heard of when a file changes, comes or goes', async () => {
    const { desk, dir } = await start();
    const { policies } = desk;
    await watching(desk, dir);
    write(dir, 'edge.yaml', edge('owner: platform\ntargets: [n1]'));
    await until(() => policies.get('edge')?.owner === 'platform');
    write(dir, 'edge.yaml.new', edge('owner: field\ntargets: []'));
    renameSync(join(dir, 'edge.yaml.new'), join(dir, 'edge.yaml'));
    await until(() => policies.get('edge')?.owner === 'field');
    // It is not in the file any more, so that it stays as it is and can be given another.
    expect(policies.target('n1')).toMatchObject({ profileId: 'edge', provisioned: false });
    rmSync(join(dir, 'edge.yaml'));
    await until(() => policies.get('edge')?.provisioned === false);
    expect(await policies.update('edge', { owner: 'ada' }, 3, ada)).toMatchObject({ owner: 'ada', version: 4 });
  });

  it('is looked at now and then, whatever was heard', async () => {
    const { desk } = await start();
    const dir = join(desk.folder, 'later');
    const { folder, lines } = await watching(desk, dir, { pollMs: 20 });
    expect(folder.problems).toMatchObject([
      { file: dir, message: expect.stringContaining('make the folder') as unknown },
    ]);
    mkdirSync(dir);
    write(dir, 'edge.yaml', edge());
    await until(() => desk.policies.get('edge') !== null);
    expect(folder.problems).toEqual([]);
    expect(lines.all.filter((line) => line.includes('make the folder'))).toHaveLength(1);
    expect(lines.all).toContain('the files of policies are in order again');
  });
});

describe('a target that a file names and that never reports', () => {
  it('does not keep a policy from being deleted', async () => {
    const { desk, dir } = await start();
    await desk.report(['n1']);
    write(dir, 'edge.yaml', edge('targets: [n1, n-with-a-typo]'));
    const { folder } = await watching(desk, dir);
    rmSync(join(dir, 'edge.yaml'));
    await folder.look();
    const { policies } = desk;
    expect(await failure(policies.remove('edge', 2, ada))).toMatchObject({ kind: 'in-use', usedBy: ['n1'] });
    await policies.apply(['n1'], 'default', null, ada);
    await policies.remove('edge', 2, ada);
    expect(policies.get('edge')).toBeNull();
    expect(policies.target('n-with-a-typo')).toMatchObject({ profileId: 'default', rev: 2 });
  });
});

describe('a bad file', () => {
  it('keeps the last good state, also over a restart, and is reported once by file, field and fix', async () => {
    const { desk, dir } = await start();
    write(dir, 'edge.yaml', edge('owner: platform\ntargets: [n1]'));
    const { folder, lines } = await watching(desk, dir);
    write(dir, 'edge.yaml', edge('ownr: field'));
    await folder.look();
    await folder.look();
    const held = { version: 1, owner: 'platform', provisioned: true };
    expect(desk.policies.get('edge')).toMatchObject(held);
    expect(desk.policies.target('n1')).toMatchObject({ profileId: 'edge', provisioned: true });
    expect(folder.problems).toEqual([
      { file: 'edge.yaml', field: 'ownr', message: 'is no field of it: did you mean owner?', refused: true },
    ]);
    expect(lines.all.filter((line) => line.includes('ownr'))).toEqual([
      'edge.yaml, ownr: is no field of it: did you mean owner? (until then what held before holds on)',
    ]);
    const again = await desk.restart();
    desks.splice(0, 1, again);
    await watching(again, dir);
    expect(again.policies.get('edge')).toMatchObject(held);
  });

  it('lets the good ones beside it through, and nothing that was in a file becomes editable meanwhile', async () => {
    const { desk, dir } = await start();
    write(dir, 'core.yaml', 'id: core\nname: Core');
    write(dir, 'edge.yaml', edge());
    const { folder } = await watching(desk, dir);
    write(dir, 'core.yaml', '{');
    write(dir, 'edge.yaml', edge('owner: platform'));
    await folder.look();
    expect(desk.policies.get('edge')).toMatchObject({ owner: 'platform' });
    expect(desk.policies.get('core')).toMatchObject({ provisioned: true });
  });

  it('is tried again: a revision that it names may come later', async () => {
    const { desk, dir } = await start();
    const values = { 'messages.ackReaction': 'eyes' };
    const id = await (async () => {
      const other = await Desk.start();
      desks.push(other);
      return other.revision(values);
    })();
    write(dir, 'edge.yaml', edge(`desired: { configRevision: ${id} }\ntargets: [n1]`));
    const { folder } = await watching(desk, dir);
    expect(desk.policies.get('edge')).toBeNull();
    await desk.revision(values);
    await folder.look();
    expect(desk.policies.of('n1')).toMatchObject({ revision: id, revisionSinceMs: START });
  });

  it('of more than a megabyte is not read', async () => {
    const { desk, dir } = await start();
    write(dir, 'edge.yaml', edge(`# ${'x'.repeat(1024 * 1024)}`));
    const { folder } = await watching(desk, dir);
    expect(folder.problems).toMatchObject([
      { file: 'edge.yaml', message: expect.stringContaining('bytes') as unknown },
    ]);
    expect(desk.policies.get('edge')).toBeNull();
  });

  it('as a storage that fails, is said and tried again', async () => {
    const { desk, dir } = await start();
    const { folder, lines } = await watching(desk, dir);
    await desk.storage.close();
    write(dir, 'edge.yaml', edge());
    await folder.look();
    expect(lines.all.at(-1)).toMatch(/could not be taken from files; it is tried again .*closed/);
  });
});

describe('without a folder', () => {
  it('what came from one becomes editable', async () => {
    const { desk, dir } = await start();
    write(dir, 'edge.yaml', edge('targets: [n1]'));
    await watching(desk, dir);
    const again = await desk.restart();
    desks.splice(0, 1, again);
    const { folder } = await watching(again, null);
    expect(folder.problems).toEqual([]);
    expect(again.policies.get('edge')).toMatchObject({ version: 2, provisioned: false });
    expect(await again.policies.update('edge', { owner: 'ada' }, 2, ada)).toMatchObject({ owner: 'ada' });
    expect(again.policies.target('n1')).toMatchObject({ profileId: 'edge', provisioned: false });
  });
});
