import { configValuesSchema, deniedSetting, plainSecrets } from '@openclaw-fleet/contract';
import type { ConfigValues } from '@openclaw-fleet/contract';
import { t } from '../../i18n.ts';

/** What is wrong with one path. */
export interface PathProblem {
  readonly path: string;
  readonly message: string;
}

/** What somebody typed, checked as far as that can be done without the collector. */
export interface Checked {
  /** Null: it is no document of paths. */
  readonly values: ConfigValues | null;
  /** Why it is none, with the line where that is known. */
  readonly error: string | null;
  readonly problems: readonly PathProblem[];
}

const none = (error: string): Checked => ({ values: null, error, problems: [] });

/** @param text JSON of managed paths and their values */
export function checkDocument(text: string): Checked {
  let typed: unknown;
  try {
    typed = JSON.parse(text);
  } catch (error) {
    const line = lineOf(text, error);
    const why = error instanceof Error ? error.message : '';
    return none(t('configurations.document.not-json', 'Line {{line}} is not JSON: {{why}}', { line, why }));
  }
  if (typeof typed !== 'object' || typed === null || Array.isArray(typed))
    return none(
      t(
        'configurations.document.not-object',
        'It must be an object with paths, such as { "messages.ackReaction": "eyes" }.'
      )
    );
  if (Object.keys(typed).length === 0)
    return none(t('configurations.document.empty', 'It must have at least one path.'));
  const { success, data, error } = configValuesSchema.safeParse(typed);
  if (!success) {
    const problems = error.issues.map((issue) => ({
      path: issue.path.join('.'),
      message: (issue.code === 'invalid_key' ? issue.issues[0]?.message : undefined) ?? issue.message,
    }));
    return { values: null, error: null, problems };
  }
  return { values: data, error: null, problems: Object.entries(data).flatMap(([path, value]) => ofPath(path, value)) };
}

function ofPath(path: string, value: ConfigValues[string]): PathProblem[] {
  const denied = deniedSetting(path, value);
  if (denied !== null)
    return [
      {
        path: denied.path,
        message: t('configurations.document.denied', 'no revision may manage it: {{why}}', { why: denied.why }),
      },
    ];
  return plainSecrets(path, value).map((secret) => ({
    path: secret.path,
    message: t(
      'configurations.document.secret',
      'looks like a secret. Name it by a reference, such as { "$secretRef": "its-name" }.'
    ),
  }));
}

/** The line of a syntax error: each browser says it in its own way, or not at all; then it is the last. */
function lineOf(text: string, error: unknown): number {
  const said = error instanceof Error ? error.message : '';
  const line = /line (\d+)/.exec(said)?.[1];
  if (line !== undefined) return Number(line);
  const position = /position (\d+)/.exec(said)?.[1];
  return (position === undefined ? text : text.slice(0, Number(position))).split('\n').length;
}
