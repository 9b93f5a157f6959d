import type { DriftMode } from '@openclaw-fleet/contract';
import { expectingNothing } from '../../assessment/expectation.ts';
import type { Expectation } from '../../assessment/types.ts';
import type { PolicyService, WindowVerdict } from '../../policies/types.ts';
import { HASHES, INTERVAL, REVISIONS } from './target.ts';

/** What people expect of one target. */
export interface SimPolicy {
  readonly mode: DriftMode;
  /** Null: no revision is desired. */
  readonly revision: string | null;
  readonly revisionSinceMs: number;
  readonly windowOpen: boolean;
  readonly guardrails: Readonly<Record<string, number | boolean>>;
}

const OPEN: WindowVerdict = { open: true, reason: 'no window', window: null };
const CLOSED: WindowVerdict = { open: false, reason: 'a window keeps repairs off', window: null };

/** Policies without profiles: each target has its own. A change shows at once; the registry assesses anew when it is told to. */
export class SimPolicies implements Pick<PolicyService, 'of' | 'window' | 'guardrails'> {
  readonly #base: Expectation = expectingNothing(2 * INTERVAL);
  readonly #policies = new Map<string, SimPolicy>();
  readonly #expectations = new Map<string, Expectation>();

  get(targetId: string): SimPolicy {
    const known = this.#policies.get(targetId);
    if (known !== undefined) return known;
    const fresh = {
      mode: 'ApplyAndAutoCorrect',
      revision: REVISIONS[0],
      revisionSinceMs: 0,
      windowOpen: true,
    } as const;
    const policy = { ...fresh, guardrails: {} };
    this.#policies.set(targetId, policy);
    return policy;
  }

  set(targetId: string, change: Partial<SimPolicy>): void {
    this.#policies.set(targetId, { ...this.get(targetId), ...change });
    this.#expectations.delete(targetId);
  }

  of(targetId: string): Expectation {
    const known = this.#expectations.get(targetId);
    if (known !== undefined) return known;
    const { mode, revision, revisionSinceMs } = this.get(targetId);
    const { desired } = this.#base;
    const expectation: Expectation = {
      ...this.#base,
      desired: { ...desired, configHash: revision === null ? null : HASHES.wanted, allowAutoRemediation: true },
      revision,
      revisionSinceMs,
      minimumBridgeVersion: '1.0.0',
      driftMode: mode,
      issued: (hash) => hash !== HASHES.edited,
    };
    this.#expectations.set(targetId, expectation);
    return expectation;
  }

  window(targetId: string): WindowVerdict {
    return this.get(targetId).windowOpen ? OPEN : CLOSED;
  }

  guardrails(targetId: string): SimPolicy['guardrails'] {
    return this.get(targetId).guardrails;
  }
}
