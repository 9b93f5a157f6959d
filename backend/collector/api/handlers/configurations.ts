import type { AdoptedConfig, ConfigList } from '@openclaw-fleet/contract';
import { badQuery, failure, setCreated } from '../call.ts';
import type { Call, Handlers } from '../call.ts';
import { encodeCursor, positionOf } from '../cursor.ts';
import { settled } from '../failures.ts';
import type { Parts } from '../parts.ts';
import type { CONFIGURATION_ROUTES } from '../routes/configurations.ts';
import { nodeOf } from './targets.ts';

const BY_AGE = 'created';

function answerStored({ response }: Pick<Call<'createConfig'>, 'response'>, id: string, created: boolean): void {
  const address = `/fleet/configs/${id}`;
  if (created) setCreated(response, address);
  else response.status(200).setHeader('location', address);
}

/** Documents of managed configuration. */
export function configurationHandlers(parts: Parts): Handlers<keyof typeof CONFIGURATION_ROUTES> {
  const { configurations, policies } = parts;
  return {
    listConfigs({ query: { limit, cursor } }): ConfigList {
      const all = configurations.list();
      const after = positionOf(BY_AGE, 'number', cursor);
      const start = after === null ? 0 : all.findIndex(({ id }) => id === after.id) + 1;
      if (after !== null && start === 0) throw badQuery('cursor', 'is not a cursor of this list: leave it out');
      const page = all.slice(start, start + limit);
      const last = page.at(-1);
      const more = start + limit < all.length && last !== undefined;
      return {
        items: page.map(({ values, ...rest }) => ({ ...rest, paths: Object.keys(values).length })),
        total: all.length,
        nextCursor: more ? encodeCursor(BY_AGE, { key: 0, id: last.id }) : null,
      };
    },
    async createConfig(call) {
      const { title, values, reason } = call.body;
      const change = { actor: call.caller.actor, reason };
      const { revision, created } = settled(await configurations.create({ title, values }, change));
      answerStored(call, revision.id, created);
      return revision;
    },
    getConfig({ params: { configId } }) {
      const revision = configurations.get(configId);
      if (revision === null) throw failure('not-found', 'No revision has this id. List them at /fleet/configs.');
      return revision;
    },
    async diffConfig({ params: { configId }, query: { to, target } }) {
      if ((to === undefined) === (target === undefined))
        throw badQuery('to', 'or `target` must be given, and not both: another revision, or a target');
      if (to !== undefined) return settled(configurations.diff(configId, to));
      const targetId = target ?? '';
      nodeOf(parts, { targetId });
      return settled(await configurations.diffWithReport(configId, policies.target(targetId).overlay, targetId));
    },
    async adoptConfig(call): Promise<AdoptedConfig> {
      const { title, paths, reason } = call.body;
      const { targetId } = call.params;
      nodeOf(parts, call.params);
      const change = { actor: call.caller.actor, reason };
      const document = { title, ...(paths && { paths }) };
      const { revision, created, leftOut } = settled(await configurations.adopt(targetId, document, change));
      answerStored(call, revision.id, created);
      return { revision, created, leftOut: leftOut.map(({ path, message }) => ({ path, message })) };
    },
  };
}
