import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { startApi } from '../../backend/collector/api/testing/harness.ts';
import { findOnPath } from '../../scripts/lib/path.mjs';
import { ALERTMANAGERS, TestAlertmanager } from './support/alertmanager.ts';
import { waitFor } from './support/wait.ts';

const binary = ALERTMANAGERS.map((name) => findOnPath(name)).find((path) => path !== null) ?? null;
const OUTCOMES = ['started', 'repeated', 'refused', 'ignored'] as const;

(binary === null ? it.skip : it)('a real Alertmanager counts no failure while automation is off', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fleet-webhook-'));
  const api = await startApi();
  const token = join(folder, 'token');
  writeFileSync(token, api.tokenOf.operator, { mode: 0o600 });
  const config = `
route: { receiver: collector, group_by: [zone], group_wait: 0s, group_interval: 1s, repeat_interval: 1h }
receivers:
  - name: collector
    webhook_configs:
      - url: ${api.origin}/alertmanager/webhook
        send_resolved: false
        max_alerts: 50
        http_config: { authorization: { credentials_file: ${token} } }
`;
  const alertmanager = new TestAlertmanager(binary ?? '', folder, config);
  try {
    await alertmanager.start();
    await api.send('n1');
    await alertmanager.fire(
      { alertname: 'OpenClawScoreCritical', zone: 'a', target: 'n1', playbook: 'BridgeStuck', kind: 'symptom' },
      { alertname: 'OpenClawDrift', zone: 'a', target: 'n1', kind: 'symptom' }
    );
    const { alerts } = api.instruments.alertmanager;
    const heard = (): number => OUTCOMES.reduce((sum, outcome) => sum + alerts[outcome], 0);
    await waitFor(() => heard() === 2, 'both alerts');
    expect(alerts).toEqual({ started: 0, repeated: 0, refused: 1, ignored: 1 });
    const sent = /^alertmanager_notifications_total\{integration="webhook"\} (\d+)$/m;
    await waitFor(async () => (await alertmanager.metric(sent)) > 0, 'Alertmanager to have its answer');
    const failed = /^alertmanager_notifications_failed_total\{integration="webhook".*\} (\d+)$/m;
    expect(await alertmanager.metric(failed)).toBe(0);
  } finally {
    await alertmanager.stop();
    await api.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
