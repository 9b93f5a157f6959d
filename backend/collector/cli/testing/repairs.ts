import type { ReportedBlock } from '@openclaw-fleet/contract';
import { BRIDGE_BLOCKS, startApi } from '../../api/testing/harness.ts';
import type { Harness } from '../../api/testing/harness.ts';

const QUIET = { total: 5, enabled: 5, failing: 0, results_1h: 12, failures_1h: 0, results_24h: 200, failures_24h: 2 };
const EVERY = ['restart', 'reload', 'reconcile', 'throttle', 'resume', 'doctor', 'config'];

/** A fleet to repair: a real API over real repairs, before nodes of which some hang. */
export interface RepairableFleet {
  readonly api: Harness;
  /** A beat of a node that says this of its gateway besides. */
  readonly beat: (id: string, reported?: Partial<ReportedBlock>) => Promise<void>;
  /** Time goes by, with a beat of every node each minute, and with what repairs do. */
  readonly pass: (minutes: number) => Promise<void>;
}

/** @param hanging nodes whose gateway hangs; `well` is one more, which is well */
export async function repairableFleet(hanging: readonly string[]): Promise<RepairableFleet> {
  const api = await startApi();
  const beatOf = async (id: string, more: Partial<ReportedBlock> = {}): Promise<void> => {
    const hangs = api.bridges.node(id).gatewayState === 'hung';
    const reported = {
      ...BRIDGE_BLOCKS.reported,
      gateway_state: hangs ? 'hung' : 'running',
      health_status: hangs ? 'error' : 'ok',
      ...more,
    } as const;
    await api.send(id, { ...BRIDGE_BLOCKS, capabilities: EVERY, jobs: QUIET, reported });
  };
  for (const id of hanging) {
    api.bridges.add(id, { gatewayState: 'hung', health: 'error' });
    await beatOf(id);
  }
  const reported = { ...BRIDGE_BLOCKS.reported, health_status: 'ok' } as const;
  await api.send('well', { ...BRIDGE_BLOCKS, capabilities: EVERY, jobs: QUIET, reported });
  return {
    api,
    beat: beatOf,
    async pass(minutes) {
      for (let minute = 0; minute < minutes; minute++) {
        for (let tick = 0; tick < 12; tick++) {
          api.clock.now += 5000;
          await api.remediation.tick();
        }
        for (const id of api.bridges.nodes.keys()) await beatOf(id);
        await api.fleet.tick(api.clock.now);
      }
    },
  };
}
