/** One series of an exposition, as read back. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Exposition {
  readonly types: ReadonlyMap<string, string>;
  readonly samples: readonly Sample[];
}

const SAMPLE =
  /^([a-z_][a-z0-9_]*)(?:\{((?:[a-z_][a-z0-9_]*="(?:[^"\\\n]|\\[\\n"])*",?)*)\})? (N[Aa][Nn]|[+-]Inf|-?[0-9.e+-]+)$/;
const LABEL = /([a-z_][a-z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"/g;
const ESCAPES: Readonly<Record<string, string>> = { '\\\\': '\\', '\\n': '\n', '\\"': '"' };

/**
 * Reads text format 0.0.4, strictly: throws on a line that is none, on a sample outside its family's block, on a family
 * that comes twice and on a series that comes twice.
 */
export function parseExposition(text: string): Exposition {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const types = new Map<string, string>();
  const samples: Sample[] = [];
  const seen = new Set<string>();
  let family = '';
  for (const line of text.slice(0, -1).split('\n')) {
    if (line === '' || line.startsWith('# HELP ')) continue;
    if (line.startsWith('# TYPE ')) {
      const [, , name = '', type = ''] = line.split(' ');
      if (types.has(name)) throw new Error(`${name} comes twice`);
      types.set((family = name), type);
      continue;
    }
    const [, name, labelText = '', valueText] = SAMPLE.exec(line) ?? [];
    if (name === undefined) throw new Error(`not a sample: ${line}`);
    if (name !== family && !/^_(sum|count|bucket)$/.test(name.slice(family.length))) {
      throw new Error(`${name} is outside its family`);
    }
    const labels = Object.fromEntries(
      [...labelText.matchAll(LABEL)].map(([, label = '', value = '']) => [
        label,
        value.replaceAll(/\\[\\n"]/g, (escape) => ESCAPES[escape] ?? ''),
      ])
    );
    const series = name + JSON.stringify(Object.entries(labels).sort());
    if (seen.has(series)) throw new Error(`the series comes twice: ${line}`);
    seen.add(series);
    samples.push({ name, labels, value: Number(valueText?.replace('Inf', 'Infinity')) });
  }
  return { types, samples };
}
