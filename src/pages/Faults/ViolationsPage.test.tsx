import { beforeAll, describe, expect, it } from '@jest/globals';
import { screen, waitFor, within } from '@testing-library/react';
import { VIOLATION_CODES } from '@openclaw-fleet/contract';
import type { RouteId } from '../../../backend/collector/api/routes.ts';
import { summaryOf } from '../../testing/fixtures/fleet.ts';
import { VIOLATIONS, violationOf } from '../../testing/fixtures/faults.ts';
import { show } from '../../testing/render.tsx';
import { answers, asked, grafanaSays, mock, refuses } from '../../testing/server.ts';
import { drawLists } from '../../testing/lists.ts';
import ViolationsPage from './ViolationsPage.tsx';

const table = () => screen.findByRole('table', { name: /Violations/ });
const rowOf = async (text: string) =>
  within(await table())
    .getByText(text)
    .closest('tr')!;
const lastQuery = () => asked.filter(({ route }) => route === 'listViolations').at(-1)!.query;
const sent = (route: RouteId) =>
  waitFor(() => {
    const call = asked.find((each) => each.route === route);
    expect(call).toBeDefined();
    return call!;
  });
const page = (items: readonly object[], nextCursor: string | null = null, total: number | null = items.length) => ({
  items,
  total,
  nextCursor,
});

beforeAll(drawLists);

