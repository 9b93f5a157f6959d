import { configValuesSchema, desiredStatePatchSchema, policySpecSchema } from '@openclaw-fleet/contract';
import { StorageError, type ProfileRow, type TargetSettingsRow } from '../storage/types.ts';
import type { Profile, TargetSettings } from './types.ts';

/** The stored text holds `revisionSinceMs` beside the fields of the profile: it is of them, and of no use to a query. */
export function profileRow({ spec, revisionSinceMs, ...profile }: Profile): ProfileRow {
  return { ...profile, spec: JSON.stringify({ ...spec, revisionSinceMs }) };
}

/** Throws StorageError when what is stored is no profile. */
export function profileOf({ spec: text, ...row }: ProfileRow): Profile {
  return read(`the policy ${row.id}`, () => {
    const { revisionSinceMs, ...spec } = JSON.parse(text) as { revisionSinceMs?: number };
    return { ...row, spec: policySpecSchema.parse(spec), revisionSinceMs: revisionSinceMs ?? row.updatedMs };
  });
}

export function settingsRow({ desired, overlay, ...settings }: TargetSettings): TargetSettingsRow {
  return { ...settings, desired: JSON.stringify(desired), overlay: JSON.stringify(overlay) };
}

/** Throws StorageError when what is stored are no settings. */
export function settingsOf({ desired, overlay, ...row }: TargetSettingsRow): TargetSettings {
  return read(`the settings of ${row.nodeId}`, () => ({
    ...row,
    desired: desiredStatePatchSchema.parse(JSON.parse(desired)),
    overlay: configValuesSchema.parse(JSON.parse(overlay)),
  }));
}

function read<T>(what: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unknown failure';
    throw new StorageError(
      `${what} cannot be read from the database (${why}): it was written by another version; start that one, or restore a backup`
    );
  }
}
