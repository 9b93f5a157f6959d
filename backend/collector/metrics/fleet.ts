import { LIVENESS_STATES, VERDICTS } from '@openclaw-fleet/contract';
import type { FleetSummary, Verdict } from '@openclaw-fleet/contract';
import { Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import type { Clock } from '../clock.ts';
import type { FleetView } from '../fleet/types.ts';

/** Zones come from the network: past this many, the smallest ones have no series of their own. */
export const MAX_ZONES = 1000;

type Amount = Exclude<
  { [K in keyof FleetSummary]: FleetSummary[K] extends number ? K : never }[keyof FleetSummary],
  never
>;

const FLEET_AMOUNTS: Record<Exclude<Amount, 'total'>, readonly [name: string, help: string]> = {
  expected: [
    'openclaw_fleet_expected_targets',
    'Targets that reported within the expected window and are not stopped or retired.',
  ],
  online: ['openclaw_fleet_online_targets', 'Targets that are online.'],
  bridged: ['openclaw_fleet_bridged_targets', 'Targets with a bridge beside them.'],
  flapping: ['openclaw_fleet_flapping_targets', 'Targets that keep leaving and returning.'],
};

const ZONE_AMOUNTS: Record<'total' | 'expected' | 'online', readonly [name: string, help: string]> = {
  total: ['openclaw_fleet_zone_targets', 'Registered targets of a zone.'],
  expected: ['openclaw_fleet_zone_expected_targets', 'Targets of a zone that are expected to report.'],
  online: ['openclaw_fleet_zone_online_targets', 'Targets of a zone that are online.'],
};

/** Adds the fleet's aggregates, which are exposed at every level. All of one scrape come from one summary. */
export function registerFleetMetrics(registry: Registry, fleet: FleetView, clock: Clock): void {
  const registers = [registry];
  let current: FleetSummary | undefined;
  // A registry calls every collect() in the same turn of the loop.
  const summary = (): FleetSummary => {
    if (current === undefined) {
      current = fleet.summary(clock());
      queueMicrotask(() => (current = undefined));
    }
    return current;
  };
  const zones = (): FleetSummary['zones'] => {
    const all = summary().zones;
    return all.length <= MAX_ZONES ? all : all.toSorted((a, b) => b.total - a.total).slice(0, MAX_ZONES);
  };
  const eachVerdict = (held: Verdict, set: (verdict: Verdict, value: number) => void): void => {
    for (const verdict of VERDICTS) set(verdict, verdict === held ? 1 : 0);
  };

  new Gauge({
    name: 'openclaw_fleet_targets',
    help: 'Registered targets by liveness state.',
    labelNames: ['state'],
    registers,
    collect() {
      for (const state of LIVENESS_STATES) this.set({ state }, summary().states[state]);
    },
  });
  for (const [key, [name, help]] of Object.entries(FLEET_AMOUNTS) as [
    keyof typeof FLEET_AMOUNTS,
    readonly [string, string],
  ][]) {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(summary()[key]);
      },
    });
  }
  new Gauge({
    name: 'openclaw_fleet_verdict',
    help: 'The blindness verdict of the fleet, one series a verdict: 1 for the one that holds.',
    labelNames: ['verdict'],
    registers,
    collect() {
      eachVerdict(summary().verdict.value, (verdict, value) => this.set({ verdict }, value));
    },
  });
  new Gauge({
    name: 'openclaw_fleet_verdict_since_timestamp_seconds',
    help: 'Since when the verdict of the fleet holds.',
    registers,
    collect() {
      this.set(Date.parse(summary().verdict.since) / 1000);
    },
  });
  new Gauge({
    name: 'openclaw_fleet_expiry_held',
    help: 'Whether no target may expire now (1) or expiry goes on (0).',
    registers,
    collect() {
      this.set(summary().expiryHeld === null ? 0 : 1);
    },
  });
  new Gauge({
    name: 'openclaw_fleet_zones',
    help: `Zones of the fleet; the series by zone stop at the ${MAX_ZONES} largest.`,
    registers,
    collect() {
      this.set(summary().zones.length);
    },
  });
  for (const [key, [name, help]] of Object.entries(ZONE_AMOUNTS) as [
    keyof typeof ZONE_AMOUNTS,
    readonly [string, string],
  ][]) {
    new Gauge({
      name,
      help,
      labelNames: ['zone'],
      registers,
      collect() {
        this.reset();
        for (const zone of zones()) this.set({ zone: zone.zone }, zone[key]);
      },
    });
  }
  new Gauge({
    name: 'openclaw_fleet_zone_verdict',
    help: 'The blindness verdict of a zone, one series a verdict: 1 for the one that holds.',
    labelNames: ['zone', 'verdict'],
    registers,
    collect() {
      this.reset();
      for (const { zone, verdict: held } of zones())
        eachVerdict(held, (verdict, value) => this.set({ zone, verdict }, value));
    },
  });
}