describe('the page of violations', () => {
  it('shows each with its severity, target, message, age and hint, and asks for the open ones', async () => {
    show(<ViolationsPage />, { as: 'operator' });
    const row = within(await rowOf('The CPU is at 97 %, over the limit of 90 %.'));
    expect(row.getByText('CPU over the limit')).toBeVisible();
    expect(row.getByText('Warning')).toBeVisible();
    expect(row.getByText('Find out what runs there.')).toBeVisible();
    expect(row.getByText(/ ago$/)).toHaveAttribute('datetime', '2026-11-22T12:00:00Z');
    expect(row.getByRole('link', { name: 'gateway-03.example' })).toHaveAttribute(
      'href',
      '/a/openclaw-fleet-app/targets/gateway-03'
    );
    expect(lastQuery().get('state')).toBe('open');
    expect(screen.getByText('4 of 4 shown, the newest first')).toBeVisible();
  });

  it('repairs nothing by itself where there is no playbook', async () => {
    show(<ViolationsPage />, { as: 'operator' });
    const row = within(await rowOf('The CPU is at 97 %, over the limit of 90 %.'));
    expect(row.getByText('By hand')).toBeVisible();
    expect(row.queryByRole('button')).toBeNull();
    expect(row.getByRole('checkbox', { name: /cannot be selected. No playbook repairs this/ })).toBeDisabled();
  });

  it('keeps a plan in view while the last fault goes', async () => {
    const { user } = show(<ViolationsPage />, { as: 'operator' });
    await user.click(await screen.findByRole('button', { name: 'Repair gateway-04.example: Restart a stuck gateway' }));
    const dialog = await screen.findByRole('dialog');
    await user.type(within(dialog).getByLabelText(/Reason/), 'it hangs');
    answers(mock('listViolations', page([])));
    expect(await screen.findByText('No open violations', undefined, { timeout: 15_000 })).toBeInTheDocument();
    expect(within(dialog).getByLabelText(/Reason/)).toHaveValue('it hangs');
    expect(dialog).toBeInTheDocument();
  });

  it('plans the suggested repair of one, before anything begins', async () => {
    const { user } = show(<ViolationsPage />, { as: 'operator' });
    await user.click(await screen.findByRole('button', { name: 'Repair gateway-04.example: Restart a stuck gateway' }));
    const dialog = await screen.findByRole('dialog');
    expect(dialog).toHaveTextContent('gateway-04.example');
    const plan = await sent('reconcileTarget');
    expect(plan.params['targetId']).toBe('gateway-04');
    expect(plan.body).toMatchObject({ playbook: 'BridgeStuck', dryRun: true });
  });

  it('says to a viewer which permission a repair needs, and offers no selection', async () => {
    const { user } = show(<ViolationsPage />, { as: 'viewer' });
    const button = await screen.findByRole('button', { name: /Repair gateway-04/ });
    expect(button).toHaveAttribute('aria-disabled', 'true');
    await user.hover(button);
    expect(await screen.findByText(/openclaw-fleet-app.fleet:operate/)).toBeVisible();
    await user.click(button);
    expect(screen.queryByRole('dialog')).toBeNull();
    expect(screen.queryByRole('checkbox')).toBeNull();
  });

  it('repairs several at once that have one playbook, each target once', async () => {
    answers(
      mock(
        'listViolations',
        page([...VIOLATIONS, violationOf('v5', { targetId: 'gateway-04', code: 'runtime-error' })])
      )
    );
    const { user, address } = show(<ViolationsPage />, { as: 'operator', at: 'violations', path: 'violations' });
    await user.click(await screen.findByRole('checkbox', { name: /Select gateway-04.example: Sync lag/ }));
    expect(address()).toBe('violations?select=v1');
    expect(screen.getByRole('checkbox', { name: /gateway-02.example.*Another playbook repairs this/ })).toBeDisabled();
    await user.click(screen.getByRole('button', { name: 'Select all 3 that it repairs' }));
    expect(await screen.findByText('Selected: 3. Targets: 2.')).toBeVisible();
    await user.click(screen.getByRole('button', { name: 'Repair: Restart a stuck gateway' }));
    expect(await screen.findByRole('dialog')).toBeVisible();
    const plan = await sent('createBatch');
    expect(plan.body).toMatchObject({ playbook: 'BridgeStuck', targetIds: ['gateway-04', 'gateway-03'], dryRun: true });
  });

  it('keeps what is selected in the address, and lets it go', async () => {
    const at = 'violations?select=v1&select=v2&select=v3&select=v4';
    const { user, address } = show(<ViolationsPage />, { as: 'operator', at, path: 'violations' });
    // v3 has no playbook, v4 another one.
    expect(await screen.findByText('Selected: 2. Targets: 2.')).toBeVisible();
    await user.click(screen.getByRole('checkbox', { name: /Select gateway-04/ }));
    expect(address()).toBe('violations?select=v2');
    await user.click(screen.getByRole('button', { name: 'Select none' }));
    expect(address()).toBe('violations');
    expect(screen.queryByText(/^Selected:/)).toBeNull();
  });

  it('counts by severity, and filters by it in the address', async () => {
    const none = Object.fromEntries(VIOLATION_CODES.map((code) => [code, { warning: 0, high: 0, critical: 0 }]));
    const violations = {
      ...none,
      'cpu-over-limit': { warning: 1, high: 2, critical: 0 },
      'runtime-error': { warning: 0, high: 3, critical: 7 },
    } as ReturnType<typeof summaryOf>['violations'];
    answers(mock('getSummary', summaryOf({ violations })));
    const { user, address } = show(<ViolationsPage />, { at: 'violations', path: 'violations' });
    await user.click(await screen.findByRole('button', { name: 'High 5' }));
    expect(screen.getByRole('button', { name: 'Critical 7' })).toHaveAttribute('aria-pressed', 'false');
    await user.click(screen.getByRole('button', { name: 'Warning 1' }));
    expect(address()).toBe('violations?severity=high&severity=warning');
    await waitFor(() => expect(lastQuery().getAll('severity')).toEqual(['high', 'warning']));
    await user.click(screen.getByRole('button', { name: 'High 5' }));
    expect(address()).toBe('violations?severity=warning');
    // The summary counts what is open.
    await user.click(screen.getByRole('radio', { name: 'Resolved' }));
    expect(await screen.findByRole('button', { name: 'High' })).toBeVisible();
    await waitFor(() => expect(lastQuery().get('state')).toBe('resolved'));
  });

  it('filters by kind, zone and target, found by a part of its name', async () => {
    answers(mock('getSummary', summaryOf({ zones: ['us-east', 'eu-west'].map(zoneOf) })));
    const { user, address } = show(<ViolationsPage />, { at: 'violations', path: 'violations' });
    await user.click(await screen.findByRole('combobox', { name: 'Kinds of violation' }));
    await user.click(await screen.findByRole('option', { name: /Runtime error/ }));
    await user.keyboard('{Escape}');
    await user.click(screen.getByRole('combobox', { name: 'Zones' }));
    await user.click(await screen.findByRole('option', { name: /us-east/ }));
    await user.keyboard('{Escape}');
    await user.type(screen.getByRole('combobox', { name: 'Target' }), '-02');
    await user.click(await screen.findByRole('option', { name: /gateway-02.example/ }));
    expect(address()).toBe('violations?code=runtime-error&zone=us-east&target=gateway-02');
    await waitFor(() => {
      expect(Object.fromEntries(lastQuery())).toEqual({
        state: 'open',
        code: 'runtime-error',
        zone: 'us-east',
        target: 'gateway-02',
        limit: '100',
      });
    });
  });

  it('says that all is well when there is none', async () => {
    answers(mock('listViolations', page([])));
    show(<ViolationsPage />);
    expect(await screen.findByText('No open violations')).toBeVisible();
    expect(screen.queryByRole('button', { name: 'Clear filters' })).toBeNull();
  });

  it('says that nothing matches, and clears the filters', async () => {
    answers(mock('listViolations', ({ query }) => (query.has('code') ? page([]) : page(VIOLATIONS))));
    const at = 'violations?code=runtime-error&state=all&severity=nonsense';
    const { user, address } = show(<ViolationsPage />, { at, path: 'violations' });
    expect(await screen.findByText('Nothing matches')).toBeVisible();
    expect(lastQuery().getAll('severity')).toEqual([]);
    await user.click(screen.getAllByRole('button', { name: 'Clear filters' })[0]!);
    expect(await table()).toBeVisible();
    expect(address()).toBe('violations');
  });

  it('loads more, and goes to what came', async () => {
    const many = Array.from({ length: 150 }, (_, index) => violationOf(`m${index}`, { message: `Message ${index}.` }));
    answers(
      mock('listViolations', ({ query }) =>
        query.get('cursor') === 'next' ? page(many.slice(100), null, 150) : page(many.slice(0, 100), 'next', 150)
      )
    );
    const { user } = show(<ViolationsPage />);
    expect(await screen.findByText('100 of 150 shown, the newest first')).toBeVisible();
    await user.click(screen.getByRole('button', { name: 'Load more' }));
    expect(await screen.findByText('Message 149.')).toBeVisible();
    expect(screen.queryByText('Message 99.')).toBeNull();
    expect(screen.queryByRole('button', { name: 'Load more' })).toBeNull();
    await user.click(screen.getByRole('button', { name: '1' }));
    expect(screen.getByText('Message 99.')).toBeVisible();
  });

  it('searches on where a zone has none among what was looked through', async () => {
    answers(
      mock('listViolations', ({ query }) => (query.has('cursor') ? page(VIOLATIONS, null, null) : page([], 'on', null)))
    );
    const { user } = show(<ViolationsPage />, { at: 'violations?zone=eu-west', path: 'violations' });
    expect(await screen.findByText('Nothing found so far')).toBeVisible();
    await user.click(screen.getByRole('button', { name: 'Search on' }));
    expect(await screen.findByText('4 shown, the newest first')).toBeVisible();
  });

  it('keeps what it read last when the collector is away', async () => {
    show(<ViolationsPage />);
    await table();
    answers(grafanaSays('listViolations', 502));
    // It is polled every 5 s while no events come.
    expect(await screen.findByText('The collector cannot be reached')).toBeVisible();
    expect(screen.getByText(/What is shown was read/)).toBeVisible();
    expect(await table()).toBeVisible();
  });

  it('says why nothing can be read, and tries again', async () => {
    answers(refuses('listViolations', 'storage-unavailable', 'The disk is full.'));
    const { user } = show(<ViolationsPage />);
    expect(await screen.findByText('The disk is full.')).toBeVisible();
    answers(mock('listViolations', page(VIOLATIONS)));
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    expect(await table()).toBeVisible();
  });

  it('says that it is not permitted', async () => {
    answers(grafanaSays('listViolations', 403));
    show(<ViolationsPage />, { as: null });
    expect(await screen.findByText('You are not permitted to see this')).toBeVisible();
  });

  it('shows ids while names are not known', async () => {
    answers(grafanaSays('getFleetMap', 502));
    show(<ViolationsPage />);
    expect(await screen.findAllByRole('link', { name: 'gateway-03' })).toHaveLength(2);
  });
});

function zoneOf(zone: string) {
  const { bands, scores } = summaryOf();
  return { zone, verdict: 'normal' as const, expected: 1, online: 1, total: 1, bands, scores };
}
