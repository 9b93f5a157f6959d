import { fleetMapSchema, meSchema, summarySchema } from '@openclaw-fleet/contract';
import type { FleetMap, FleetSummary, Me } from '@openclaw-fleet/contract';
import type { Query } from './client.ts';
import { keys } from './keys.ts';
import { useRead } from './use-read.ts';
import { useWrite } from './use-write.ts';

/** The fleet in numbers, with the blindness verdict. */
export const useSummary = (enabled = true) =>
  useRead<FleetSummary>(keys.summary, 'fleet/summary', summarySchema, {}, { enabled });

/** Every target in a compact form. @param query `fleetMapQuerySchema` of the contract */
export const useFleetMap = (query: Query = {}, enabled = true) =>
  useRead<FleetMap>(keys.map(query), 'fleet/map', fleetMapSchema, query, { enabled });

/** Who the collector says the user is. */
export const useMe = (enabled = true) => useRead<Me>(keys.me, 'fleet/me', meSchema, {}, { once: true, enabled });

/** Says that the outage that makes the fleet `blind` is real. Needs the role approver. */
export const useConfirmOutage = () =>
  useWrite<{ reason: string }, FleetSummary>(
    (body) => ({ path: 'fleet/approver/confirm-outage', body, shape: summarySchema }),
    [keys.summary, ['targets'], ['map']]
  );
