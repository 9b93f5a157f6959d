import { findGrafana } from './grafana.mjs';
import { findOnPath } from './path.mjs';

/** How each part is had where it is not installed, in words. */
export const HOW_TO_GET = {
  prometheus: 'apt install prometheus, or https://prometheus.io/download/',
  alertmanager: 'apt install prometheus-alertmanager, or https://prometheus.io/download/',
  grafana: 'https://grafana.com/docs/grafana/latest/setup-grafana/installation/ (12.3 or later)',
};

/**
 * Looks for what the demo runs beside the collector. Debian has its own name for Alertmanager.
 * @returns of each where it is; null: it is not installed
 */
export function findStack(env = process.env) {
  return {
    prometheus: findOnPath('prometheus', env.PATH),
    alertmanager: findOnPath('prometheus-alertmanager', env.PATH) ?? findOnPath('alertmanager', env.PATH),
    grafana: findGrafana(env),
  };
}
