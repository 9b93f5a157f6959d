import type { PlaybookId } from '@openclaw-fleet/contract';
import { bridgeStuck } from './bridge-stuck.ts';
import { configDrift } from './config-drift.ts';
import { failureBurst } from './failure-burst.ts';
import type { Playbook } from './types.ts';

/** A closed list: nothing is done that is not in one of these. */
export const PLAYBOOKS: Readonly<Record<PlaybookId, Playbook>> = {
  BridgeStuck: bridgeStuck,
  ConfigDrift: configDrift,
  FailureBurst: failureBurst,
};
