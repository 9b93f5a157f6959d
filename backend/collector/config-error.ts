export interface ConfigProblem {
  /** As the person who must mend it wrote it: a variable, or a key in the file. */
  readonly setting: string;
  readonly value?: string;
  /** What is wrong, and what to do. */
  readonly message: string;
}

/** One or more settings are bad or unknown; the message names each, its value and the fix. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const lines = problems.map(
      ({ setting, value, message }) => `  ${setting}${value === undefined ? '' : ` = ${value}`}: ${message}`
    );
    super(
      `${problems.length === 1 ? 'A setting is' : `${problems.length} settings are`} not valid:\n${lines.join('\n')}`
    );
    this.problems = problems;
  }
}

/** A value as it may stand in a message: short, and without the password an address may carry. */
export function shown(value: unknown): string {
  const text = (JSON.stringify(value) as string | undefined) ?? typeof value;
  const masked = text.replace(/\/\/[^/@\s"]*@/g, '//***@');
  return masked.length > 80 ? `${masked.slice(0, 77)}...` : masked;
}
