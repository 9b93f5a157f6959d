import type { WantedPort } from './ports.mjs';
import type { FoundStack } from './stack.mjs';
export const USAGE: string;
export class UsageError extends Error {}
export interface DemoOptions {
  readonly help: boolean;
  /** Low-risk repairs begin by themselves. */
  readonly automation: boolean;
  readonly table: boolean;
  readonly exitAfterSeconds: number | null;
  readonly intakePort: number;
  readonly apiPort: number;
  readonly prometheusPort: number;
  readonly alertmanagerPort: number;
  readonly grafanaPort: number;
  /** false: Grafana is left out, though it is installed. */
  readonly grafana: boolean;
  /** One for each real OpenClaw gateway. */
  readonly gateways: readonly { readonly bridgePort: number; readonly gatewayPort: number }[];
}
export function parseOptions(args: readonly string[], env?: Readonly<Record<string, string | undefined>>): DemoOptions;
export function portsOf(options: DemoOptions, stack: FoundStack): WantedPort[];
