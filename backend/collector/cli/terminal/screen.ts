import { styleText } from 'node:util';
import type { Environment } from '../../config.ts';

/** Where text is shown. */
export interface Screen {
  /** Cells in a line; Infinity when it is no terminal: then nothing is cut or wrapped. */
  readonly columns: number;
  readonly colour: boolean;
}

/** A file, a pipe, or a program that reads. */
export const NO_TERMINAL: Screen = { columns: Infinity, colour: false };

/** What a colour says. */
export type Tone = 'good' | 'notice' | 'bad' | 'worst' | 'quiet' | 'title';

const FORMATS = {
  good: 'green',
  notice: 'yellow',
  bad: 'magenta',
  worst: 'red',
  quiet: 'dim',
  title: 'bold',
} as const satisfies Record<Tone, Parameters<typeof styleText>[0]>;

/** Text that the reader may tell by its colour, where there are colours. */
export function tinted(text: string, tone: Tone | undefined, screen: Screen): string {
  if (!screen.colour || tone === undefined || text === '') return text;
  return styleText(FORMATS[tone], text, { validateStream: false });
}

const DEFAULT_COLUMNS = 80;
/** Narrower ones are served as this. */
const LEAST_COLUMNS = 40;

/** What a stream is like: a terminal of some width, or a file or a pipe. */
export function screenOf(stream: { readonly isTTY?: boolean; readonly columns?: number }, env: Environment): Screen {
  if (stream.isTTY !== true) return NO_TERMINAL;
  const colour = (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  return { columns: Math.max(LEAST_COLUMNS, stream.columns ?? DEFAULT_COLUMNS), colour };
}
