import type { DriftRule } from '../rule.ts';
import { configDrift } from './config.ts';
import { runtimeDrift } from './runtime.ts';
import { syncDrift } from './sync.ts';
import { versionDrift } from './version.ts';

/** Every drift rule, in the contract's order. */
export const DRIFT_RULES: readonly DriftRule[] = [versionDrift, configDrift, syncDrift, runtimeDrift];
