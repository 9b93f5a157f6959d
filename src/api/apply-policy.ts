import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { targetPolicySchema } from '@openclaw-fleet/contract';
import type { TargetPolicyView } from '@openclaw-fleet/contract';
import { call, failureOf } from './client.ts';
import { keys } from './keys.ts';

/** What became of one target. */
export type Applied =
  { readonly state: 'waiting' | 'working' | 'done' | 'stopped' } | { readonly state: 'failed'; readonly why: string };

export interface ApplyToMany {
  /** By target, in the order in which they are done; empty: nothing was begun. */
  readonly results: ReadonlyMap<string, Applied>;
  readonly busy: boolean;
  /** Gives each the policy, one after the other; one that fails does not keep the next from its turn. */
  readonly run: (targetIds: readonly string[], reason: string) => Promise<void>;
  /** Does no more after the one under way. */
  readonly stop: () => void;
}

/** Gives many targets one policy: the collector takes them one by one. Needs the role approver. */
export function useApplyPolicyToMany(policyId: string): ApplyToMany {
  const client = useQueryClient();
  const [results, setResults] = useState<ReadonlyMap<string, Applied>>(new Map());
  const [busy, setBusy] = useState(false);
  const under = useRef(false);
  const stopped = useRef(false);
  const isStopped = (): boolean => stopped.current;
  const stop = useCallback(() => {
    stopped.current = true;
  }, []);
  // Whoever leaves the page leaves the rest as it is.
  useEffect(() => stop, [stop]);

  const run = async (targetIds: readonly string[], reason: string): Promise<void> => {
    if (under.current) return;
    under.current = true;
    stopped.current = false;
    setBusy(true);
    const note = (id: string, applied: Applied): void => setResults((before) => new Map(before).set(id, applied));
    setResults((before) => new Map([...before, ...targetIds.map((id) => [id, { state: 'waiting' }] as const)]));
    for (const id of targetIds) {
      if (isStopped()) {
        note(id, { state: 'stopped' });
        continue;
      }
      note(id, { state: 'working' });
      note(id, await applyOne(id, policyId, reason));
    }
    await Promise.all(
      [keys.policies, keys.summary, ['targets'], ['target'], ['map'], ['drift'], ['violations']].map((queryKey) =>
        client.invalidateQueries({ queryKey })
      )
    );
    under.current = false;
    setBusy(false);
  };
  return { results, busy, run, stop };
}

async function applyOne(targetId: string, policyId: string, reason: string): Promise<Applied> {
  try {
    await call<TargetPolicyView>(`fleet/approver/targets/${encodeURIComponent(targetId)}/apply-policy`, {
      method: 'POST',
      body: { policyId, reason },
      shape: targetPolicySchema,
    });
    return { state: 'done' };
  } catch (error) {
    return { state: 'failed', why: failureOf(error).message };
  }
}
