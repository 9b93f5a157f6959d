import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { findOnPath } from '../../scripts/lib/path.mjs';
import { AcceptanceStage } from './support/acceptance-stage.ts';
import { ALERTMANAGERS, TestAlertmanager } from './support/alertmanager.ts';
import { waitFor } from './support/wait.ts';

const binary = ALERTMANAGERS.map((name) => findOnPath(name)).find((path) => path !== null) ?? null;
const CONFIG = 'route: { receiver: nobody }\nreceivers: [{ name: nobody }]\n';

(binary === null ? it.skip : it)(
  'a collector that is killed while a repair acts leaves its silence, goes on with it and lifts it',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fleet-silences-'));
    const alertmanager = await new TestAlertmanager(binary ?? '', folder, CONFIG).start();
    const stage = new AcceptanceStage(['edited'], {
      OPENCLAW_FLEET_ALERTMANAGER_URL: alertmanager.url,
      // The run acts until somebody stops it.
      OPENCLAW_FLEET_DURATIONS_VERIFY_CLEAR: '600',
    });
    try {
      await stage.start(0, {});
      stage.befall('edited', { kind: 'config-drift' });
      await stage.faulty('edited', 'ConfigDrift');
      const { id } = await stage.reconcile('ann', 'edited');
      const [silence, ...others] = await waitFor(async () => {
        const active = await alertmanager.active();
        return active.length > 0 && active;
      }, 'a silence');
      expect(others).toEqual([]);
      expect(silence?.comment).toMatch(new RegExp(`^Repair ${id} acts on \\S+: /fleet/remediations/runs/${id}$`));
      expect(silence?.matchers.map(({ name, value }) => [name, value]).sort()).toEqual([
        ['kind', 'symptom'],
        ['target', 'edited'],
      ]);
      await stage.collector.kill('SIGKILL');
      expect((await alertmanager.active()).map((one) => one.id)).toEqual([silence?.id]);
      await stage.startCollector();
      const metrics = () => stage.get<string>('/metrics');
      await waitFor(
        async () => (await metrics()).includes('\nopenclaw_collector_silences 1\n'),
        'the silence to be held'
      );
      expect((await alertmanager.active()).map((one) => one.id)).toEqual([silence?.id]);
      await stage.ok('ann', 'POST', `/fleet/remediations/runs/${id}/cancel`, { reason: 'I am on it' });
      await stage.ended(id);
      await waitFor(async () => (await alertmanager.active()).length === 0, 'the silence to be lifted');
      await waitFor(async () => (await metrics()).includes('\nopenclaw_collector_silences 0\n'), 'none to be held');
      expect(await metrics()).toContain('\nopenclaw_collector_silence_failures_total 0\n');
    } finally {
      await stage.close();
      await alertmanager.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
  180_000
);
