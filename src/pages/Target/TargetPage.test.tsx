import { beforeEach, describe, expect, it } from '@jest/globals';
import { screen, waitFor, within } from '@testing-library/react';
import type { FleetTarget, Role } from '@openclaw-fleet/contract';
import { targetOf } from '../../testing/fixtures/fleet.ts';
import { holdOf, runOf, statusOf } from '../../testing/fixtures/repairs.ts';
import { driftOf, reportedOf, scoreOf, violationOf } from '../../testing/fixtures/target.ts';
import { show } from '../../testing/render.tsx';
import { answers, asked, grafanaSays, mock, refuses } from '../../testing/server.ts';
import TargetPage from './TargetPage.tsx';

const ID = 'gateway-01';
const none = { items: [], total: 0, nextCursor: null };
const pageOf = (items: readonly object[]) => ({ items, total: items.length, nextCursor: null });

function open(as: Role | null = 'viewer', query = '') {
  return show(<TargetPage />, { as, path: 'targets/:targetId', at: `targets/${ID}${query}` });
}
const is = (over: Partial<FleetTarget>) => mock('getTarget', { ...targetOf(ID, over) });

beforeEach(() => answers(mock('listViolations', none)));

describe('the page of a target', () => {
  it('says who it is and how it is', async () => {
    answers(is({ reported: reportedOf(), fleetHealthScore: 80, band: 'warning', owner: 'team-x', zone: 'eu-west' }));
    open();
    const header = await screen.findByRole('region', { name: 'At a glance' });
    expect(within(header).getByText('80 Warning')).toBeVisible();
    expect(within(header).getByText('Online')).toBeVisible();
    expect(within(header).getByText('It reported 5 s ago.')).toBeVisible();
    expect(within(header).getByText('team-x')).toBeVisible();
    expect(within(header).getByRole('link', { name: 'default' })).toHaveAttribute(
      'href',
      '/a/openclaw-fleet-app/policies/default'
    );
    expect(within(header).getByRole('link', { name: 'eu-west' })).toHaveAttribute(
      'href',
      '/a/openclaw-fleet-app/fleet?zone=eu-west'
    );
  });

  it('keeps its tab in the address', async () => {
    const { user, address } = open('viewer', '?tab=timeline');
    const timeline = await screen.findByRole('tab', { name: /Timeline/ });
    expect(timeline).toHaveAttribute('aria-selected', 'true');
    await user.click(screen.getByRole('tab', { name: /Jobs/ }));
    expect(address()).toBe(`targets/${ID}?tab=jobs`);
    await user.click(screen.getByRole('tab', { name: /Overview/ }));
    expect(address()).toBe(`targets/${ID}`);
  });

  it('shows the overview for a tab that there is none of', async () => {
    open('viewer', '?tab=nonsense');
    expect(await screen.findByRole('tab', { name: /Overview/ })).toHaveAttribute('aria-selected', 'true');
  });
});

describe('when it cannot be shown', () => {
  it('loads', () => {
    open();
    expect(screen.getByText('Loading…')).toBeVisible();
  });

  it('leads back to the fleet when there is no such target', async () => {
    answers(refuses('getTarget', 'not-found'));
    open();
    expect(await screen.findByText(`There is no target with the id ${ID}`)).toBeVisible();
    expect(screen.getByRole('link', { name: 'Back to the fleet' })).toHaveAttribute(
      'href',
      '/a/openclaw-fleet-app/fleet'
    );
  });

  it('says that the collector is away', async () => {
    answers(grafanaSays('getTarget', 502));
    open();
    expect(await screen.findByText('The collector cannot be reached')).toBeVisible();
  });

  it('keeps what was read last, with its age, when the collector goes away', async () => {
    let away = false;
    answers(
      mock('getTarget', () => (away ? new Response('{"message":"Bad Gateway"}', { status: 502 }) : { ...targetOf(ID) }))
    );
    open();
    await screen.findByRole('region', { name: 'At a glance' });
    away = true;
    expect(await screen.findByText('The collector cannot be reached', {}, { timeout: 15_000 })).toBeVisible();
    expect(screen.getByText(/What is shown was read/)).toBeVisible();
    expect(screen.getByRole('region', { name: 'At a glance' })).toBeVisible();
  });

  it('names the permission that lacks, and asks nothing', async () => {
    open(null);
    expect(await screen.findByText(/openclaw-fleet-app.fleet:read/)).toBeVisible();
    expect(asked.filter(({ route }) => route === 'getTarget')).toEqual([]);
  });
});

