import { ALERT_OUTCOMES, type AlertAnswer } from '@openclaw-fleet/contract';
import { Counter, Gauge, type Registry } from 'prom-client';
import { exposeTally, zeros, type Tally } from './tally.ts';

type AlertOutcome = AlertAnswer['alerts'][number]['outcome'];

/** What those who talk with Alertmanager write, and a scrape reads. */
export interface AlertmanagerInstruments {
  /** Alerts of its notifications, by what became of them. */
  readonly alerts: Tally<AlertOutcome>;
  readonly silences: {
    /** As of the last look that succeeded. */
    held: number;
    failures: number;
  };
}

/** Makes the metrics of alerts and silences: there from the start, whether or not an Alertmanager is set. */
export function createAlertmanagerInstruments(registry: Registry): AlertmanagerInstruments {
  const alerts = zeros(ALERT_OUTCOMES);
  const silences = { held: 0, failures: 0 };
  exposeTally(registry, alerts, {
    name: 'openclaw_collector_alerts_received_total',
    help: 'Alerts that Alertmanager sent to ask for repairs, by what became of them.',
    label: 'outcome',
  });
  new Gauge({
    name: 'openclaw_collector_silences',
    help: 'Silences held in Alertmanager for repairs that act now; 0 where no Alertmanager is set.',
    registers: [registry],
    collect() {
      this.set(silences.held);
    },
  });
  new Counter({
    name: 'openclaw_collector_silence_failures_total',
    help: 'Times that silences could not be brought up to date in Alertmanager; each is tried again.',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(silences.failures);
    },
  });
  return { alerts, silences };
}
