import {
  configRevisionSchema,
  fleetTargetSchema,
  nodeIdSchema,
  policyProfileSchema,
  profileIdSchema,
  revisionIdSchema,
} from '@openclaw-fleet/contract';
import { z } from 'zod';

// Schemas that several routes share, under their names in the documentation.
export const fleetTarget = fleetTargetSchema.meta({ id: 'FleetTarget' });
export const policyProfile = policyProfileSchema.meta({ id: 'PolicyProfile' });
export const configRevision = configRevisionSchema.meta({ id: 'ConfigRevision' });

export const ofTarget = z.object({ targetId: nodeIdSchema });
export const ofPolicy = z.object({ policyId: profileIdSchema });
export const ofConfig = z.object({ configId: revisionIdSchema });
