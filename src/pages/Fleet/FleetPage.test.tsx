import { beforeAll, describe, expect, it } from '@jest/globals';
import { act, screen, waitFor, within } from '@testing-library/react';
import { locationService } from '@grafana/runtime';
import type { TargetPage } from '@openclaw-fleet/contract';
import { href } from '../../constants.ts';
import { mapOf, mapTarget, summaryOf, targetOf } from '../../testing/fixtures/fleet.ts';
import { holdOf, statusOf } from '../../testing/fixtures/repairs.ts';
import { scoreOf } from '../../testing/fixtures/target.ts';
import { drawLists } from '../../testing/lists.ts';
import { show } from '../../testing/render.tsx';
import type { Shown } from '../../testing/render.tsx';
import { answers, asked, grafanaSays, mock, refuses } from '../../testing/server.ts';
import type { RouteId } from '../../../backend/collector/api/routes.ts';
import FleetPage from './FleetPage.tsx';

beforeAll(drawLists);

type As = 'viewer' | 'operator' | 'approver' | null;
const at = (query = '', as: As = 'viewer'): Shown => {
  asked.length = 0;
  answers(
    mock('listPolicies', { items: [] }),
    mock('getHealthScore', scoreOf('gateway-03', { reasons: ['Job failures'] }))
  );
  return show(<FleetPage />, { as, path: 'fleet', at: `fleet${query}` });
};

const last = (route: RouteId) => asked.findLast((each) => each.route === route);
const section = (name: string): Promise<HTMLElement> => screen.findByRole('region', { name });
const table = (): Promise<HTMLElement> => screen.findByRole('table', { name: 'Nodes that match the filters' });
const names = async (): Promise<(string | null)[]> =>
  (await within(await table()).findAllByRole('link')).map(({ textContent }) => textContent);
const quiet = { warning: 0, degraded: 0, critical: 0, unknown: 0 };

describe('The summary', () => {
  it('says that nothing is wrong', async () => {
    answers(mock('getSummary', summaryOf({ bands: { healthy: 4, ...quiet }, isolated: 0, online: 4 })));
    at();
    const summary = within(await section('Summary'));
    expect(summary.getByRole('heading', { name: 'Nothing is wrong' })).toBeInTheDocument();
    expect(summary.getByText(/You can trust this view\. 3 of 4 expected nodes report\./)).toHaveTextContent('Normal');
    expect(await summary.findByText('Nothing waits for approval')).toBeInTheDocument();
  });

  it('says what is wrong, worst first, and counts by band with a link to each', async () => {
    answers(mock('getRemediations', statusOf({ pendingApprovals: 2 })));
    const { user, address } = at('?sort=zone');
    const summary = within(await section('Summary'));
    expect(summary.getByRole('heading', { name: 'Something is wrong' })).toBeInTheDocument();
    expect(
      await summary.findByText('Critical: 1 · Degraded: 1 · Warning: 1 · Isolated: 1 · Waiting for approval: 2')
    ).toBeInTheDocument();
    expect(summary.getByRole('link', { name: 'Waiting for approval: 2' })).toHaveAttribute('href', href.remediations());
    await user.click(summary.getByRole('link', { name: 'Critical: 1. Show them' }));
    expect(address()).toBe('fleet?band=critical');
    await waitFor(() => expect(last('getFleetMap')?.query.toString()).toBe('band=critical'));
    expect(last('listTargets')?.query.getAll('band')).toEqual(['critical']);
  });

  it('says how many are online of those expected, and leads to the silent ones', async () => {
    at();
    const summary = within(await section('Summary'));
    expect(summary.getByText('of 4 expected').closest('li')).toHaveTextContent('Online3of 4 expected');
    expect(summary.getByRole('link', { name: 'Show 1 silent' })).toHaveAttribute(
      'href',
      href.fleet('?state=stale&state=expired&state=unknown')
    );
    expect(summary.getByRole('link', { name: 'Isolated: 1. Show them' })).toHaveAttribute(
      'href',
      href.fleet('?isolated=true')
    );
  });

  it('does not ask for trust while the fleet is blind', async () => {
    const verdict = { value: 'blind', reason: 'The canary is silent too.', since: '2026-11-22T12:00:00Z' } as const;
    answers(mock('getSummary', summaryOf({ verdict })));
    at();
    const summary = within(await section('Summary'));
    expect(summary.getByRole('heading', { name: 'It is not known whether anything is wrong' })).toBeInTheDocument();
    expect(summary.getByText(/^Do not trust this view/)).toHaveTextContent('The canary is silent too.');
  });

  it('goes on when the state of repairs cannot be read, and says so', async () => {
    answers(refuses('getRemediations', 'feature-disabled', 'Repairs are switched off in this collector.'));
    at('', 'operator');
    const summary = within(await section('Summary'));
    expect(await summary.findByText('Repairs are switched off in this collector.')).toBeInTheDocument();
    expect(summary.getByRole('button', { name: 'Pause all repairs' })).toHaveAttribute('aria-disabled', 'true');
    expect(await names()).toHaveLength(4);
  });
});

