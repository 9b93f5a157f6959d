import { useState } from 'react';
import { failureOf } from '../../api/client.ts';

export interface Conflict {
  /** Somebody else changed the same thing since it was read. */
  readonly happened: boolean;
  guard<T>(write: () => Promise<T>): Promise<T>;
}

/** Notices that somebody else changed the same thing first. @param onConflict what was looked at holds no more */
export function useConflict(onConflict: () => void): Conflict {
  const [happened, setHappened] = useState(false);
  return {
    happened,
    guard: async (write) => {
      try {
        return await write();
      } catch (failure) {
        if (failureOf(failure).kind === 'changed-meanwhile') {
          setHappened(true);
          onConflict();
        }
        throw failure;
      }
    },
  };
}
