import type { TargetPolicyView } from '@openclaw-fleet/contract';

type Own = TargetPolicyView['own'];
export type DesiredField = keyof Own;

/** One field as a person edits it. */
export interface FieldDraft {
  /** `profile`: given back to the profile; `own`: `text`; `nothing`: nothing is expected, whatever the profile says. */
  readonly mode: 'profile' | 'own' | 'nothing';
  readonly text: string;
}
export type Draft = Readonly<Record<DesiredField, FieldDraft>>;

export const FIELDS = [
  'bridgeVersion',
  'configRevision',
  'maxSyncLagMs',
  'allowAutoRemediation',
  'requiredCapabilities',
] as const satisfies readonly DesiredField[];

/** Fields of which a target may be expected nothing. */
export const NULLABLE: readonly DesiredField[] = ['bridgeVersion', 'configRevision'];

/** Seconds in the form, milliseconds on the wire. */
const textOf = (view: Pick<TargetPolicyView, 'desired' | 'configRevision' | 'own'>, field: DesiredField): string => {
  const own = view.own[field];
  switch (field) {
    case 'bridgeVersion':
      return (own as string | null | undefined) ?? view.desired.bridgeVersion ?? '';
    case 'configRevision':
      return (own as string | null | undefined) ?? view.configRevision ?? '';
    case 'maxSyncLagMs':
      return String(view.desired.maxSyncLagMs / 1000);
    case 'allowAutoRemediation':
      return String(view.desired.allowAutoRemediation);
    case 'requiredCapabilities':
      return view.desired.requiredCapabilities.join(', ');
  }
};

/** The form as things are. Pure. */
export function draftOf(view: Pick<TargetPolicyView, 'desired' | 'configRevision' | 'own'>): Draft {
  const field = (name: DesiredField): FieldDraft => {
    const own = view.own[name];
    const mode = own === undefined ? 'profile' : own === null ? 'nothing' : 'own';
    return { mode, text: textOf(view, name) };
  };
  return Object.fromEntries(FIELDS.map((name) => [name, field(name)])) as Draft;
}

const listOf = (text: string): string[] => [
  ...new Set(
    text
      .split(/[\s,]+/)
      .map((each) => each.trim())
      .filter((each) => each !== '')
  ),
];

function valueOf(field: DesiredField, { mode, text }: FieldDraft): unknown {
  if (mode === 'nothing') return null;
  switch (field) {
    case 'maxSyncLagMs':
      return Math.round(Number(text) * 1000);
    case 'allowAutoRemediation':
      return text === 'true';
    case 'requiredCapabilities':
      return listOf(text);
    default:
      return text.trim();
  }
}

/** What a form changes, as the PATCH takes it; null: nothing. Pure. */
export function changeOf(view: Pick<TargetPolicyView, 'own'>, draft: Draft): Record<string, unknown> | null {
  const change: Record<string, unknown> = {};
  const inherit: DesiredField[] = [];
  for (const field of FIELDS) {
    const now = view.own[field];
    if (draft[field].mode === 'profile') {
      if (now !== undefined) inherit.push(field);
      continue;
    }
    const next = valueOf(field, draft[field]);
    if (JSON.stringify(next) !== JSON.stringify(now)) change[field] = next;
  }
  if (inherit.length > 0) change['inherit'] = inherit;
  return Object.keys(change).length === 0 ? null : change;
}

/** Which field cannot be sent as it is; null: none. Pure. */
export function invalidField(draft: Draft): DesiredField | null {
  const wrong: Partial<Record<DesiredField, boolean>> = {
    bridgeVersion: draft.bridgeVersion.text.trim() === '',
    configRevision: !/^[0-9a-f]{64}$/.test(draft.configRevision.text),
    maxSyncLagMs: !isLag(draft.maxSyncLagMs.text),
  };
  return FIELDS.find((field) => draft[field].mode === 'own' && wrong[field] === true) ?? null;
}

function isLag(text: string): boolean {
  const seconds = Number(text);
  return text.trim() !== '' && Number.isFinite(seconds) && seconds >= 1 && seconds <= 86_400;
}
