import type { FleetPicture } from './fleet-api.ts';
import { changesBetween, renderTable } from './table.ts';

/** Where the demo shows itself: `process.stdout`, or a test's stand-in. */
export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

export interface View {
  /** Shows the fleet as it is now, and what the script does to it. */
  show(picture: FleetPicture, doing: ReadonlyMap<string, string>, repairable: ReadonlySet<string>): void;
  /** Adds something that happened to what is shown. */
  note(message: string): void;
  /** Shows that the fleet could not be read. */
  trouble(message: string): void;
}

const CHANGES_KEPT = 50;

/** A table that is drawn over itself, on a terminal. */
export function tableView(terminal: Terminal, footer: readonly string[], colour: boolean): View {
  const changes: string[] = [];
  let before: FleetPicture | null = null;
  let drawn = 0;
  const draw = (lines: readonly string[]): void => {
    const up = drawn > 0 ? `\x1b[${drawn}A` : '';
    terminal.write(`${up}\x1b[0J${lines.join('\n')}\n`);
    drawn = lines.length;
  };
  return {
    show: (picture, doing, repairable) => {
      if (before) changes.push(...changesBetween(before, picture));
      changes.splice(0, Math.max(0, changes.length - CHANGES_KEPT));
      before = picture;
      const size = { columns: (terminal.columns ?? 100) - 1, rows: (terminal.rows ?? 30) - 1 };
      draw(renderTable({ picture, doing, repairable, changes, footer, ...size, colour }));
    },
    note: (message) => void changes.push(message),
    trouble: (message) => draw([message]),
  };
}

/** A line for each change. */
export function lineView(terminal: Terminal): View {
  let before: FleetPicture | null = null;
  let doingBefore = new Map<string, string>();
  let said = '';
  return {
    show: (picture, doing) => {
      said = '';
      const time = picture.summary.at.slice(11, 19);
      const script = [...doing].filter(([id, what]) => what !== (doingBefore.get(id) ?? ''));
      for (const [id, what] of script)
        terminal.write(`${time} script: ${id} ${what === '' ? 'is healthy again' : what}\n`);
      for (const line of changesBetween(before, picture)) terminal.write(`${line}\n`);
      before = picture;
      doingBefore = new Map(doing);
    },
    note: (message) => void terminal.write(`${message}\n`),
    trouble: (message) => {
      if (message !== said) terminal.write(`${message}\n`);
      said = message;
    },
  };
}
