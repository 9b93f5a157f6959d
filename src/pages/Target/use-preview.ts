import { useState } from 'react';
import type { PolicyPreview } from '@openclaw-fleet/contract';
import { failureOf } from '../../api/client.ts';
import type { FleetError } from '../../api/client.ts';
import { usePreviewTarget } from '../../api/targets.ts';

/** What is previewed: a profile or a desired state, as the collector takes it. */
export type Previewed = { readonly policyId: string } | { readonly desired: Record<string, unknown> };

export interface Preview {
  /** Of what is asked about now; null: nobody looked at it yet. */
  readonly data: PolicyPreview | null;
  readonly error: FleetError | null;
  readonly busy: boolean;
  readonly look: () => void;
  /** It holds no more: things changed meanwhile. */
  readonly forget: () => void;
}

/**
 * The preview of a change. It holds for exactly what was looked at: another change needs another look.
 * @param version what is changed: when somebody else was first, what was looked at holds no more
 */
export function usePreview(targetId: string, version: number, what: Previewed | null): Preview {
  const preview = usePreviewTarget(targetId);
  const [seen, setSeen] = useState<{ readonly key: string; readonly data: PolicyPreview } | null>(null);
  const [error, setError] = useState<FleetError | null>(null);
  const key = JSON.stringify([version, what]);
  const look = async (): Promise<void> => {
    if (what === null) return;
    setError(null);
    try {
      setSeen({ key, data: await preview.mutateAsync(what) });
    } catch (failure) {
      setError(failureOf(failure));
    }
  };
  return {
    data: seen?.key === key ? seen.data : null,
    error,
    busy: preview.isPending,
    look: () => void look(),
    forget: () => setSeen(null),
  };
}