describe('Pausing all repairs', () => {
  const dialog = () => within(screen.getByRole('dialog'));
  const begin = async (shown: Shown, name: string): Promise<void> => {
    const summary = within(await section('Summary'));
    const button = await summary.findByRole('button', { name });
    await waitFor(() => expect(button).toHaveAttribute('aria-disabled', 'false'));
    await shown.user.click(summary.getByRole('button', { name }));
  };

  it('pauses with a reason, once, and then offers to resume', async () => {
    const shown = at('', 'operator');
    await begin(shown, 'Pause all repairs');
    expect(dialog().getByText(/What is under way finishes: 1 now\./)).toBeInTheDocument();
    await shown.user.type(dialog().getByLabelText(/Reason/), 'network change');
    const hold = holdOf({ kind: 'pause', targetId: null, reason: 'network change' });
    answers(
      mock('pauseFleet', () => ({ ...hold })),
      mock('getRemediations', statusOf({ holds: [hold] }))
    );
    await shown.user.dblClick(dialog().getByRole('button', { name: 'Pause all repairs' }));
    await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument());
    expect(asked.filter(({ route }) => route === 'pauseFleet').map(({ body }) => body)).toEqual([
      { reason: 'network change' },
    ]);
    const summary = within(await section('Summary'));
    expect(await summary.findByRole('button', { name: 'Resume repairs' })).toBeInTheDocument();
    expect(summary.getByText(/^All repairs are paused by/)).toHaveTextContent(/Bob Approver.*network change/);
  });

  it('resumes', async () => {
    answers(mock('getRemediations', statusOf({ holds: [holdOf({ kind: 'pause', targetId: null })] })));
    const shown = at('', 'operator');
    await begin(shown, 'Resume repairs');
    await shown.user.type(dialog().getByLabelText(/Reason/), 'change is done');
    answers(mock('resumeFleet', { items: [] }), mock('getRemediations', statusOf()));
    await shown.user.click(dialog().getByRole('button', { name: 'Resume repairs' }));
    const summary = within(await section('Summary'));
    expect(await summary.findByRole('button', { name: 'Pause all repairs' })).toBeInTheDocument();
    expect(last('resumeFleet')?.body).toEqual({ reason: 'change is done' });
  });

  it('keeps a refusal in the dialog', async () => {
    const shown = at('', 'operator');
    await begin(shown, 'Pause all repairs');
    await shown.user.type(dialog().getByLabelText(/Reason/), 'network change');
    answers(refuses('pauseFleet', 'conflict', 'They are paused already.'));
    await shown.user.click(dialog().getByRole('button', { name: 'Pause all repairs' }));
    expect(await dialog().findByText('They are paused already.')).toBeInTheDocument();
  });

  it('tells a viewer which permission lacks', async () => {
    const { user } = at();
    const summary = within(await section('Summary'));
    await user.hover(await summary.findByRole('button', { name: 'Pause all repairs' }));
    expect(await screen.findByText(/openclaw-fleet-app\.fleet:operate/)).toBeInTheDocument();
  });
});

