import {
  configValuesSchema,
  DESIRED_FIELDS,
  desiredStatePatchSchema,
  nodeIdSchema,
  policySpecSchema,
  profileIdSchema,
  reasonSchema,
  waiverSchema,
  type ConfigValues,
  type DesiredStatePatch,
  type PolicySpec,
  type Waiver,
} from '@openclaw-fleet/contract';
import { z } from 'zod';
import { nearest } from '../config-nearest.ts';
import { overrideErrors } from '../remediation/rules/limits.ts';
import { PolicyError, type ConfigurationLookup, type FieldError, type Provenance } from './types.ts';
import { windowErrors } from './windows.ts';

const UNKNOWN_REVISION = 'there is no such configuration revision: POST it to /fleet/configs first';

/** Throws PolicyError `invalid` when there are errors. @param what what was read, such as "the policy production" */
export function refuse(what: string, errors: readonly FieldError[]): void {
  if (errors.length === 0) return;
  const list = errors.map(({ field, message }) => (field === '' ? message : `${field} ${message}`)).join('; ');
  throw new PolicyError({ kind: 'invalid', message: `${what} is not valid: ${list}.`, errors });
}

/** `['windows', 0, 'schedule']` is `windows[0].schedule`. */
export function fieldName(path: readonly PropertyKey[]): string {
  return path.reduce<string>((name, part) => {
    if (typeof part === 'number') return `${name}[${part}]`;
    return name === '' ? String(part) : `${name}.${String(part)}`;
  }, '');
}

/** What a schema found, by field, in words. @param names fields there are, to guess what was meant */
export function schemaErrors(error: z.ZodError, names: readonly string[] = []): FieldError[] {
  return error.issues.flatMap((issue): FieldError[] => {
    const field = fieldName(issue.path);
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => {
        const near = nearest(key, names);
        const fix = near === undefined ? 'remove it, or mend its name' : `did you mean ${near}?`;
        return { field: fieldName([...issue.path, key]), message: `is no field of it: ${fix}` };
      });
    }
    if (issue.code === 'invalid_type' && issue.input === undefined)
      return [{ field, message: `is missing: give ${article(issue.expected)}` }];
    if (issue.code === 'invalid_type' && issue.expected === 'string' && typeof issue.input === 'number')
      return [{ field, message: `must be text and is a number: put it in quotes, as in "${issue.input}"` }];
    return [{ field, message: issue.message }];
  });
}

const article = (noun: string): string => `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`;

function parsed<Schema extends z.ZodType>(
  what: string,
  schema: Schema,
  input: unknown,
  names: readonly string[] = []
): z.output<Schema> {
  const result = schema.safeParse(input, { reportInput: true });
  if (!result.success) refuse(what, schemaErrors(result.error, names));
  return result.data as z.output<Schema>;
}

/** Throws PolicyError when the reason is no reason. */
export function checkReason({ reason }: Provenance): void {
  const result = reasonSchema.safeParse(reason);
  if (!result.success)
    refuse('The change', [{ field: 'reason', message: result.error.issues[0]?.message ?? 'is not valid' }]);
}

/** Throws PolicyError when it cannot be the id of a profile. */
export function checkProfileId(id: string): void {
  const result = profileIdSchema.safeParse(id);
  if (!result.success)
    refuse('The policy', [
      { field: 'id', message: 'must be lower-case letters, digits and dashes, such as production' },
    ]);
}

/** Throws PolicyError unless it is a list of at least one target id. */
export function checkTargetIds(ids: readonly string[]): void {
  if (ids.length === 0)
    refuse('The list of targets', [{ field: 'targetIds', message: 'is empty: name at least one target' }]);
  refuse(
    'The list of targets',
    ids.flatMap((id, index) =>
      nodeIdSchema.safeParse(id).success
        ? []
        : [{ field: `targetIds[${index}]`, message: `${JSON.stringify(id)} is no id of a target` }]
    )
  );
}

/** What else a profile must fulfil: windows that can be evaluated, ids of waivers told apart, a revision that exists, guardrails that tighten. */
export function specErrors(spec: PolicySpec, configurations: ConfigurationLookup): FieldError[] {
  const windows = spec.windows.flatMap((window, index) =>
    windowErrors(window).map(({ field, message }) => ({ field: `windows[${index}].${field}`, message }))
  );
  const ids = spec.waivers.map(({ id }) => id);
  const waivers = ids.flatMap((id, index) =>
    ids.indexOf(id) === index
      ? []
      : [{ field: `waivers[${index}].id`, message: `${id} is there twice: give each waiver an id of its own` }]
  );
  const guardrails = overrideErrors(spec.guardrails).map(({ key, message }) => ({
    field: `guardrails.${key}`,
    message,
  }));
  return [...windows, ...waivers, ...guardrails, ...revisionErrors(spec.desired, 'desired.', configurations)];
}

