import type { PolicySpec } from '@openclaw-fleet/contract';
import { FIELD_NAMES, isFlag, isList, isNumber, NUMBERS } from './fields.ts';
import type { FieldName, NumberName, PolicyForm } from './fields.ts';

/** Some fields of a profile, each whole, as its PATCH takes them. */
export type PolicyPatch = Partial<PolicySpec>;

/** A flag that says no in a profile that says nothing. */
const OFF_WHEN_ABSENT: readonly FieldName[] = ['requireSignature'];

/** The form of a profile as it is. */
export function formOf(spec: PolicySpec): PolicyForm {
  return Object.fromEntries(FIELD_NAMES.map((name) => [name, shownOf(name, valueAt(spec, name))])) as PolicyForm;
}

function valueAt(spec: PolicySpec, name: FieldName): unknown {
  const [top = '', inner] = name.split('.');
  const field = (spec as Readonly<Record<string, unknown>>)[top];
  return inner === undefined ? field : (field as Readonly<Record<string, unknown>> | undefined)?.[inner];
}

function shownOf(name: FieldName, value: unknown): string | boolean | readonly string[] {
  if (isFlag(name)) return typeof value === 'boolean' ? value : !OFF_WHEN_ABSENT.includes(name);
  if (isList(name)) return Array.isArray(value) ? (value as string[]) : [];
  if (isNumber(name)) return typeof value === 'number' ? numberText(name, value) : '';
  return typeof value === 'string' ? value : '';
}

/** A number of the contract in the unit that is shown, without the noise of binary fractions. */
export const numberText = (name: NumberName, value: number): string =>
  String(Number((value / NUMBERS[name].scale).toPrecision(12)));

/** A text as a number of the contract; null: it is none that the field takes. */
function numberOf(name: NumberName, text: string): number | null {
  const { scale, least, most, whole } = NUMBERS[name];
  const value = text.trim() === '' ? NaN : Number(text);
  if (!Number.isFinite(value) || value < least || value > most || (whole && !Number.isInteger(value))) return null;
  const scaled = Number((value * scale).toPrecision(12));
  return name === 'limits.memUsedBytes' || name === 'desired.maxSyncLagMs' ? Math.round(scaled) : scaled;
}

/** Fields whose text is no number that they take. */
export function badNumbers(form: PolicyForm): NumberName[] {
  return (Object.keys(NUMBERS) as NumberName[]).filter(
    (name) => form[name].trim() !== '' && numberOf(name, form[name]) === null
  );
}

export const isSame = (name: FieldName, a: PolicyForm, b: PolicyForm): boolean =>
  JSON.stringify(a[name]) === JSON.stringify(b[name]);

/** What a person changed: only fields that differ from `base`, and within those nothing else than was edited. */
export function patchOf(base: PolicySpec, form: PolicyForm): PolicyPatch {
  const before = formOf(base);
  const patch: Record<string, unknown> = {};
  for (const name of FIELD_NAMES) {
    if (isSame(name, before, form)) continue;
    const [top = '', inner] = name.split('.');
    const value = storedOf(name, form);
    if (inner === undefined) {
      patch[top] = value;
      continue;
    }
    const group = { ...((patch[top] ?? (base as Record<string, unknown>)[top]) as Record<string, unknown>) };
    if (value === undefined) Reflect.deleteProperty(group, inner);
    else group[inner] = value;
    patch[top] = group;
  }
  return patch;
}

/** What a field is stored as; undefined: it is left out. */
function storedOf(name: FieldName, form: PolicyForm): unknown {
  if (name === 'guardrails.automation') return form[name] ? undefined : false;
  if (isNumber(name)) return numberOf(name, form[name]) ?? undefined;
  const value = form[name];
  if (typeof value !== 'string') return value;
  const text = value.trim();
  return text === '' && name !== 'name' && name !== 'description' ? null : text;
}

/** Edits of one version of a profile over another one: what was not edited is as in the newer. */
export function rebased(form: PolicyForm, base: PolicySpec, current: PolicySpec): PolicyForm {
  const [old, fresh] = [formOf(base), formOf(current)];
  return Object.fromEntries(
    FIELD_NAMES.map((name) => [name, isSame(name, old, form) ? fresh[name] : form[name]])
  ) as PolicyForm;
}
