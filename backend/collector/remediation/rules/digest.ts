import { createHash } from 'node:crypto';
import { canonicalJson } from '@openclaw-fleet/contract';
import type { Plan, PlannedTarget } from '@openclaw-fleet/contract';
import type { RepairFault, TargetFacts } from '../types.ts';

/** What is seen of a target when a plan is made, and looked at again before it begins. */
export function plannedTarget(target: TargetFacts, fault: RepairFault | null): PlannedTarget {
  const { reported } = target;
  // RFC 8785 has no form for half a character, and a node may send one: it must not keep others from being planned.
  return {
    targetId: target.id,
    zone: target.zone.toWellFormed(),
    bridgeVersion: reported?.bridge_version.toWellFormed() ?? null,
    openclawVersion: reported?.openclaw_version?.toWellFormed() ?? null,
    gatewayBootId: reported?.gateway_boot_id?.toWellFormed() ?? null,
    configHash: reported?.config_hash ?? null,
    desiredRevision: target.desiredRevision,
    desiredConfigHash: target.desiredConfigHash,
    fault: fault?.key ?? 'none',
    severity: fault?.severity ?? 'none',
    openFaults: [...target.openFaults],
    isolated: target.isolated,
  };
}

/**
 * What an approval approves: SHA-256 in hex over the RFC 8785 form of the playbook, its actions and its targets with what was
 * seen of them, in the order of their ids (domain-rules section 6). Reasons and times are not in it, so a mere new heartbeat
 * leaves it as it is. Of a severity only counts whether it is critical, which decides who must approve: a fault that merely
 * grows older must not void every repair that waits.
 */
export function planDigest({ playbook, actions, targets }: Pick<Plan, 'playbook' | 'actions' | 'targets'>): string {
  const seen = [...targets]
    .sort((a, b) => (a.targetId < b.targetId ? -1 : 1))
    .map((target) => ({
      targetId: target.targetId,
      bridgeVersion: target.bridgeVersion,
      openclawVersion: target.openclawVersion,
      gatewayBootId: target.gatewayBootId,
      configHash: target.configHash,
      desiredRevision: target.desiredRevision,
      desiredConfigHash: target.desiredConfigHash,
      fault: target.fault,
      critical: isCritical(target),
      openFaults: [...target.openFaults].sort(),
      isolated: target.isolated,
    }));
  const planned = {
    playbook,
    actions: actions.map(({ verb, parameters }) => ({ verb, parameters })),
    targets: seen,
  };
  return createHash('sha256').update(canonicalJson(planned)).digest('hex');
}

/** What changed between the plan and now, in words for the run that is voided; empty: nothing did. */
export function whatChanged(planned: PlannedTarget, now: PlannedTarget): string[] {
  const names: readonly (readonly [keyof PlannedTarget, string])[] = [
    ['bridgeVersion', 'the version of the bridge'],
    ['openclawVersion', 'the version of the gateway'],
    ['gatewayBootId', 'the gateway was started anew'],
    ['configHash', 'the configuration it runs'],
    ['desiredRevision', 'the desired revision'],
    ['desiredConfigHash', 'the desired configuration'],
    ['fault', 'the fault'],
    ['severity', 'the severity of the fault'],
    ['openFaults', 'its open faults'],
    ['isolated', 'whether it is isolated'],
  ];
  return names
    .filter(([key]) => {
      if (key === 'severity') return isCritical(planned) !== isCritical(now);
      return canonicalJson(planned[key]) !== canonicalJson(now[key]);
    })
    .map(([, name]) => name);
}

const isCritical = ({ severity }: PlannedTarget): boolean => severity === 'critical';