function revisionErrors(
  { configRevision }: DesiredStatePatch,
  prefix: string,
  configurations: ConfigurationLookup
): FieldError[] {
  if (configRevision === undefined || configRevision === null) return [];
  if (configurations.effective(configRevision, {}) !== null) return [];
  return [{ field: `${prefix}configRevision`, message: UNKNOWN_REVISION }];
}

/** A profile as written, complete and checked. Throws PolicyError `invalid`. */
export function parseSpec(what: string, input: unknown, configurations: ConfigurationLookup): PolicySpec {
  const spec = parsed(what, policySpecSchema, input, Object.keys(policySpecSchema.shape));
  refuse(what, specErrors(spec, configurations));
  return spec;
}

/** How far ahead a waiver may end, in milliseconds: a year, a leap day included. */
const LONGEST_WAIVER_MS = 366 * 86_400_000;

/** Waivers that are not in `before` as they are must end in the future, within a year. */
export function waiverErrors(waivers: readonly Waiver[], before: readonly Waiver[], nowMs: number): FieldError[] {
  const known = new Set(before.map((waiver) => JSON.stringify(waiver)));
  return waivers.flatMap((waiver, index) => {
    const message = known.has(JSON.stringify(waiver)) ? null : whyNoEnd(waiver.expiresAt, nowMs);
    return message === null ? [] : [{ field: `waivers[${index}].expiresAt`, message }];
  });
}

function whyNoEnd(expiresAt: string, nowMs: number): string | null {
  const endMs = Date.parse(expiresAt);
  if (endMs <= nowMs) return `${expiresAt} is over: name a time in the future, at which the waiver ends`;
  if (endMs <= nowMs + LONGEST_WAIVER_MS) return null;
  const latest = new Date(nowMs + LONGEST_WAIVER_MS).toISOString();
  return `${expiresAt} is more than a year ahead: name a time up to ${latest}, and waive it again then if need be`;
}

/** A waiver as written, complete; it must end in the future, within a year. Throws PolicyError `invalid`. */
export function parseWaiver(input: unknown, nowMs: number): Waiver {
  const waiver = parsed('The waiver', waiverSchema, input, Object.keys(waiverSchema.shape));
  const errors = waiverErrors([waiver], [], nowMs);
  refuse(
    'The waiver',
    errors.map(({ message }) => ({ field: 'expiresAt', message }))
  );
  return waiver;
}

/** A target's own PATCH, checked. Throws PolicyError `invalid`. */
export function parsePatch(
  input: unknown,
  inherit: readonly string[],
  configurations: ConfigurationLookup
): DesiredStatePatch {
  const what = 'The desired state';
  const patch = parsed(what, desiredStatePatchSchema, input, DESIRED_FIELDS);
  const errors = inherit.flatMap((field, index) => {
    const name = `inherit[${index}]`;
    if (!DESIRED_FIELDS.some((known) => known === field))
      return [
        { field: name, message: `${JSON.stringify(field)} is no field of it: name ${DESIRED_FIELDS.join(', ')}` },
      ];
    return Object.hasOwn(patch, field)
      ? [{ field: name, message: `${field} is set as well: do one or the other` }]
      : [];
  });
  refuse(what, [...errors, ...revisionErrors(patch, '', configurations)]);
  return patch;
}

/**
 * Values to lay over a target's revision, checked. Throws PolicyError `invalid`.
 * @param revision the one expected of the target; null: none is
 */
export function parseOverlay(
  input: unknown,
  revision: string | null,
  configurations: ConfigurationLookup
): ConfigValues {
  const what = 'The overlay';
  const result = configValuesSchema.safeParse(input, { reportInput: true });
  if (!result.success) {
    const errors = schemaErrors(result.error);
    refuse(
      what,
      errors.map(({ field, message }) => ({ field: field === '' ? 'overlay' : `overlay.${field}`, message }))
    );
  }
  const overlay = result.data ?? {};
  if (Object.keys(overlay).length === 0) return overlay;
  if (revision === null) {
    const message =
      'no configuration revision is expected of the target, so there is nothing to lay it over: name one first';
    refuse(what, [{ field: 'overlay', message }]);
    return overlay;
  }
  const problems = configurations.checkOverlay(revision, overlay);
  refuse(
    what,
    problems.map(({ path, message }) => ({ field: `overlay.${path}`, message }))
  );
  return overlay;
}
