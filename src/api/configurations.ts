import { configDiffSchema, configListSchema, configRevisionSchema } from '@openclaw-fleet/contract';
import type { ConfigDiff, ConfigList, ConfigRevision } from '@openclaw-fleet/contract';
import type { Query } from './client.ts';
import { keys } from './keys.ts';
import { usePages, useRead } from './use-read.ts';
import { useWrite } from './use-write.ts';

export const useConfigs = (query: Query = {}) =>
  usePages<ConfigList>(keys.configs(query), 'fleet/configs', configListSchema, query);
export const useConfig = (id: string, enabled = true) =>
  useRead<ConfigRevision>(
    keys.config(id),
    `fleet/configs/${encodeURIComponent(id)}`,
    configRevisionSchema,
    {},
    { once: true, enabled }
  );
/** @param query one of `to` (a revision) and `target` (what that target reported last) */
export const useConfigDiff = (id: string, query: Query, enabled = true) =>
  useRead<ConfigDiff>(keys.diff(id, query), `fleet/configs/${encodeURIComponent(id)}/diff`, configDiffSchema, query, {
    enabled,
  });
/** Needs the role approver. */
export const useCreateConfig = () =>
  useWrite<{ title: string; values: Record<string, unknown>; reason: string }, ConfigRevision>(
    (body) => ({ path: 'fleet/approver/configs', body, shape: configRevisionSchema }),
    [['configs']]
  );
