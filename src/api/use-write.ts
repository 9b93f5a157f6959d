import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { UseMutationResult } from '@tanstack/react-query';
import { call } from './client.ts';
import type { Call, FleetError } from './client.ts';

/** What one write is: where it goes, what it sends, and of what shape its answer is, where somebody looks into that. */
export interface Write<Answer = unknown> extends Call<Answer> {
  readonly path: string;
}

/**
 * One kind of write. When it is done, or refused, everything it may have changed is read anew.
 * @param changes first parts of the keys that it changes, such as `[['repairs'], ['target', id]]`
 */
export function useWrite<Input, Answer>(
  write: (input: Input) => Write<Answer>,
  changes: readonly (readonly unknown[])[]
): UseMutationResult<Answer, FleetError, Input> {
  const client = useQueryClient();
  return useMutation<Answer, FleetError, Input>({
    mutationFn: (input) => {
      const { path, ...more } = write(input);
      return call<Answer>(path, { method: 'POST', ...more });
    },
    onSettled: async () => {
      await Promise.all(changes.map((queryKey) => client.invalidateQueries({ queryKey })));
    },
  });
}

/** A key that makes one action harmless to repeat: made once, when its dialog opens. */
export function newIdempotencyKey(): string {
  // randomUUID is there on https alone, and Grafana is served by http as well.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `ui-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
