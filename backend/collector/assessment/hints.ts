import type { DriftCategory, ViolationCode } from '@openclaw-fleet/contract';

/** What an on-call does about each violation; docs/violations.md shows the same. */
export const VIOLATION_HINTS: Readonly<Record<ViolationCode, string>> = {
  'version-behind': 'Upgrade the bridge to the desired version, or desire the one it runs.',
  'version-below-minimum': 'Upgrade the bridge now: versions under the minimum are not trusted.',
  'config-drift':
    'Look at the paths that differ, then reconcile the target, or adopt what it runs as a revision if the edit was meant.',
  'sync-lag-over-limit':
    'Check that the gateway answers its bridge and that the bridge reaches the collector; restart the one that hangs.',
  'runtime-error': "Read the gateway's health reasons and its log; restart the gateway when it hangs.",
  'cpu-over-limit': 'Find what keeps the host busy; move work to another target or raise the limit.',
  'memory-over-limit': 'Find what holds the memory; restart the gateway in a quiet hour or raise the limit.',
  'queue-depth-over-limit': 'Add capacity or send less work to the target until its queue is short again.',
  'failed-pushes-over-limit': 'Check the channels that messages are delivered to; throttle the jobs that send them.',
  'job-failures-over-limit': "Read the failing jobs' last errors; throttle them until the cause is mended.",
  'required-tag-missing': 'Set the tag in OPENCLAW_TAGS of the node and restart its publisher.',
  'required-capability-missing':
    'Enable the capability in the settings of the bridge, or upgrade a bridge that lacks it.',
  'score-below-minimum': 'Mend what costs the most points first: the health score lists the reasons, the worst first.',
};

/** What to do about each drift; a drift's message ends with it. */
export const DRIFT_HINTS: Readonly<Record<DriftCategory, string>> = {
  version: 'Upgrade the bridge.',
  config: 'Look at the paths that differ, then reconcile the target or adopt what it runs.',
  sync: 'Check that the gateway answers its bridge and that the bridge reaches the collector.',
  runtime: "Read the gateway's health reasons and its log; restart it when it hangs.",
};
