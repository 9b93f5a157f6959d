import type { HEALTH_STATUSES } from '@openclaw-fleet/contract';
import { code } from './parse.ts';
import type { Observed } from './observed.ts';

export type HealthStatus = (typeof HEALTH_STATUSES)[number];

export interface Health {
  readonly status: HealthStatus;
  /** Why it is not ok, the most important first. */
  readonly reasons: readonly string[];
}

/** A reload takes a moment; a configuration that is not active after this has not converged (openclaw-notes section 11). */
const CONVERGENCE_MS = 30_000;
/** A busy second is no news; an event loop that stays degraded this long is. */
const EVENT_LOOP_MS = 20_000;

/** Reasons that are no trouble for those who send messages. */
const HARMLESS: ReadonlySet<string> = new Set(['plugin-reload']);

/** How the gateway is, from all that was observed. Pure. */
export function healthOf(observed: Observed): Health {
  const { state, reasons } = observed.judgement;
  if (state === 'hung' || state === 'dead') return { status: 'error', reasons };
  if (state !== 'running') return { status: 'warn', reasons };
  const errors = readinessErrors(observed);
  const warnings = [...reasons, ...readinessWarnings(observed), ...warningsOf(observed)];
  const status = errors.length > 0 ? 'error' : warnings.length > 0 ? 'warn' : 'ok';
  return { status, reasons: [...errors, ...warnings] };
}

function readinessErrors({ readiness }: Observed): string[] {
  if (readiness === null || readiness.ready) return [];
  const serious = readiness.failing.filter((reason) => !HARMLESS.has(reason));
  return serious.length === 0 ? [] : [`not ready: ${serious.map(word).join(', ')}`];
}

function readinessWarnings({ readiness }: Observed): string[] {
  const harmless = readiness?.failing.filter((reason) => HARMLESS.has(reason)) ?? [];
  return harmless.length === 0 ? [] : [`not ready for a moment: ${harmless.map(word).join(', ')}`];
}

/** Our own words about a probe pass; the gateway's must be codes. */
const word = (reason: string): string => (reason.startsWith('/readyz: ') ? reason : code(reason));

function warningsOf(observed: Observed): string[] {
  const { config, health, eventLoop } = observed;
  const warnings: string[] = [];
  if (observed.connectionTrouble !== null) warnings.push(observed.connectionTrouble);
  if (config?.valid === false) {
    const where = config.firstIssue === null ? '' : ` at ${config.firstIssue}`;
    warnings.push(`the saved configuration is not valid${where}: the gateway's next start would fail`);
  } else if (config !== null && observed.divergedMs > CONVERGENCE_MS) {
    warnings.push(`the saved configuration is not active after ${Math.round(observed.divergedMs / 1000)} s`);
  }
  if (eventLoop !== null && eventLoop.forMs >= EVENT_LOOP_MS) {
    warnings.push(`event loop degraded: ${eventLoop.reasons.map(code).join(', ') || 'no reason given'}`);
  }
  if (health !== null && health.pluginErrors > 0) warnings.push(`plugins that failed to load: ${health.pluginErrors}`);
  if (health?.modelRuntimeDegraded === true) warnings.push('the model runtime is degraded');
  if (health !== null && health.failedDeliveries > 0) {
    warnings.push(`messages given up on in delivery queues: ${health.failedDeliveries}`);
  }
  return [...warnings, ...observed.readTroubles];
}