describe('The map and the selected node', () => {
  it('shows each node by zone, with what the collector says of the zone', async () => {
    const bands = { healthy: 2, ...quiet, critical: 1 };
    const scores = { count: 3, sum: 200, lowest: 20, p05: 20, median: 80 };
    const zone = { zone: 'eu-west', verdict: 'partial', expected: 5, online: 3, total: 5, bands, scores } as const;
    answers(mock('getSummary', summaryOf({ zones: [zone] })));
    at();
    const cells = within(await screen.findByRole('listbox', { name: 'Nodes of eu-west' })).getAllByRole('option');
    expect(cells.map((cell) => cell.getAttribute('aria-label'))).toEqual([
      'gateway-01.example, eu-west, healthy, score 97',
      'gateway-02.example, eu-west, warning, score 80',
      'gateway-04.example, eu-west, critical, score 20, isolated',
    ]);
    expect(await screen.findByText('3 of 5 expected online')).toBeInTheDocument();
    expect(screen.getByRole('option', { name: /^gateway-03/ })).toHaveAccessibleName(
      'gateway-03.example, us-east, degraded, score 55'
    );
  });

  it('shows how a selected node is doing and why, keeps it in the address, and opens it', async () => {
    const { user, address } = at('?zone=us-east');
    await user.click(await screen.findByRole('option', { name: /^gateway-03/ }));
    expect(address()).toBe('fleet?zone=us-east&node=gateway-03');
    const aside = within(screen.getByRole('complementary', { name: 'Selected node' }));
    expect(await aside.findByRole('heading', { name: 'gateway-03.example' })).toBeInTheDocument();
    expect(aside.getByText('55 Degraded')).toBeInTheDocument();
    expect(aside.getByText('It reported 5 s ago.')).toBeInTheDocument();
    expect(await aside.findByText('Job failures')).toBeInTheDocument();
    expect(aside.getByRole('link', { name: 'Open this node' })).toHaveAttribute('href', href.target('gateway-03'));
    await user.click(aside.getByRole('button', { name: 'Close' }));
    expect(address()).toBe('fleet?zone=us-east');
    expect(screen.getByRole('option', { name: /^gateway-03/ })).toHaveFocus();
  });

  it('is selected and opened by keyboard', async () => {
    const { user, address } = at();
    const first = await screen.findByRole('option', { name: /^gateway-01/ });
    act(() => first.focus());
    await user.keyboard('{ArrowRight}{Enter}');
    expect(address()).toBe('fleet?node=gateway-02');
    expect(screen.getByRole('option', { selected: true })).toHaveFocus();
    await user.keyboard('{Enter}');
    expect((locationService.getLocation() as { readonly pathname: string }).pathname).toBe(href.target('gateway-02'));
  });

  it('says so when the node of a link is gone', async () => {
    answers(refuses('getTarget', 'not-found', 'There is no target gone-01.'));
    at('?node=gone-01');
    expect(await screen.findByText('There is no target gone-01.')).toBeInTheDocument();
  });

  it('says that it leaves some out', async () => {
    answers(mock('getFleetMap', { ...mapOf([mapTarget('a')]), total: 30_000, truncated: true }));
    at();
    expect(await screen.findByText(/The map shows the first 1 of 30,000 nodes/)).toBeInTheDocument();
  });
});

describe('The table', () => {
  it('has a row for each node, with a link to it', async () => {
    at();
    const row = (await within(await table()).findByRole('link', { name: 'gateway-04.example' })).closest('tr');
    expect(row).toHaveTextContent(/eu-west20 Critical IsolatedOnline.*team-a/);
    expect(within(row!).getByRole('link')).toHaveAttribute('href', href.target('gateway-04'));
  });

  it.each([
    ['Name', '-name'],
    ['Zone', 'zone'],
    ['Health', 'score'],
    ['State', 'state'],
    ['Last seen', 'lastSeenAt'],
  ])('is sorted by the collector: %s', async (column, sort) => {
    const { user, address } = at();
    await user.click(within(await table()).getByRole('button', { name: column }));
    expect(address()).toBe(`fleet?sort=${sort}`);
    await waitFor(() => expect(last('listTargets')?.query.get('sort')).toBe(sort));
    const header = within(await table()).getByRole('columnheader', { name: column });
    expect(header).toHaveAttribute('aria-sort', sort.startsWith('-') ? 'descending' : 'ascending');
  });

  it('loads more', async () => {
    const page = ({ query }: { query: URLSearchParams }): TargetPage =>
      query.get('cursor') === 'second'
        ? { items: [targetOf('gateway-99')], total: 2, nextCursor: null }
        : { items: [targetOf('gateway-01')], total: 2, nextCursor: 'second' };
    answers(mock('listTargets', page));
    const { user } = at();
    expect(await names()).toEqual(['gateway-01.example']);
    expect(screen.getByText('1 of 2')).toBeInTheDocument();
    await user.click(screen.getByRole('button', { name: 'Load more' }));
    await waitFor(async () => expect(await names()).toEqual(['gateway-01.example', 'gateway-99.example']));
    expect(screen.queryByRole('button', { name: 'Load more' })).not.toBeInTheDocument();
  });
});

