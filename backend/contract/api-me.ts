import { z } from 'zod';
import { ROLES } from './api.ts';

export const CALLER_KINDS = ['person', 'service', 'anonymous'] as const;

/** `GET /fleet/me`: who the collector says its caller is. */
export const meSchema = z.object({
  /** How the audit names the caller, such as `grafana:<identifier>` or `token:<id>`. */
  actor: z.string(),
  /** For people to read; null: none is known. Nothing is decided by it. */
  name: z.string().nullable(),
  role: z.enum(ROLES),
  /** Only a person decides about repairs. */
  kind: z.enum(CALLER_KINDS),
  /** The Grafana identifier of a person, as approvals carry it; null for everybody else. */
  person: z.string().nullable(),
  /** Of the collector. */
  version: z.string(),
});
export type Me = z.infer<typeof meSchema>;
