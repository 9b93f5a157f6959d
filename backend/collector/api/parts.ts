import type { AlertAnswer, BridgeLink, Timings } from '@openclaw-fleet/contract';
import type { Clock } from '../clock.ts';
import type { ConfigurationService } from '../configurations/types.ts';
import type { FleetNode, FleetView } from '../fleet/types.ts';
import type { Proposals } from '../policies/proposals.ts';
import type { PolicyService } from '../policies/types.ts';
import type { RemediationService } from '../remediation/types.ts';
import type { AuditEntry, AuditReadStore, HistoryStore } from '../storage/types.ts';

/** What the handlers answer from. */
export interface Parts {
  readonly fleet: FleetView & FleetControl;
  readonly history: HistoryStore;
  readonly policies: PolicyService;
  readonly configurations: ConfigurationService;
  readonly timings: Timings;
  readonly clock: Clock;
  readonly remediation: RemediationService;
  readonly proposals: Proposals;
  /** How a target's bridge is reached, and what came of that; null: it has none. */
  readonly bridges: { link(targetId: string): BridgeLink | null };
  /** Where Prometheus may find the bridge's own metrics, `ip:port`; null: nowhere. */
  readonly metricsOf: (node: FleetNode) => string | null;
  readonly auditTrail: AuditReadStore;
  /** Signs a head of the audit chain as of now: a compact JWS (contract's auditHeadSchema). */
  readonly signAuditHead: (head: { readonly seq: number; readonly hash: string }) => Promise<string>;
  /** Appends to the audit chain what no other part does; resolves once it is durable. */
  readonly audit: (entry: AuditEntry) => Promise<void>;
  /** Counts what became of one alert of Alertmanager's. */
  readonly countAlert: (outcome: AlertAnswer['alerts'][number]['outcome']) => void;
}

/** What people may decide about the whole fleet. */
export interface FleetControl {
  /**
   * Expiry goes on until the fleet is no longer blind.
   * @throws {RangeError} when it is not blind
   */
  confirmOutage(reason: string, actor: string, nowMs: number): void;
}