describe('Repairing several at once', () => {
  const repair = () => screen.findByRole('button', { name: 'Repair selected' });

  it('plans for the nodes that are selected, also those of a link', async () => {
    const { user, address } = at('?pick=gateway-02', 'operator');
    await user.click(await screen.findByRole('checkbox', { name: 'Select gateway-03.example' }));
    expect(address()).toBe('fleet?pick=gateway-02&pick=gateway-03');
    await user.click(await repair());
    const dialog = within(await screen.findByRole('dialog', { name: 'Repair 2 nodes' }));
    await user.click(dialog.getByRole('radio', { name: /Restore the configuration/ }));
    await waitFor(() =>
      expect(last('createBatch')?.body).toMatchObject({ targetIds: ['gateway-02', 'gateway-03'], dryRun: true })
    );
  });

  it('keeps its plan in view while the last row goes', async () => {
    const { user } = at('?band=critical&pick=gateway-02', 'operator');
    await user.click(await repair());
    const dialog = await screen.findByRole('dialog');
    await user.type(within(dialog).getByLabelText(/Reason/), 'it hangs');
    answers(mock('getFleetMap', mapOf([])), mock('listTargets', { items: [], total: 0, nextCursor: null }));
    expect(await screen.findByText('No node matches the filters', undefined, { timeout: 15_000 })).toBeInTheDocument();
    expect(within(dialog).getByLabelText(/Reason/)).toHaveValue('it hangs');
    expect(dialog).toBeInTheDocument();
  });

  it('selects and clears what is shown', async () => {
    const { user, address } = at('', 'operator');
    await user.click(within(await table()).getByRole('checkbox', { name: 'Select all shown' }));
    expect(address()).toBe('fleet?pick=gateway-01&pick=gateway-02&pick=gateway-03&pick=gateway-04');
    await user.click(screen.getByRole('checkbox', { name: 'Select gateway-01.example' }));
    expect(screen.getByRole('checkbox', { name: 'Select all shown' })).toBePartiallyChecked();
    await user.click(screen.getByRole('button', { name: 'Clear selection (3)' }));
    expect(address()).toBe('fleet');
  });

  it.each([
    ['operator', '', /Select at least one node/],
    ['operator', `?${Array.from({ length: 51 }, (_, index) => `pick=n${index}`).join('&')}`, /at most 50 nodes/],
    ['viewer', '?pick=gateway-01', /openclaw-fleet-app\.fleet:operate/],
  ] as const)('says to %s, case %#, why it cannot', async (as, query, why) => {
    const { user } = at(query, as);
    const button = await repair();
    await user.click(button);
    expect(screen.queryByRole('dialog')).not.toBeInTheDocument();
    await user.hover(button);
    expect(await screen.findByText(why)).toBeInTheDocument();
  });
});