describe('what comes first', () => {
  const drifted = mock('listTargetDrift', pageOf([driftOf(ID)]));
  const degraded = mock('getHealthScore', {
    ...scoreOf(ID, { score: 55, band: 'degraded', reasons: ['Its configuration differs.', 'CPU is high.'] }),
  });

  it('is the worst reason and the playbook that is suggested', async () => {
    answers(is({ band: 'degraded' }), drifted, degraded);
    const { user } = open('operator');
    const alert = await screen.findByRole('alert', { name: 'Its configuration differs.' });
    await user.click(await within(alert).findByRole('button', { name: 'Restore the configuration' }));
    expect(await screen.findByRole('dialog', { name: `Repair ${ID}.example` })).toBeVisible();
    await waitFor(() =>
      expect(asked.find(({ route }) => route === 'reconcileTarget')?.body).toMatchObject({
        playbook: 'ConfigDrift',
        dryRun: true,
      })
    );
  });

  it('is nothing when nothing is wrong', async () => {
    open('operator');
    await screen.findByRole('region', { name: 'At a glance' });
    await waitFor(() => expect(asked.some(({ route }) => route === 'listRuns')).toBe(true));
    expect(screen.queryByText(/A playbook repairs this/)).not.toBeInTheDocument();
  });

  it('is the repair that waits for approval', async () => {
    const run = runOf({ id: 'run-7', targetId: ID, state: 'pending_approval' });
    answers(is({ band: 'degraded' }), drifted, degraded, mock('listRuns', pageOf([run])));
    open('approver');
    expect(await screen.findByText('A repair waits for approval.')).toBeVisible();
    expect(screen.getByRole('link', { name: 'Open the repair' })).toHaveAttribute(
      'href',
      '/a/openclaw-fleet-app/remediations/runs/run-7'
    );
  });
});

describe('what holds it back', () => {
  const quarantine = holdOf({
    kind: 'quarantine',
    targetId: ID,
    subject: 'drift.config',
    reason: 'three attempts did not help',
    by: 'automation',
  });

  it('has its way out beside it: a quarantine is cleared for its fault', async () => {
    answers(mock('listHolds', { items: [quarantine] }), mock('clearQuarantine', { items: [] }));
    const { user } = open('approver');
    const notice = await screen.findByRole('alert', { name: 'It is in quarantine for: Configuration drift' });
    expect(within(notice).getByText(/three attempts did not help/)).toBeVisible();
    await user.click(within(notice).getByRole('button', { name: 'Clear quarantine' }));
    const dialog = await screen.findByRole('dialog', { name: `Clear the quarantine of ${ID}.example?` });
    expect(within(dialog).getByText('Only the quarantine for Configuration drift is cleared.')).toBeVisible();
    await user.type(within(dialog).getByRole('textbox', { name: /Reason/ }), 'the disk was full');
    await user.dblClick(within(dialog).getByRole('button', { name: 'Clear quarantine' }));
    await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument());
    expect(asked.filter(({ route }) => route === 'clearQuarantine').map(({ body }) => body)).toEqual([
      { reason: 'the disk was full', fault: 'drift.config' },
    ]);
  });

  it('an isolation is lifted by an approver', async () => {
    answers(is({ isolated: true }), mock('liftIsolation', { ...targetOf(ID) }));
    const { user } = open('approver');
    const notice = await screen.findByRole('alert', { name: 'It is isolated because of a critical drift' });
    await user.click(within(notice).getByRole('button', { name: 'Lift isolation' }));
    const dialog = await screen.findByRole('dialog', { name: `Lift the isolation of ${ID}.example?` });
    await user.type(within(dialog).getByRole('textbox', { name: /Reason/ }), 'looked at it');
    await user.click(within(dialog).getByRole('button', { name: 'Lift isolation' }));
    await waitFor(() => expect(asked.some(({ route }) => route === 'liftIsolation')).toBe(true));
  });

  it('an operator sees what lifting needs, and nothing opens', async () => {
    answers(is({ isolated: true }));
    const { user } = open('operator');
    const notice = await screen.findByRole('alert', { name: 'It is isolated because of a critical drift' });
    const lift = within(notice).getByRole('button', { name: 'Lift isolation' });
    expect(lift).toHaveAttribute('aria-disabled', 'true');
    await user.click(lift);
    expect(screen.queryByRole('dialog')).not.toBeInTheDocument();
    expect(screen.getAllByText(/openclaw-fleet-app.fleet:approve/).length).toBeGreaterThan(0);
  });

  it('says that everything is paused', async () => {
    answers(mock('getRemediations', { ...statusOf({ holds: [holdOf()] }) }));
    open();
    expect(await screen.findByRole('status', { name: 'All repairs of the fleet are paused' })).toHaveTextContent(
      'we move to another data centre'
    );
  });
});

