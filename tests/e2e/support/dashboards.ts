import type { Page, Response } from '@playwright/test';
import { expect } from '@playwright/test';
import { DASHBOARDS } from '../../../dashboards/src/index.ts';
import type { Theme } from './app-pages.ts';

interface Panel {
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly y: number; readonly h: number };
}
interface Board {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** The dashboards as they are written. */
export const BOARDS = Object.values(DASHBOARDS) as readonly Board[];

/** One unit of Grafana's grid with its gap, and what may be above the panels. Pixels. */
const UNIT = 38;
const ABOVE = 260;
const heightOf = ({ panels }: Board): number => UNIT * Math.max(...panels.map(({ gridPos: { y, h } }) => y + h));

/** Grafana asks for what only its cloud has, and takes no for an answer. */
const ASKED_IN_VAIN = /\/public-dashboards$/;

interface QueryAnswer {
  readonly results?: Readonly<Record<string, { readonly error?: string }>>;
}

async function failureOf(answer: Response): Promise<string[]> {
  const { pathname } = new URL(answer.url());
  if (answer.status() >= 400) return ASKED_IN_VAIN.test(pathname) ? [] : [`${answer.status()} ${pathname}`];
  if (!pathname.startsWith('/api/ds/query')) return [];
  const { results = {} } = (await answer.json().catch(() => ({}))) as QueryAnswer;
  return Object.values(results).flatMap(({ error }) => error ?? []);
}

/** Notes every error of a page: of its code, of a request, and of a query within a request that succeeded. */
export function watchErrors(page: Page): { readonly settled: () => Promise<readonly string[]> } {
  const errors: string[] = [];
  const reading = new Set<Promise<unknown>>();
  page.on('pageerror', ({ message }) => errors.push(message));
  page.on('response', (answer) => {
    const read = failureOf(answer).then((found) => errors.push(...found));
    reading.add(read);
    void read.finally(() => reading.delete(read));
  });
  return {
    settled: async () => {
      await Promise.all(reading);
      return errors;
    },
  };
}

interface Look {
  readonly theme?: Theme;
  readonly width?: number;
  /** What is above the panels. Pixels. */
  readonly above?: number;
  readonly query?: string;
}

/** Opens a dashboard so tall that Grafana draws all of it, and waits until every panel has asked and drawn. */
export async function openBoard(
  page: Page,
  board: Board,
  { theme = 'dark', width = 1280, above = ABOVE, query = 'from=now-5m&to=now' }: Look = {}
): Promise<void> {
  await page.setViewportSize({ width, height: above + heightOf(board) });
  await page.goto(`/d/${board.uid}?${query}&refresh=&theme=${theme}`);
  for (const { type, title } of board.panels)
    if (type !== 'row') await expect(page.getByRole('heading', { name: title, exact: true }).first()).toBeVisible();
  await page.waitForLoadState('networkidle', { timeout: 15_000 }).catch(() => undefined);
  await expect(page.getByLabel(/Panel loading bar/i)).toHaveCount(0);
}
