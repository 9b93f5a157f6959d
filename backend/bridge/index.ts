export { createBridge } from './bridge.ts';
export type { Bridge, BridgeOptions } from './bridge.ts';
export type { Observed } from './gateway/observed.ts';
export { BRIDGE_SETTINGS, SettingsError, settingsFromEnv } from './settings.ts';
export type { BridgeSettings } from './settings.ts';
