import { createContext, useContext } from 'react';
import type { PlaybookId } from '@openclaw-fleet/contract';
import type { TargetDecision } from '../../api/targets.ts';

/** Opens the dialogs of the page; each is there once, wherever its buttons stand. */
export interface Opener {
  /** @param playbook absent: the plan suggests one */
  repair(playbook?: PlaybookId): void;
  /** @param fault of `clear-quarantine`; absent: every quarantine */
  decide(decision: TargetDecision, fault?: string): void;
}
const Open = createContext<Opener>({ repair: () => undefined, decide: () => undefined });
export const OpenProvider = Open.Provider;
export const useOpen = (): Opener => useContext(Open);
