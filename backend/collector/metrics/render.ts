import type { FleetNode, FleetView } from '../fleet/types.ts';
import { escapeHelp, escapeLabelValue, formatMillis, formatValue } from './format.ts';
import { severityLabels } from './severity.ts';
import { familiesAt } from './targets.ts';
import type {
  CertificateSource,
  EntryFamily,
  FaultFamily,
  InfoFamily,
  MetricsLevel,
  PartFamily,
  Scrape,
  StateFamily,
  SummaryFamily,
  TargetFamily,
  ValueFamily,
} from './family.ts';

/** A piece of text covers this many targets of one family: some tens of microseconds. */
const PIECE_TARGETS = 32;
/** As long as they have no series, this many. */
const EMPTY_PIECE_TARGETS = 4096;

/** A family made ready: the text of one target's samples, empty when it has none. `labels` is what `labelsOf` gives. */
type Write = (node: FleetNode, labels: string, scrape: Scrape) => string;

// Extra labels come first, so that the tail `target="…",zone="…"} ` is one cached string for every family.
function labelsOf(node: FleetNode): string {
  return (node.seriesLabels ??= `target="${escapeLabelValue(node.id)}",zone="${escapeLabelValue(node.zone)}"} `);
}

function valueWriter({ name, value, millis }: ValueFamily): Write {
  const head = name + '{';
  const format = millis ? formatMillis : formatValue;
  return (node, labels, scrape) => {
    const sample = value(node, scrape);
    return sample === undefined ? '' : head + labels + format(sample) + '\n';
  };
}

function stateWriter({ name, label, states, state }: StateFamily): Write {
  const heads = states.map((each) => `${name}{${label}="${escapeLabelValue(each)}",`);
  // For each state that may hold: what stands between one series' labels and the next.
  const joints = new Map(
    states.map((current) => [
      current,
      states.map((each, at) => (each === current ? '1\n' : '0\n') + (heads[at + 1] ?? '')),
    ])
  );
  const first = heads[0] ?? '';
  return (node, labels, scrape) => {
    const current = state(node, scrape);
    const parts = current === undefined ? undefined : joints.get(current);
    if (parts === undefined) return '';
    let text = first;
    for (const part of parts) text += labels + part;
    return text;
  };
}

/** Label values that come from the network: the first `max` names keep theirs, every later one is `other`. */
class BoundedNames {
  readonly #known = new Map<string, string>();
  readonly #max: number;
  constructor(max: number) {
    this.#max = max;
  }

  /** @returns the name to show, escaped */
  show(name: string): string {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    if (this.#known.size >= this.#max) return OTHER;
    const shown = escapeLabelValue(name);
    this.#known.set(name, shown);
    return shown;
  }
}
const OTHER = 'other';

function entryWriter({ name, label, maxNames, entries }: EntryFamily): Write {
  const names = new BoundedNames(maxNames);
  const head = `${name}{${label}="`;
  return (node, labels) => {
    const found = entries(node);
    if (found === undefined) return '';
    let text = '';
    let others: number | undefined;
    for (const key in found) {
      const shown = names.show(key);
      const amount = found[key] ?? 0;
      if (shown === OTHER) others = (others ?? 0) + amount;
      else text += head + shown + '",' + labels + formatValue(amount) + '\n';
    }
    return others === undefined ? text : text + head + OTHER + '",' + labels + formatValue(others) + '\n';
  };
}

function partWriter({ name, label, parts, values }: PartFamily): Write {
  const heads = parts.map((part) => `${name}{${label}="${part}",`);
  return (node, labels) => {
    const found = values(node);
    if (found === undefined) return '';
    let text = '';
    for (let at = 0; at < heads.length; at++) {
      const value = found[at] ?? NaN;
      if (!Number.isNaN(value)) text += (heads[at] ?? '') + labels + formatValue(value) + '\n';
    }
    return text;
  };
}

function faultWriter({ name, kind, label, codes, severities }: FaultFamily): Write {
  const heads = new Map<string, string>();
  for (const code of codes) {
    for (const each of severities) {
      const { severity, seed_severity } = severityLabels(each);
      heads.set(
        `${code}/${each}`,
        `${name}{${label}="${code}",severity="${severity}",seed_severity="${seed_severity}",`
      );
    }
  }
  return ({ assessment: { faults } }, labels) => {
    let text = '';
    for (const fault of faults) {
      const head = fault.kind === kind ? heads.get(`${fault.code}/${fault.severity}`) : undefined;
      if (head !== undefined) text += head + labels + '1\n';
    }
    return text;
  };
}

function infoWriter({ name, labels: names, values }: InfoFamily): Write {
  const heads = names.map((label, at) => `${at === 0 ? name + '{' : '",'}${label}="`);
  return (node, labels, scrape) => {
    const found = values(node, scrape);
    let text = '';
    for (let at = 0; at < heads.length; at++) text += (heads[at] ?? '') + escapeLabelValue(found[at] ?? '');
    return text + '",' + labels + '1\n';
  };
}

function summaryWriter({ name, sum, count }: SummaryFamily): Write {
  const sumHead = name + '_sum{';
  const countHead = name + '_count{';
  return (node, labels) => {
    const total = sum(node);
    const times = count(node);
    if (total === undefined || times === undefined) return '';
    return sumHead + labels + formatValue(total) + '\n' + countHead + labels + formatValue(times) + '\n';
  };
}

function writerOf(family: TargetFamily): Write {
  switch (family.shape) {
    case 'value':
      return valueWriter(family);
    case 'states':
      return stateWriter(family);
    case 'entries':
      return entryWriter(family);
    case 'parts':
      return partWriter(family);
    case 'faults':
      return faultWriter(family);
    case 'info':
      return infoWriter(family);
    case 'summary':
      return summaryWriter(family);
  }
}

export interface TargetRenderer {
  /**
   * The per-target series of one scrape as pieces of text, family by family. Which targets there are is settled by
   * the first piece, so that no family names one twice; their values are read as each piece is made.
   */
  render(fleet: FleetView, nowMs: number): Generator<string, void, void>;
}

const NO_CERTIFICATES: CertificateSource = { certificateEndS: () => undefined };

/** Makes the families of `level` ready: all that does not depend on a target is computed once, here. */
export function createTargetRenderer(
  level: MetricsLevel,
  certificates: CertificateSource = NO_CERTIFICATES
): TargetRenderer {
  const families = familiesAt(level).map((family) => ({
    header: `# HELP ${family.name} ${escapeHelp(family.help)}\n# TYPE ${family.name} ${family.type}\n`,
    write: writerOf(family),
  }));
  return {
    *render(fleet, nowMs) {
      if (families.length === 0) return;
      const nodes = [...fleet.nodes()];
      const scrape = { fleet, nowMs, certificates };
      for (const { header, write } of families) {
        let piece = header;
        for (let at = 0, first = 0; at < nodes.length; at++) {
          const node = nodes[at];
          if (node !== undefined) piece += write(node, labelsOf(node), scrape);
          const covered = at - first + 1;
          if (covered < PIECE_TARGETS || (piece === '' && covered < EMPTY_PIECE_TARGETS)) continue;
          yield piece;
          piece = '';
          first = at + 1;
        }
        if (piece !== '') yield piece;
      }
    },
  };
}
