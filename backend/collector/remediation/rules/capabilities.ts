import type { PlaybookId } from '@openclaw-fleet/contract';

/** What a bridge must have declared before a playbook begins: a step that it refuses midway would leave work half done. A doctor only reads, and is left out where there is none. */
export const REQUIRED_CAPABILITIES: Readonly<Record<PlaybookId, readonly string[]>> = {
  BridgeStuck: ['restart', 'reconcile'],
  ConfigDrift: ['config', 'reconcile', 'reload'],
  FailureBurst: ['throttle', 'resume'],
};

/** Those that are missing. */
export function missingCapabilities(playbook: PlaybookId, declared: readonly string[]): string[] {
  return REQUIRED_CAPABILITIES[playbook].filter((capability) => !declared.includes(capability));
}
