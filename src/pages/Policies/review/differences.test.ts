import { describe, expect, it } from '@jest/globals';
import { PRODUCTION } from '../../../testing/fixtures/policies.ts';
import { differences, NOTHING } from './differences.ts';

const shown = (over: Partial<typeof PRODUCTION>) =>
  differences(PRODUCTION, { ...PRODUCTION, ...over }).map(({ label, before, after }) => [label, before, after]);

describe('differences', () => {
  it('are none between a profile and itself', () => {
    expect(shown({})).toEqual([]);
  });
  it('are said in words and units, of what was edited alone', () => {
    expect(
      shown({
        owner: null,
        driftMode: 'ApplyAndAutoCorrect',
        limits: { cpuPct: 80, memUsedBytes: 2_147_483_648, jobFailureRatio: 0.25, minimumScore: 70 },
        requiredTags: [],
        guardrails: { attempts: 2 },
      })
    ).toEqual([
      ['Owner', 'platform', NOTHING],
      ['What happens about drift', 'People repair', 'Repairs by itself'],
      ['CPU', '90 %', '80 %'],
      ['Required tags', 'env:production', NOTHING],
      ['Automation may act on these targets', 'no', 'yes'],
    ]);
  });
  it('name each window and waiver that comes, goes or changes', () => {
    const [weekend] = PRODUCTION.windows;
    const [gpu] = PRODUCTION.waivers;
    expect(
      shown({
        windows: [{ ...weekend!, kind: 'allow', schedule: '0 2 * * *', durationMinutes: 90 }],
        waivers: [{ ...gpu!, targetIds: null }],
      })
    ).toEqual([
      ['Maintenance window', 'No automation: every Friday at 16:00 (Europe/Berlin), for 2 d 16 h', NOTHING],
      ['Maintenance window', NOTHING, 'Automation: every day at 02:00 (Europe/Berlin), for 1 h 30 min'],
      ['Waiver', 'Required tag missing (old-tags)', NOTHING],
      ['Waiver', 'CPU over the limit (gpu-migration)', 'CPU over the limit (gpu-migration), changed'],
    ]);
  });
});
