import { syncLagMs } from '@openclaw-fleet/contract';
import type { Band, FleetTarget, ReportedBlock, ReportedState, RiskLevel } from '@openclaw-fleet/contract';
import type { FleetNode, FleetView } from '../fleet/types.ts';

/** The band's risk (domain-rules section 3); a target without a score has none. */
export const RISK_OF: Readonly<Record<Band, RiskLevel | null>> = {
  healthy: 'low',
  warning: 'medium',
  degraded: 'high',
  critical: 'critical',
  unknown: null,
};

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

function reportedState(block: ReportedBlock, node: FleetNode, nowMs: number): ReportedState {
  const { cpu_pct, mem_used_bytes, queue_depth, failed_pushes_1h } = block.metrics;
  return {
    bridgeVersion: block.bridge_version,
    configHash: block.config_hash ?? null,
    // A node recorded from one old beat alone was never seen: then its own clock is all there is.
    syncLagMs: syncLagMs(nowMs, node.seenMs ?? node.markMs, block.sync_lag_ms),
    heartbeatAt: isoTime(node.markMs),
    healthStatus: block.health_status,
    metrics: {
      ...(cpu_pct !== undefined && { cpuPct: cpu_pct }),
      ...(mem_used_bytes !== undefined && { memUsedBytes: mem_used_bytes }),
      ...(queue_depth !== undefined && { queueDepth: queue_depth }),
      ...(failed_pushes_1h !== undefined && { failedPushes1h: failed_pushes_1h }),
    },
    healthReasons: block.health_reasons,
    gatewayState: block.gateway_state,
    gatewayBootId: block.gateway_boot_id ?? null,
    openclawVersion: block.openclaw_version ?? null,
    openclawBuild: block.openclaw_build ?? null,
    fullConfigHash: block.full_config_hash ?? null,
    configValid: block.config_valid ?? null,
    configConverged: block.config_converged ?? null,
    revision: block.revision ?? null,
    applyStatus: block.apply_status,
  };
}

/** Whether a bridge stands beside a node's gateway (domain-rules, words). */
export function isBridged(node: FleetNode): boolean {
  return node.report.reported !== undefined;
}

/** Seconds since a node's last accepted beat, by the collector's clock; null when none came. */
export function ageSeconds(node: FleetNode, nowMs: number): number | null {
  return node.seenMs === null ? null : Math.max(0, nowMs - node.seenMs) / 1000;
}

/** One registered node as the API shows it (seed 000's FleetTarget). */
export function toTarget(node: FleetNode, fleet: FleetView, nowMs: number): FleetTarget {
  const { report, seenMs } = node;
  const { state, reason } = fleet.liveness(node, nowMs);
  const { profileId, desired, owner } = fleet.expectation(node);
  const { score, band } = node.assessment;
  const riskLevel = RISK_OF[band];
  return {
    id: node.id,
    name: report.hostname,
    transport: report.reported?.transport ?? null,
    environment: report.reported?.environment ?? null,
    policyProfileId: profileId,
    desired,
    ...(report.reported && { reported: reportedState(report.reported, node, nowMs) }),
    ...(score !== null && { fleetHealthScore: score }),
    ...(riskLevel !== null && { riskLevel }),
    ...(seenMs !== null && { lastSeenAt: isoTime(seenMs) }),
    band,
    isolated: node.isolated,
    owner,
    zone: node.zone,
    tags: report.tags,
    version: report.version,
    bridged: isBridged(node),
    liveness: {
      state,
      reason,
      ageSeconds: ageSeconds(node, nowMs),
      intervalSeconds: node.intervalMs / 1000,
      clockSkewSeconds: seenMs === null ? null : node.skewMs / 1000,
      flapping: fleet.flapping(node, nowMs),
    },
    capacity: report.capacity,
    queueDepth: report.queue_depth,
    capabilities: report.capabilities ?? [],
    jobs: report.jobs ?? null,
    publisher: report.publisher ?? null,
    uptimeSeconds: report.uptime_seconds ?? null,
    lastHeartbeatAt: isoTime(node.markMs),
  };
}
