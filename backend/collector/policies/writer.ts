import type { NewChange, PolicyStore, PutResult } from '../storage/types.ts';
import { profileOf, profileRow, settingsOf, settingsRow } from './rows.ts';
import type { PolicyState } from './state.ts';
import { PolicyError, type PolicyFailure, type Profile, type Provenance, type TargetSettings } from './types.ts';

/** What policies need of storage. */
export type StoredPolicies = Pick<
  PolicyStore,
  'profiles' | 'putProfile' | 'deleteProfile' | 'lastProfileVersion' | 'settings' | 'putSettings'
>;

/** What the audit chain, and a target's timeline, say of a change. */
export interface Told {
  /** A verb in past tense with its object, such as `policy.updated`. */
  readonly action: string;
  readonly by: Provenance;
  readonly data: Record<string, unknown>;
}

/** Refuses a change made from another version than the current one. */
export function checkVersion(what: string, current: number, version: number): void {
  if (version !== current) throw conflict(what, current, version);
}

export function conflict(what: string, current: number | null, version: number): PolicyError {
  if (current === null) {
    const message = `${what} was deleted meanwhile: read the list again.`;
    return new PolicyError({ kind: 'conflict', message, current });
  }
  const message = `${what} is at version ${current} and the change was made from version ${version}: read it again, and send the change with If-Match: "${current}".`;
  return new PolicyError({ kind: 'conflict', message, current });
}

export const refusal = (kind: 'not-found' | 'provisioned-read-only' | 'protected', message: string): PolicyError =>
  new PolicyError({ kind, message });

/** Stores what was decided, then shows it; when somebody else wrote first, takes over what they wrote and refuses. */
export class PolicyWriter {
  readonly #store: StoredPolicies;
  readonly #state: PolicyState;
  #last: Promise<unknown> = Promise.resolve();

  constructor(store: StoredPolicies, state: PolicyState) {
    this.#store = store;
    this.#state = state;
  }

  /** Runs one change after the other, so that each is decided on what the one before it left. */
  alone<T>(change: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(change);
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  /** Reads everything that is stored. */
  async load(): Promise<void> {
    for (const row of await this.#store.profiles()) this.#state.putProfile(profileOf(row));
    for (const row of await this.#store.settings()) this.#state.putSettings(settingsOf(row));
  }

  /** @returns the version a profile of this id has, or had when it was deleted; 0: there never was one */
  async version(id: string): Promise<number> {
    const known = this.#state.profile(id)?.version ?? 0;
    return known > 0 ? known : this.#store.lastProfileVersion(id);
  }

  async putProfile(profile: Profile, { action, by, data }: Told): Promise<void> {
    const { id, version, updatedMs: atMs } = profile;
    const result = await this.#store.putProfile(profileRow(profile), {
      ...by,
      action,
      subject: `policy:${id}`,
      atMs,
      data: { version, ...data },
    });
    if (!result.ok) this.#lostProfile(id, version - 1, result);
    this.#state.putProfile(profile);
  }

  async deleteProfile({ id, version }: Profile, atMs: number, { action, by, data }: Told): Promise<void> {
    const audit = { ...by, action, subject: `policy:${id}`, atMs, data: { version, ...data } };
    const result = await this.#store.deleteProfile(id, version, audit);
    if (!result.ok && 'usedBy' in result) throw inUse(id, result.usedBy);
    if (!result.ok) this.#lostProfile(id, version, result);
    this.#state.dropProfile(id);
  }

  /** @param summary what the target's timeline says, in words */
  async putSettings(settings: TargetSettings, summary: string, { action, by, data }: Told): Promise<void> {
    const { nodeId, rev, updatedMs: atMs } = settings;
    const { actor, reason } = by;
    const change: NewChange = { nodeId, atMs, kind: 'policy', summary, actor: actor.name, reason, data };
    const audit = { ...by, action, subject: `target:${nodeId}`, atMs, data: { rev, ...data } };
    const result = await this.#store.putSettings(settingsRow(settings), change, audit);
    if (!result.ok) {
      if (result.current === null) this.#state.dropSettings(nodeId);
      else this.#state.putSettings(settingsOf(result.current));
      throw conflict(`The settings of ${nodeId}`, result.current?.rev ?? 0, rev - 1);
    }
    this.#state.putSettings(settings);
  }

  #lostProfile(
    id: string,
    version: number,
    { current }: Exclude<PutResult<Parameters<typeof profileOf>[0]>, { ok: true }>
  ): never {
    if (current === null) this.#state.dropProfile(id);
    else this.#state.putProfile(profileOf(current));
    throw conflict(`The policy ${id}`, current?.version ?? null, version);
  }
}

/** The most names that a message carries; the failure itself has all. */
const MOST_NAMES = 10;

export function inUse(id: string, usedBy: readonly string[]): PolicyError {
  const more = usedBy.length > MOST_NAMES ? ` and ${usedBy.length - MOST_NAMES} more` : '';
  const failure: PolicyFailure = {
    kind: 'in-use',
    usedBy,
    message: `The policy ${id} applies to ${usedBy.slice(0, MOST_NAMES).join(', ')}${more}: apply another to them first.`,
  };
  return new PolicyError(failure);
}
