import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { behindItsBack } from '../../backend/collector/audit/testing/behind-its-back.ts';
import { parseExposition } from '../../backend/collector/metrics/testing/exposition.ts';
import { TestCollector } from './support/collector.ts';
import type { TestNode } from './support/node.ts';
import { waitFor } from './support/wait.ts';

let collector: TestCollector;
let node: TestNode;
let startedS: number;
beforeAll(async () => {
  collector = new TestCollector();
  node = collector.enroll('node-1');
  collector.cli('token', 'create', '--name', 'soon', '--role', 'viewer', '--expires', '2099-01-01T00:00:00Z');
  startedS = Date.now() / 1000;
  await collector.start();
});
afterAll(async () => {
  node.close();
  await collector.close();
});

/** The value of one series; undefined: there is none. */
async function value(name: string, labels: Record<string, string> = {}): Promise<number | undefined> {
  const { samples } = parseExposition(await collector.metrics());
  return samples.find(
    (each) => each.name === name && Object.entries(labels).every(([key, text]) => each.labels[key] === text)
  )?.value;
}

/** What the first look at the audit found. */
function intact(): Promise<number> {
  return waitFor(async () => {
    const found = await value('openclaw_fleet_audit_intact');
    return found === undefined ? null : { found };
  }, 'the first look at the audit').then(({ found }) => found);
}

describe('the metrics of a real collector', () => {
  it('say what publishers say of themselves, and go on with it after a restart', async () => {
    const beat = (success: number, failures: number) =>
      node.post(
        node.beat({
          boot_id: 'one',
          publisher: { success_total: success, failure_total: { http_503: failures }, dropped_total: 0 },
        })
      );
    const totals = async () => [
      await value('openclaw_fleet_publish_success_total'),
      await value('openclaw_fleet_publish_failure_total', { reason: 'http_503' }),
    ];
    await beat(100, 7);
    expect(await totals()).toEqual([0, 0]);
    await beat(102, 8);
    expect(await totals()).toEqual([2, 1]);
    await collector.kill('SIGTERM');
    await collector.start();
    // Those that failed because the collector was away are the ones to know of.
    node.close();
    await beat(103, 12);
    expect(await totals()).toEqual([1, 4]);
  });

  it('say when certificates of nodes and tokens expire', async () => {
    await node.post(node.beat());
    const { validToDate } = new X509Certificate(readFileSync(join(collector.folder, 'nodes', 'node-1', 'node.crt')));
    const target = { target: node.id, zone: 'us-east-1' };
    expect(await value('openclaw_target_certificate_expiry_timestamp_seconds', target)).toBe(
      Math.floor(validToDate.getTime() / 1000)
    );
    expect(await value('openclaw_collector_api_token_expiry_timestamp_seconds', { name: 'soon' })).toBe(
      Date.parse('2099-01-01T00:00:00Z') / 1000
    );
    expect(await value('openclaw_collector_api_token_expiry_timestamp_seconds', { name: 'test' })).toBeUndefined();
  });

  it('say whether the audit is whole, and its log names the record that is not', async () => {
    expect(await intact()).toBe(1);
    const verified = await value('openclaw_fleet_audit_verified_timestamp_seconds');
    expect(verified).toBeGreaterThanOrEqual(startedS - 1);
    expect(verified).toBeLessThanOrEqual(Date.now() / 1000 + 1);
    await collector.kill('SIGTERM');
    const file = join(collector.folder, 'data', 'fleet.db');
    behindItsBack(file, "update audit set subject = 'somebody-else' where seq = 2");
    await collector.start();
    expect(await intact()).toBe(0);
    const said = collector.log.split('\n').find((line) => line.includes('the audit chain is broken'));
    expect(JSON.parse(said ?? '{}')).toMatchObject({ level: 'error', record: 2, fault: 'altered' });
  });
});
