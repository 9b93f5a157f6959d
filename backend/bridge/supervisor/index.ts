import type { Clock, Logger } from '@openclaw-fleet/client';
import type { SupervisorSettings } from '../settings.ts';
import { createChildSupervisor } from './child.ts';
import { createRun } from './command.ts';
import { createContainerSupervisor } from './container.ts';
import { createSystemdSupervisor } from './systemd.ts';
import type { Supervisor } from './types.ts';

export { SupervisorError } from './types.ts';
export type { Supervisor } from './types.ts';

export interface SupervisorContext {
  readonly stateDir: string | null;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The supervisor that the settings name; null: there is none, and a gateway that hangs can only be reported. */
export function createSupervisor(settings: SupervisorSettings, context: SupervisorContext): Supervisor | null {
  const { clock, logger } = context;
  const run = createRun(process.env);
  switch (settings.kind) {
    case 'none':
      return null;
    case 'child':
      return createChildSupervisor({ ...settings, stateDir: context.stateDir ?? '', clock, logger });
    case 'systemd':
      return createSystemdSupervisor({ unit: settings.unit, user: process.getuid?.() !== 0, run, clock });
    case 'container':
      return createContainerSupervisor({ name: settings.name, run });
  }
}
