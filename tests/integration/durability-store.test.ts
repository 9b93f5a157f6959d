import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { auditedActions, folder, storageIn } from '../../backend/collector/storage/testing/temporary.ts';
import { guard } from './support/process.ts';
import { waitFor } from './support/wait.ts';

const KILLS = 5;

describe('kill -9 of the store under load', () => {
  const WRITER = new URL('support/store-writer.ts', import.meta.url).pathname;

  /** Runs the writer until everything was acknowledged `times` more, and kills it at a moment of chance. */
  async function writeAndKill(file: string, acknowledged: Map<string, number>, times: number): Promise<void> {
    const child = spawn(process.execPath, [WRITER, file], { stdio: ['ignore', 'pipe', 'pipe'] });
    guard(child);
    let said = '';
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    const gone = new Promise((resolve) => child.once('close', resolve));
    const wanted = [/^policy /gm, /^settings /gm, /^revision /gm, /^repair /gm, /^node-0 /gm, /^node-15 /gm];
    await waitFor(() => {
      if (child.exitCode !== null) throw new Error(`the writer ended with ${child.exitCode}:\n${errors}`);
      return wanted.every((line) => (said.match(line)?.length ?? 0) >= times);
    }, 'every kind of write to be acknowledged');
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 100));
    child.kill('SIGKILL');
    await gone;
    expect(errors.replace(/^\(.*Warning.*\n|^\(Use .*\n/gm, '')).toBe('');
    // A line that was cut off is no acknowledgement.
    for (const line of said.slice(0, said.lastIndexOf('\n')).split('\n')) {
      const [what, number] = line.split(' ') as [string, string];
      acknowledged.set(what, Number(number));
    }
  }

  const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

  it('loses no acknowledged policy, waiver, setting, revision or step of a repair, and leaves no gap and no double in history', async () => {
    const path = folder();
    const acknowledged = new Map<string, number>();
    const promised = (what: string): number => acknowledged.get(what) ?? 0;
    for (let kill = 0; kill < KILLS; kill++) {
      await writeAndKill(join(path, 'fleet.db'), acknowledged, 3);
      const store = await storageIn(path);
      const [profile] = await store.profiles();
      const version = profile?.version ?? 0;
      expect(version).toBeGreaterThanOrEqual(promised('policy'));
      expect((JSON.parse(profile?.spec ?? '{}') as { waivers: string[] }).waivers).toEqual(
        upTo(version).map((number) => `w${number}`)
      );
      const [settings] = await store.settings();
      const rev = settings?.rev ?? 0;
      expect(rev).toBeGreaterThanOrEqual(promised('settings'));
      expect(settings?.desired).toBe(JSON.stringify({ maxSyncLagMs: rev }));
      const changes = await store.timeline('settled', null, 1_000_000);
      expect(changes.map(({ summary }) => Number(summary)).reverse()).toEqual(upTo(rev));
      const revisions = await store.revisions();
      expect(revisions.length).toBeGreaterThanOrEqual(promised('revision'));
      expect(revisions.map(({ title }) => Number(title))).toEqual(upTo(revisions.length));
      let beats = 0;
      const nodes = new Map<string, number>();
      await store.loadNodes((rows) => rows.forEach(({ nodeId, rev: last }) => nodes.set(nodeId, last)));
      expect(nodes.size).toBe(16);
      for (const [nodeId, last] of nodes) {
        expect(last).toBeGreaterThanOrEqual(promised(nodeId));
        const scores = await store.scores(nodeId, 0, Infinity, 1_000_000);
        expect(scores.map(({ atMs }) => atMs)).toEqual(upTo(last));
        const timeline = await store.timeline(nodeId, null, 1_000_000);
        expect(timeline.map(({ summary }) => Number(summary)).reverse()).toEqual(upTo(last));
        const { rows } = await store.faults({ nodeId, limit: 1_000_000 });
        const opened = upTo(last).filter((number) => number % 2 === 1);
        expect(rows.map(({ openedMs, resolvedMs }) => [openedMs, resolvedMs]).reverse()).toEqual(
          opened.map((number) => [number, number === last ? null : number + 1])
        );
        beats += last;
      }
      const repair = await store.run('run');
      const done = repair?.run.rev ?? 0;
      expect(done).toBeGreaterThanOrEqual(promised('repair'));
      expect([repair?.run.doc, repair?.plan.doc]).toEqual([String(done), String(done)]);
      expect(repair?.steps.map(({ index }) => index)).toEqual(upTo(done));
      expect((await store.holds()).map(({ subject }) => subject)).toEqual([`h${done}`]);
      expect(await store.idempotent('token:t1', `key-${done}`)).toMatchObject({ resultId: 'run' });
      const repaired = await store.timeline('repaired', null, 1_000_000);
      expect(repaired.map(({ summary }) => Number(summary)).reverse()).toEqual(upTo(done));
      expect(await store.eventsAfter(0, 1_000_000)).toHaveLength(beats + done);
      await store.close();
      expect(auditedActions(path)).toHaveLength(version + rev + revisions.length + 2 * done);
    }
  }, 60_000);
});