describe('Filters', () => {
  it('come from the address, for the map and the table alike, without what makes no sense', async () => {
    at(
      '?zone=eu-west&band=critical&band=nonsense&state=expired&owner=team-a&profile=default&tag=a&isolated=true&q=gate'
    );
    await table();
    const expected = 'zone=eu-west&band=critical&state=expired&owner=team-a&profile=default&tag=a&isolated=true&q=gate';
    expect(last('getFleetMap')?.query.toString()).toBe(expected);
    expect(last('listTargets')?.query.toString()).toBe(`${expected}&sort=name`);
    const filters = within(await section('Filters'));
    expect(filters.getByRole('checkbox', { name: 'Isolated only' })).toBeChecked();
    expect(filters.getByLabelText('Search by id or name')).toHaveValue('gate');
  });

  it('searches once typing pauses', async () => {
    const { user, address } = at();
    await table();
    await user.type(screen.getByLabelText('Search by id or name'), 'gateway-03');
    await waitFor(() => expect(address()).toBe('fleet?q=gateway-03'));
    await waitFor(() => expect(last('listTargets')?.query.get('q')).toBe('gateway-03'));
    const searched = asked.filter(({ route }) => route === 'listTargets').map(({ query }) => query.get('q'));
    expect(searched.length).toBeLessThan(5);
  });

  it('are chosen from lists', async () => {
    const { user, address } = at();
    await table();
    await user.click(screen.getByRole('combobox', { name: 'Health' }));
    await user.click(await screen.findByRole('option', { name: 'Degraded' }));
    expect(address()).toBe('fleet?band=degraded');
  });

  it('are cleared, and the order stays', async () => {
    const { user, address } = at('?q=x&band=critical&isolated=true&sort=-score');
    await table();
    await user.click(screen.getByRole('button', { name: 'Clear filters' }));
    expect(address()).toBe('fleet?sort=-score');
    expect(screen.getByLabelText('Search by id or name')).toHaveValue('');
  });

  it('that nothing matches say so, and are cleared there', async () => {
    answers(mock('getFleetMap', mapOf([])), mock('listTargets', { items: [], total: 0, nextCursor: null }));
    const { user, address } = at('?q=nothing');
    expect(await screen.findByText('No node matches the filters')).toBeInTheDocument();
    await user.click(screen.getByRole('button', { name: 'Show all nodes' }));
    expect(address()).toBe('fleet');
  });
});

describe('States', () => {
  it('keeps the place of what is being read', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    answers(
      mock('listTargets', async () => {
        await held;
        return { items: [targetOf('late-01')], total: 1, nextCursor: null };
      })
    );
    at();
    expect((await screen.findAllByText('Loading…')).length).toBeGreaterThan(0);
    await screen.findByRole('option', { name: /^gateway-01/ });
    expect(screen.getByText('Loading…')).toBeInTheDocument();
    release();
    expect(await names()).toEqual(['late-01.example']);
    expect(screen.queryByText('Loading…')).not.toBeInTheDocument();
  });

  it('tells how to enrol the first gateway', async () => {
    answers(
      mock('getSummary', summaryOf({ total: 0, expected: 0, online: 0, bands: { healthy: 0, ...quiet }, isolated: 0 })),
      mock('getFleetMap', mapOf([])),
      mock('listTargets', { items: [], total: 0, nextCursor: null })
    );
    at();
    expect(await screen.findByText('No gateway is enrolled yet')).toBeInTheDocument();
    expect(screen.getByText(/npx openclaw-fleet enroll/)).toBeInTheDocument();
  });

  it('says once that the collector cannot be reached', async () => {
    const away = (['getSummary', 'getFleetMap', 'listTargets', 'getRemediations'] as const).map((id) =>
      grafanaSays(id, 502)
    );
    answers(...away);
    const { user } = at();
    expect(await screen.findAllByText('The collector cannot be reached')).toHaveLength(1);
    answers(mock('listTargets', { items: [targetOf('back-01')], total: 1, nextCursor: null }));
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    expect(await names()).toEqual(['back-01.example']);
  });

  it('shows what was read last when the collector stops answering, says how old it is, and asks for no trust', async () => {
    const { user } = at('', 'operator');
    await names();
    const pause = await screen.findByRole('button', { name: 'Pause all repairs' });
    await waitFor(() => expect(pause).toHaveAttribute('aria-disabled', 'false'));
    await user.click(pause);
    await user.type(screen.getByLabelText(/Reason/), 'network change');
    answers(
      mock('pauseFleet', () => ({ ...holdOf({ kind: 'pause', targetId: null }) })),
      grafanaSays('getSummary', 502)
    );
    // A change has the summary read again.
    await user.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Pause all repairs' }));
    expect(await screen.findByText('The collector cannot be reached')).toBeInTheDocument();
    expect(screen.getByText(/What is shown was read/)).toHaveTextContent(/just now/);
    const summary = within(await section('Summary'));
    expect(summary.getByText(/This view is old: the collector does not answer\./)).toBeInTheDocument();
    expect(summary.getByRole('link', { name: 'Critical: 1. Show them' })).toBeInTheDocument();
    expect(await names()).toHaveLength(4);
  });

  it('names the permission that lacks, and asks the collector for nothing', () => {
    at('', null);
    expect(screen.getByText('You are not permitted to see the fleet')).toBeInTheDocument();
    expect(screen.getByText(/openclaw-fleet-app\.fleet:read/)).toBeInTheDocument();
    expect(asked).toEqual([]);
  });
});
