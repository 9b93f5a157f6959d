import { useMe } from '../../api/fleet.ts';
import { missing } from '../../permissions.ts';
import { useNow } from '../TimeAgo.tsx';
import type { Onlooker } from './run-actions.ts';

/** Who looks, with what they lack, and the time. */
export function useOnlooker(): Onlooker {
  const me = useMe();
  const nowMs = useNow();
  return { me: me.data, missing, nowMs };
}
