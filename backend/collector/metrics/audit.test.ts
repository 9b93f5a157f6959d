import { afterEach, describe, expect, it } from '@jest/globals';
import { START } from '../api/testing/harness.ts';
import type { AuditVerdict } from './audit.ts';
import { closeAll, serve } from './testing/served.ts';

afterEach(closeAll);

describe('the metrics of the audit chain', () => {
  const shown = async (audit: () => AuditVerdict | null): Promise<[string, number][]> => {
    const { samples } = await (await serve({ level: 'off', audit })).scrape();
    return samples
      .filter(({ name }) => /^openclaw_fleet_audit_(intact|verified)/.test(name))
      .map(({ name, value }) => [name, value]);
  };

  it('say whether it is intact and when it was looked at', async () => {
    for (const intact of [true, false])
      expect(await shown(() => ({ intact, atMs: START + 500 }))).toEqual([
        ['openclaw_fleet_audit_intact', intact ? 1 : 0],
        ['openclaw_fleet_audit_verified_timestamp_seconds', START / 1000 + 0.5],
      ]);
  });

  it('say nothing before the first look', async () => {
    expect(await shown(() => null)).toEqual([]);
  });
});
