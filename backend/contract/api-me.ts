import { z } from 'zod';
import { ROLES } from './api.ts';
import { personNameSchema } from './policy.ts';

export const CALLER_KINDS = ['person', 'service', 'anonymous'] as const;

/** `GET /fleet/me`: who the collector says its caller is. */
export const meSchema = z.object({
  /** How the audit names the caller, such as `grafana:<identifier>` or `token:<id>`. */
  actor: z.string(),
  name: personNameSchema,
  role: z.enum(ROLES),
  /** Only a person decides about repairs. */
  kind: z.enum(CALLER_KINDS),
  /** The Grafana identifier of a person, as approvals carry it; null for everybody else. */
  person: z.string().nullable(),
  /** Of the collector. */
  version: z.string(),
});
export type Me = z.infer<typeof meSchema>;
