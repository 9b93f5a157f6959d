import type { PlaybookId } from '@openclaw-fleet/contract';

/** What a bridge must have declared before a playbook begins: a step that it refuses midway would leave work half done. */
export const REQUIRED_CAPABILITIES: Readonly<Record<PlaybookId, readonly string[]>> = {
  BridgeStuck: ['restart', 'reconcile'],
  ConfigDrift: ['config', 'reconcile', 'reload'],
  FailureBurst: ['throttle', 'doctor', 'resume'],
};

/** Those that are missing. */
export function missingCapabilities(playbook: PlaybookId, declared: readonly string[]): string[] {
  return REQUIRED_CAPABILITIES[playbook].filter((capability) => !declared.includes(capability));
}
