import { read } from './files.ts';

export interface Instruction {
  readonly name: string;
  readonly words: string;
}

export interface Stage {
  readonly name: string;
  /** An image, or another stage. */
  readonly from: string;
  readonly instructions: readonly Instruction[];
}

const KNOWN = ['ARG', 'FROM', 'ENV', 'WORKDIR', 'RUN', 'COPY', 'USER', 'EXPOSE', 'ENTRYPOINT', 'CMD'];

/** The instructions of a Dockerfile: comments away, continued lines joined. @throws Error at a line that is none */
export function instructionsOf(text: string): Instruction[] {
  const lines = text
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replace(/\\\n\s*/g, ' ')
    .split('\n');
  return lines
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, name = '', words = ''] = /^([A-Z]+) +(.*)$/.exec(line) ?? [];
      if (!KNOWN.includes(name)) throw new Error(`Not an instruction: ${line}`);
      return { name, words: words.trim() };
    });
}

/** The stages of the Dockerfile, in order, with what `ARG`s before the first one say filled in. */
export function stagesOf(text: string): Stage[] {
  const args = new Map<string, string>();
  const stages: { name: string; from: string; instructions: Instruction[] }[] = [];
  for (const instruction of instructionsOf(text)) {
    const { name, words } = instruction;
    const stage = stages.at(-1);
    if (name === 'FROM') {
      const [, image = '', as = ''] = /^(\S+) AS (\S+)$/.exec(words) ?? [];
      stages.push({
        name: as,
        from: image.replace(/\$\{(\w+)\}/g, (_, arg: string) => args.get(arg) ?? ''),
        instructions: [],
      });
    } else if (stage === undefined) {
      const [, arg = '', value = ''] = /^(\w+)=(.*)$/.exec(words) ?? [];
      if (name === 'ARG') args.set(arg, value);
    } else stage.instructions.push(instruction);
  }
  return stages;
}

export const DOCKERFILE = read('Dockerfile');
export const stages = stagesOf(DOCKERFILE);

export interface Copy {
  readonly from: string | null;
  readonly sources: readonly string[];
  readonly target: string;
}

export function copiesOf({ instructions }: Stage): Copy[] {
  return instructions
    .filter(({ name }) => name === 'COPY')
    .map(({ words }) => {
      const [, from = null, paths = ''] = /^(?:--from=(\S+) +)?(.*)$/.exec(words) ?? [];
      const all = paths.split(/ +/);
      return { from, sources: all.slice(0, -1), target: all.at(-1) ?? '' };
    });
}

/** A stage and those it is built on, the image's own first. */
export function linesOf(name: string): Stage[] {
  const stage = stages.find((one) => one.name === name);
  return stage === undefined ? [] : [...linesOf(stage.from), stage];
}

function patternOf(glob: string): RegExp {
  const source = glob
    .split('/')
    .map((part) => (part === '**' ? '(?:.*/)?' : `${part.replace(/[.+]/g, '\\$&').replaceAll('*', '[^/]*')}/`))
    .join('');
  return new RegExp(`^${source.replace(/\/$/, '')}(?:/|$)`);
}

/** Whether .dockerignore keeps a path out of the build: the last line that matches decides. */
export function isIgnored(path: string, text = read('.dockerignore')): boolean {
  let ignored = false;
  for (const line of text.split('\n').filter((one) => one !== '' && !one.startsWith('#'))) {
    const keeps = line.startsWith('!');
    if (patternOf(keeps ? line.slice(1) : line).test(path)) ignored = !keeps;
  }
  return ignored;
}