describe('a target that is not managed, reachable or known', () => {
  it('that is retired can be reinstated, and nothing else is urged', async () => {
    const liveness = { ...targetOf(ID).liveness, state: 'retired' as const, reason: 'Somebody retired it.' };
    answers(is({ liveness }), mock('reinstateTarget', null));
    const { user } = open('approver');
    const notice = await screen.findByRole('status', { name: 'It is retired' });
    await user.click(within(notice).getByRole('button', { name: 'Reinstate' }));
    const dialog = await screen.findByRole('dialog', { name: `Reinstate ${ID}.example?` });
    await user.type(within(dialog).getByRole('textbox', { name: /Reason/ }), 'back in use');
    await user.click(within(dialog).getByRole('button', { name: 'Reinstate it' }));
    await waitFor(() => expect(asked.some(({ route }) => route === 'reinstateTarget')).toBe(true));
  });

  it('without a bridge says what that means', async () => {
    answers(is({ bridged: false, capabilities: [], transport: null }));
    open('operator');
    const transport = await screen.findByRole('region', { name: 'Transport' });
    expect(within(transport).getByText(/Install a bridge to change that/)).toBeVisible();
    const repairs = screen.getAllByRole('button', { name: 'Repair' });
    for (const each of repairs) expect(each).toHaveAttribute('aria-disabled', 'true');
  });

  it('that was never seen alive says so', async () => {
    const { lastSeenAt, ...rest } = targetOf(ID);
    expect(lastSeenAt).toBeDefined();
    const liveness = { ...rest.liveness, state: 'unknown' as const, ageSeconds: null, reason: 'It never reported.' };
    answers(mock('getTarget', { ...rest, liveness }));
    open();
    expect(await screen.findByRole('status', { name: 'It was never seen alive' })).toBeVisible();
    expect(screen.getByText('Never')).toBeVisible();
  });
});

describe('the actions', () => {
  const table = async () => screen.findByRole('table', { name: 'Actions' });
  const rowOf = async (name: string) => {
    const found = within(await table())
      .getByRole('button', { name })
      .closest('tr');
    if (found === null) throw new Error(`no row of ${name}`);
    return within(found);
  };

  it('are disabled for a viewer, with the permission that lacks', async () => {
    open('viewer');
    const row = await rowOf('Pause repairs');
    expect(row.getByRole('button')).toHaveAttribute('aria-disabled', 'true');
    expect(row.getByText(/openclaw-fleet-app.fleet:operate/)).toBeVisible();
  });

  it.each([
    ['Pause repairs', 'Pause repairs', 'pauseTarget'],
    ['Cordon', 'Cordon it', 'cordonTarget'],
  ] as const)('%s: done with a reason', async (name, confirm, route) => {
    answers(mock(route, { ...holdOf({ targetId: ID }) }));
    const { user } = open('operator');
    const row = await rowOf(name);
    await waitFor(() => expect(row.getByRole('button')).toHaveAttribute('aria-disabled', 'false'));
    await user.click(row.getByRole('button'));
    const dialog = await screen.findByRole('dialog');
    expect(within(dialog).getByText(`Node: ${ID}.example (${ID})`)).toBeVisible();
    await user.type(within(dialog).getByRole('textbox', { name: /Reason/ }), 'we look at it');
    await user.click(within(dialog).getByRole('button', { name: confirm }));
    await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument());
    expect(asked.find((each) => each.route === route)?.body).toEqual({ reason: 'we look at it' });
  });

  it('keep a refusal in the dialog', async () => {
    answers(refuses('pauseTarget', 'conflict', 'It is paused already, by Bob: we move.'));
    const { user } = open('operator');
    const row = await rowOf('Pause repairs');
    await waitFor(() => expect(row.getByRole('button')).toHaveAttribute('aria-disabled', 'false'));
    await user.click(row.getByRole('button'));
    const dialog = await screen.findByRole('dialog');
    await user.type(within(dialog).getByRole('textbox', { name: /Reason/ }), 'we look at it');
    await user.click(within(dialog).getByRole('button', { name: 'Pause repairs' }));
    expect(await within(dialog).findByText(/It is paused already, by Bob: we move\./)).toBeVisible();
  });

  it('offer the end of what holds', async () => {
    answers(mock('listHolds', { items: [holdOf({ targetId: ID }), holdOf({ kind: 'cordon', targetId: ID })] }));
    open('operator');
    const actions = within(await table());
    expect(await actions.findByRole('button', { name: 'Resume repairs' })).toHaveAttribute('aria-disabled', 'false');
    expect(actions.getByRole('button', { name: 'Uncordon' })).toBeVisible();
    expect(actions.queryByRole('button', { name: 'Pause repairs' })).not.toBeInTheDocument();
    expect(actions.getByText(/Its repairs are paused by Bob Approver: we move/)).toBeVisible();
  });
});

it('counts what is open in its tabs', async () => {
  answers(
    mock('listTargetDrift', pageOf([driftOf(ID)])),
    mock('listViolations', pageOf([violationOf(ID)])),
    mock('listRuns', pageOf([runOf({ targetId: ID })]))
  );
  open();
  expect(await screen.findByRole('tab', { name: /Drift and violations.*2/ })).toBeVisible();
  expect(await screen.findByRole('tab', { name: /Repairs.*1/ })).toBeVisible();
});
