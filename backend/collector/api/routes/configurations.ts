import {
  adoptConfigSchema,
  adoptedConfigSchema,
  configDiffQuerySchema,
  configDiffSchema,
  configListSchema,
  MAX_CONFIG_BYTES,
  newConfigSchema,
  timelineQuerySchema,
} from '@openclaw-fleet/contract';
import { json, noQuery } from '../route.ts';
import type { Route } from '../route.ts';
import { configRevision, ofConfig, ofTarget } from './schemas.ts';

/** Room for the title, the reason and white space around the values. */
const SLACK_BYTES = 64 * 1024;

/** Documents of managed configuration. */
export const CONFIGURATION_ROUTES = {
  listConfigs: {
    method: 'get',
    path: '/fleet/configs',
    role: 'viewer',
    summary: 'List configuration revisions',
    description: 'Newest first, without their values.',
    query: timelineQuerySchema,
    replies: [json(configListSchema.meta({ id: 'ConfigList' }), 'The page')],
    problems: [],
  },
  createConfig: {
    method: 'post',
    path: '/fleet/configs',
    role: 'approver',
    summary: 'Store a configuration revision',
    description:
      'A document of managed paths, known by the hash of its values. Secrets are refused: they are references. It is desired of nobody until a profile or a target names it.',
    query: noQuery,
    body: { schema: newConfigSchema.meta({ id: 'NewConfig' }), limit: MAX_CONFIG_BYTES + SLACK_BYTES },
    replies: [
      json(configRevision, 'The revision', { status: 201, headers: ['location'] }),
      json(configRevision, 'These values were a revision already: this one', { headers: ['location'] }),
    ],
    problems: ['conflict'],
  },
  getConfig: {
    method: 'get',
    path: '/fleet/configs/:configId',
    role: 'viewer',
    summary: 'Show one configuration revision',
    description: 'The revision with its values. It never changes.',
    query: noQuery,
    params: ofConfig,
    replies: [json(configRevision, 'The revision')],
    problems: ['not-found'],
  },
  diffConfig: {
    method: 'get',
    path: '/fleet/configs/:configId/diff',
    role: 'viewer',
    summary: 'Compare a configuration revision',
    description:
      'With another revision (`to`), or with what a target reported last (`target`; its overlay counts): one of the two. Secrets are references or redacted.',
    query: configDiffQuerySchema,
    params: ofConfig,
    replies: [json(configDiffSchema.meta({ id: 'ConfigDiff' }), 'What differs')],
    problems: ['not-found', 'conflict', 'storage-unavailable'],
  },
  adoptConfig: {
    method: 'post',
    path: '/fleet/targets/:targetId/adopt-config',
    role: 'approver',
    summary: 'Take what a target runs as a configuration revision',
    description: 'From what its bridge reported last. It is desired of nobody until a profile or a target names it.',
    query: noQuery,
    params: ofTarget,
    body: { schema: adoptConfigSchema.meta({ id: 'AdoptConfig' }) },
    replies: [
      json(adoptedConfigSchema.extend({ revision: configRevision }).meta({ id: 'AdoptedConfig' }), 'The new revision', {
        status: 201,
        headers: ['location'],
      }),
      json(adoptedConfigSchema.extend({ revision: configRevision }), 'It was a revision already', {
        headers: ['location'],
      }),
    ],
    problems: ['not-found', 'conflict'],
  },
} as const satisfies Record<string, Route>;
