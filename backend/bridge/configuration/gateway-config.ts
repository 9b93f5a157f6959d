import type { ConfigValues } from '@openclaw-fleet/contract';
import type { WithAdmin } from '../gateway/admin.ts';
import { fullConfigHash, managedConfigHash, managedValues } from '../gateway/config-hash.ts';
import { record, text } from '../gateway/parse.ts';
import { probe } from '../gateway/probe.ts';
import { RpcError } from '../gateway/socket.ts';
import type { JsonObject } from './merge-patch.ts';
import { isReloadKind } from './plan.ts';
import type { Plan, ReloadKind } from './plan.ts';

/** A hot write is answered once the gateway runs it (openclaw-notes section 11, playbook B). Milliseconds. */
const WRITE_TIMEOUT = 60_000;

/** A gateway's configuration at one moment. */
export interface Look {
  readonly bootId: string | null;
  /** Of the saved file, for `baseHash`; another one on every gateway. */
  readonly hash: string | null;
  readonly valid: boolean;
  /** The saved document, secrets redacted; null: it cannot be parsed. */
  readonly document: JsonObject | null;
  /** SHA-256 over the document without `meta`. */
  readonly fullHash: string | null;
  /** What is saved is what the process runs. */
  readonly converged: boolean;
  readonly ready: boolean;
  /** Where the gateway has its file. */
  readonly file: string | null;
  /** The first thing that is wrong with it: a path. */
  readonly issue: string | null;
}

/** What a gateway answers to a write. */
export interface Written {
  /** Of the file that was written; null: it does not say. */
  readonly hash: string | null;
  /** It says that it does not restart for it, whatever its schema says. */
  readonly withoutRestart: boolean;
}

export interface GatewayConfig {
  /** @throws RpcError */
  look(): Promise<Look>;
  /** What a change of each path takes; what the gateway does not know takes a restart. @throws RpcError */
  kinds(paths: readonly string[]): Promise<ReadonlyMap<string, ReloadKind>>;
  /** @throws RpcError */
  patch(plan: Pick<Plan, 'patch' | 'replacePaths'>, baseHash: string | null, note: string): Promise<Written>;
  /** Replaces the whole document. @throws RpcError */
  replace(document: JsonObject, baseHash: string | null, note: string): Promise<Written>;
}

/**
 * A gateway's configuration over connections with full rights, one for each step.
 * @param ready asks `/readyz`
 */
export function createGatewayConfig(withAdmin: WithAdmin, ready: () => Promise<boolean>): GatewayConfig {
  const base = (baseHash: string | null): object => (baseHash === null ? {} : { baseHash });
  return {
    look: async () => {
      const [isReady, [bootId, answer]] = await Promise.all([
        ready(),
        withAdmin(async (admin) => [admin.hello.bootId, await admin.call('config.get')] as const),
      ]);
      return lookOf(answer, bootId, isReady);
    },
    kinds: (paths) =>
      withAdmin(async (admin) => {
        const kinds = new Map<string, ReloadKind>();
        for (const path of new Set(paths)) {
          const answer = await admin.call('config.schema.lookup', { path }).catch((error: unknown) => {
            if (error instanceof RpcError && error.code === 'INVALID_REQUEST') return {};
            throw error;
          });
          const kind = record(answer)['reloadKind'];
          kinds.set(path, isReloadKind(kind) ? kind : 'restart');
        }
        return kinds;
      }),
    patch: (plan, baseHash, note) =>
      withAdmin(async (admin) => {
        const { patch, replacePaths } = plan;
        const params = { raw: JSON.stringify(patch), ...(replacePaths.length > 0 && { replacePaths }), note };
        return writtenOf(await admin.call('config.patch', { ...params, ...base(baseHash) }, WRITE_TIMEOUT));
      }),
    replace: (document, baseHash, note) =>
      withAdmin(async (admin) => {
        const params = { raw: JSON.stringify(document), note, ...base(baseHash) };
        return writtenOf(await admin.call('config.apply', params, WRITE_TIMEOUT));
      }),
  };
}

function writtenOf(answer: Readonly<Record<string, unknown>>): Written {
  const stats = record(record(record(answer['sentinel'])['payload'])['stats']);
  return { hash: text(answer['hash']), withoutRestart: stats['requiresRestart'] === false };
}

function lookOf(answer: Readonly<Record<string, unknown>>, bootId: string | null, ready: boolean): Look {
  const { parsed } = answer;
  const document = typeof parsed === 'object' && parsed !== null ? (record(parsed) as JsonObject) : null;
  const [saved, active] = [text(answer['configRevisionHash']), text(answer['appliedConfigHash'])];
  const issues: unknown = answer['issues'];
  return {
    bootId,
    hash: text(answer['hash']),
    valid: answer['valid'] === true && document !== null,
    document,
    fullHash: document === null ? null : fullConfigHash(document),
    converged: saved !== null && saved === active,
    ready,
    file: text(answer['path']),
    issue: Array.isArray(issues) ? text(record(issues[0])['path']) : null,
  };
}

/** Asks `/readyz`, as `createGatewayConfig` takes it. @param url such as `http://127.0.0.1:18789` */
export const readinessOf = (url: URL) => async (): Promise<boolean> => {
  const outcome = await probe(url, 'readyz');
  return outcome.kind === 'answer' && outcome.status === 200 && outcome.body['ready'] === true;
};

/** The hash that the collector compares; null: the document cannot be parsed. */
export const managedHashOf = ({ document }: Look, values: ConfigValues): string | null =>
  document === null ? null : managedConfigHash(managedValues(document, values));
