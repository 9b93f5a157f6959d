import type { Expectation } from './types.ts';

/**
 * What is expected of a target that nobody expects anything of, but that its state is fresh.
 * @param maxSyncLagMs how old its state may be, in milliseconds
 */
export function expectingNothing(maxSyncLagMs: number): Expectation {
  return {
    profileId: 'default',
    profileVersion: 0,
    owner: null,
    desired: {
      bridgeVersion: null,
      configHash: null,
      maxSyncLagMs,
      allowAutoRemediation: false,
      requiredCapabilities: [],
    },
    revision: null,
    revisionSinceMs: 0,
    minimumBridgeVersion: null,
    limits: {},
    requiredTags: [],
    driftMode: 'Audit',
    unknownConfigSeverity: 'major',
    requireSignature: false,
    waivers: [],
    issued: () => true,
  };
}
