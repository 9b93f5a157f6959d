import { beforeAll, describe, expect, it } from '@jest/globals';
import { screen, waitFor, within } from '@testing-library/react';
import { DRIFT_CATEGORIES } from '@openclaw-fleet/contract';
import { DRIFT, driftOf } from '../../testing/fixtures/faults.ts';
import { summaryOf } from '../../testing/fixtures/fleet.ts';
import { drawLists } from '../../testing/lists.ts';
import { show } from '../../testing/render.tsx';
import { answers, asked, grafanaSays, mock } from '../../testing/server.ts';
import DriftPage from './DriftPage.tsx';

const table = () => screen.findByRole('table', { name: /Drift/ });
const lastQuery = () => asked.filter(({ route }) => route === 'listDrift').at(-1)!.query;
const page = (items: readonly object[]) => ({ items, total: items.length, nextCursor: null });

beforeAll(drawLists);

describe('the page of drift', () => {
  it('shows each with its category, severity and reason', async () => {
    show(<DriftPage />);
    const row = within(
      within(await table())
        .getByText('Configuration')
        .closest('tr')!
    );
    expect(row.getByText('Major')).toBeVisible();
    expect(row.getByText('The configuration was edited on the node.')).toBeVisible();
    expect(row.getByRole('link', { name: 'gateway-03.example' })).toBeVisible();
  });

  it('opens a row to the paths that differ, by keyboard, and reads them only then', async () => {
    const differences = [{ path: 'messages.ackReaction', expected: '"eyes"', actual: '"thumbsup"' }];
    answers(mock('listTargetDrift', page([driftOf('d1', { differences })])));
    const { user } = show(<DriftPage />);
    const opener = await screen.findByRole('button', { name: 'What differs: gateway-03.example, Configuration' });
    expect(opener).toHaveAttribute('aria-expanded', 'false');
    expect(asked.some(({ route }) => route === 'listTargetDrift')).toBe(false);
    opener.focus();
    await user.keyboard('{Enter}');
    const paths = await screen.findByRole('table', { name: 'Paths that differ' });
    expect(within(paths).getByRole('rowheader', { name: 'messages.ackReaction' })).toBeVisible();
    expect(within(paths).getByText('"eyes"')).toBeVisible();
    expect(within(paths).getByText('"thumbsup"')).toBeVisible();
    expect(screen.getByText('a'.repeat(64))).toBeVisible();
    expect(opener).toHaveAttribute('aria-expanded', 'true');
    await user.keyboard('{Enter}');
    expect(screen.queryByRole('table', { name: 'Paths that differ' })).toBeNull();
  });

  it('says that the paths are not known, or that they cannot be read', async () => {
    answers(mock('listTargetDrift', page([driftOf('d1')])));
    const { user } = show(<DriftPage />);
    await user.click(await screen.findByRole('button', { name: /What differs: gateway-03/ }));
    expect(await screen.findByText(/The paths that differ are not known/)).toBeVisible();
  });

  it('shows a failure to read the paths in the row, and both sides all the same', async () => {
    answers(grafanaSays('listTargetDrift', 502));
    const { user } = show(<DriftPage />);
    await user.click(await screen.findByRole('button', { name: /What differs: gateway-03/ }));
    expect(await screen.findByText('The collector cannot be reached')).toBeVisible();
    expect(screen.getByText('a'.repeat(64))).toBeVisible();
  });

  it('asks for no paths where the drift is another or over', async () => {
    answers(mock('listDrift', page([driftOf('d3', { resolvedAt: '2026-11-22T13:00:00Z' }), DRIFT[1]!])));
    const { user } = show(<DriftPage />, { as: 'operator', at: 'drift?state=all', path: 'drift' });
    for (const button of await screen.findAllByRole('button', { name: /What differs/ })) await user.click(button);
    expect(within(await table()).getByText('Resolved')).toBeVisible();
    expect(asked.some(({ route }) => route === 'listTargetDrift')).toBe(false);
    const repair = screen.getByRole('button', { name: /Repair gateway-03/ });
    expect(repair).toHaveAttribute('aria-disabled', 'true');
    await user.hover(repair);
    expect(await screen.findByText('It is resolved already.')).toBeVisible();
  });

  it('counts by category and filters by it, from a link too', async () => {
    const none = Object.fromEntries(DRIFT_CATEGORIES.map((each) => [each, { minor: 0, major: 0, critical: 0 }]));
    const drift = { ...none, sync: { minor: 1, major: 2, critical: 0 } } as ReturnType<typeof summaryOf>['drift'];
    answers(mock('getSummary', summaryOf({ drift })));
    const { user, address } = show(<DriftPage />, { at: 'drift?category=config&zone=eu-west', path: 'drift' });
    expect(await screen.findByRole('button', { name: 'Configuration 0' })).toHaveAttribute('aria-pressed', 'true');
    expect(screen.getByRole('button', { name: 'Major 2' })).toHaveAttribute('aria-pressed', 'false');
    await user.click(screen.getByRole('button', { name: 'Sync 3' }));
    expect(address()).toBe('drift?zone=eu-west&category=config&category=sync');
    await waitFor(() => expect(lastQuery().getAll('category')).toEqual(['config', 'sync']));
    expect(lastQuery().get('zone')).toBe('eu-west');
  });

  it('says that all is well when there is none', async () => {
    answers(mock('listDrift', page([])));
    show(<DriftPage />);
    expect(await screen.findByText('No open drift')).toBeVisible();
  });
});
