import { beforeEach, describe, expect, it } from '@jest/globals';
import { screen, waitFor, within } from '@testing-library/react';
import type { FleetTarget, Role } from '@openclaw-fleet/contract';
import { targetOf } from '../../testing/fixtures/fleet.ts';
import { holdOf, inMinutes, runOf } from '../../testing/fixtures/repairs.ts';
import {
  driftOf,
  HASHES,
  historyOf,
  reportedOf,
  scoreOf,
  timelineEntry,
  violationOf,
  wayOf,
} from '../../testing/fixtures/target.ts';
import { show } from '../../testing/render.tsx';
import { answers, asked, grafanaSays, mock } from '../../testing/server.ts';
import TargetPage from './TargetPage.tsx';

const ID = 'gateway-01';
const none = { items: [], total: 0, nextCursor: null };
const pageOf = (items: readonly object[], nextCursor: string | null = null) => ({
  items,
  total: items.length,
  nextCursor,
});
const is = (over: Partial<FleetTarget>) => mock('getTarget', { ...targetOf(ID, over) });

function open(tab: string, as: Role = 'viewer') {
  return show(<TargetPage />, { as, path: 'targets/:targetId', at: `targets/${ID}?tab=${tab}` });
}
const region = (name: string) => screen.findByRole('region', { name });

beforeEach(() => answers(mock('listViolations', none)));

describe('the score', () => {
  it('explains its five components', async () => {
    open('overview');
    const table = await screen.findByRole('table', { name: 'The five components of the score' });
    const row = within(table).getByRole('row', { name: /Policy compliance/ });
    expect(within(row).getByText('17 of 20')).toBeVisible();
    expect(within(row).getByText('One warning is open.')).toBeVisible();
    expect(within(row).getByRole('meter', { name: 'Policy compliance' })).toHaveValue(17);
    const unjudged = within(table).getByRole('row', { name: /Job stability/ });
    expect(within(unjudged).getByText('Not judged')).toBeVisible();
    expect(within(unjudged).queryByRole('meter')).not.toBeInTheDocument();
  });

  it('says what holds it down, and what is wrong', async () => {
    answers(
      mock('getHealthScore', {
        ...scoreOf(ID, {
          score: 69,
          band: 'degraded',
          caps: [{ at: 69, reason: 'a critical drift is open' }],
          reasons: ['Its version is too old.'],
        }),
      })
    );
    open('overview');
    const score = await region('Health score');
    expect(await within(score).findByText('At most 69: a critical drift is open')).toBeVisible();
    expect(within(score).getByText('Its version is too old.')).toBeVisible();
  });

  it('has words for its line', async () => {
    answers(mock('getScoreHistory', { ...historyOf(ID) }));
    open('overview');
    expect(await screen.findByRole('img', { name: /2 changes, lowest 55, highest 97, now 97/ })).toBeVisible();
  });

  it('is unknown where there is too little', async () => {
    answers(mock('getHealthScore', { ...scoreOf(ID, { score: null, band: 'unknown', riskLevel: null }) }));
    open('overview');
    expect(await screen.findByText('There is too little to judge it by, so it has no score.')).toBeVisible();
  });

  it('does not take the rest of the page with it when it cannot be read', async () => {
    answers(grafanaSays('getHealthScore', 502));
    open('overview');
    expect(await within(await region('Health score')).findByText('The collector cannot be reached')).toBeVisible();
    expect(await screen.findByRole('table', { name: 'Desired against reported' })).toBeVisible();
  });
});

describe('transport', () => {
  it('shows each way, where it leads and what came of it last', async () => {
    answers(
      is({
        transport: 'hybrid',
        bridge: {
          ways: [
            wayOf({ lastErrorAt: inMinutes(-3), lastError: 'nothing listens there (ECONNREFUSED)' }),
            wayOf({ way: 'reverse_ssh', address: null, missing: 'it reports no port of a tunnel' }),
          ],
        },
      })
    );
    open('overview');
    const transport = within(await region('Transport'));
    expect(transport.getByText('Direct, and a tunnel where that fails')).toBeVisible();
    expect(transport.getByText('10.0.0.7:9465')).toBeVisible();
    expect(transport.getByText('Fails')).toBeVisible();
    expect(transport.getByText(/nothing listens there \(ECONNREFUSED\)/)).toBeVisible();
    expect(transport.getByRole('heading', { name: 'Tunnel' })).toBeVisible();
    expect(transport.getByText('Closed')).toBeVisible();
    expect(transport.getByText('it reports no port of a tunnel')).toBeVisible();
  });

  it('shows what its bridge says of its gateway', async () => {
    answers(is({ reported: reportedOf({ healthStatus: 'error', healthReasons: ['it has answered nothing'] }) }));
    open('overview');
    const gateway = within(await region('Gateway and sender'));
    expect(gateway.getByRole('alert', { name: 'What its bridge says of it' })).toHaveTextContent(
      'it has answered nothing'
    );
    expect(gateway.getByText('2026.9.6')).toBeVisible();
    expect(gateway.getByText('763 MiB')).toBeVisible();
  });
});

describe('drift and violations', () => {
  const drift = driftOf(ID, { differences: [{ path: 'messages.ackReaction', expected: '"eyes"', actual: '"none"' }] });

  it('shows what is open, what differs and what to do, with the repair one click away', async () => {
    answers(mock('listTargetDrift', pageOf([drift])), mock('listViolations', pageOf([violationOf(ID)])));
    const { user } = open('drift', 'operator');
    const table = await screen.findByRole('table', { name: 'Drift of this target' });
    expect(within(table).getByText('messages.ackReaction')).toBeVisible();
    const violations = await screen.findByRole('table', { name: 'Violations of this target' });
    expect(within(violations).getByText('Look at what its agents do.')).toBeVisible();
    expect(within(violations).getByText('By hand')).toBeVisible();
    await user.click(within(table).getByRole('button', { name: `Repair ${ID}.example: Configuration` }));
    expect(await screen.findByRole('dialog', { name: `Repair ${ID}.example` })).toBeVisible();
    await waitFor(() =>
      expect(asked.find(({ route }) => route === 'reconcileTarget')?.body).toMatchObject({ playbook: 'ConfigDrift' })
    );
  });

  it('is good news when nothing is open', async () => {
    open('drift');
    expect(await screen.findByText('It runs what is expected of it')).toBeVisible();
    expect(screen.getByText('It breaks no rule of its profile')).toBeVisible();
  });

  it('shows history on demand, open ones first, and keeps that in the address', async () => {
    const old = driftOf(ID, { id: 'old', category: 'version', resolvedAt: inMinutes(-1), detectedAt: inMinutes(-2) });
    answers(mock('listTargetDrift', ({ query }) => pageOf(query.get('state') === 'all' ? [old, drift] : [drift])));
    const { user, address } = open('drift', 'operator');
    await screen.findByRole('table', { name: 'Drift of this target' });
    await user.click(screen.getByRole('radio', { name: 'Open and resolved' }));
    expect(address()).toBe(`targets/${ID}?tab=drift&state=all`);
    const row = await screen.findByRole('row', { name: /Version/ });
    expect(within(row).getByText('Resolved')).toBeVisible();
    expect(within(row).queryByRole('button')).not.toBeInTheDocument();
    const rows = within(screen.getByRole('table', { name: 'Drift of this target' })).getAllByRole('rowheader');
    expect(rows.map(({ textContent }) => textContent).filter((text) => !text.includes('.'))).toEqual([
      'Configuration',
      'Version',
    ]);
  });

  it('loads older ones', async () => {
    const older = driftOf(ID, { id: 'older', category: 'sync', detectedAt: inMinutes(-60) });
    answers(
      mock('listTargetDrift', ({ query }) => (query.get('cursor') === 'c1' ? pageOf([older]) : pageOf([drift], 'c1')))
    );
    const { user } = open('drift');
    await user.click(await screen.findByRole('button', { name: 'Show older ones' }));
    expect(await screen.findByRole('row', { name: /Sync/ })).toBeVisible();
  });
});

describe('jobs', () => {
  it('are shown in numbers', async () => {
    answers(
      is({
        jobs: { total: 5, enabled: 4, failing: 1, results_1h: 12, failures_1h: 3, results_24h: 200, failures_24h: 7 },
      })
    );
    open('jobs');
    const jobs = within(await region('Scheduled jobs'));
    expect(jobs.getByText('The last result of 1 of 5 jobs is a failure.')).toBeVisible();
    expect(jobs.getByText('3 of 12 (25 %)')).toBeVisible();
  });

  it('that nobody reports say why', async () => {
    answers(is({ bridged: false }));
    open('jobs');
    expect(await screen.findByText(/Only a bridge reports them/)).toBeVisible();
  });
});

describe('repairs', () => {
  it('shows its runs and what holds them back', async () => {
    const run = runOf({
      id: 'run-9',
      targetId: ID,
      state: 'blocked',
      breakGlass: true,
      reason: 'All repairs are paused.',
    });
    answers(
      mock('listRuns', ({ query }) => pageOf(query.has('state') ? [] : [run])),
      mock('listHolds', { items: [holdOf({ kind: 'cordon', targetId: ID, reason: 'we look at it' })] })
    );
    open('repairs');
    const table = await screen.findByRole('table', { name: 'Repairs of this target, the newest first' });
    expect(within(table).getByRole('link', { name: 'Restore the configuration' })).toHaveAttribute(
      'href',
      '/a/openclaw-fleet-app/remediations/runs/run-9'
    );
    expect(within(table).getByText('Blocked')).toBeVisible();
    expect(within(table).getByText('Break-glass')).toBeVisible();
    expect(within(table).getByText('All repairs are paused.')).toBeVisible();
    const holds = within(await region('What holds repairs back'));
    expect(await holds.findByText('Cordon')).toBeVisible();
    expect(holds.getByText(/we look at it/)).toBeVisible();
  });

  it('says that there is nothing', async () => {
    open('repairs');
    expect(await screen.findByText('No repair of it is on record')).toBeVisible();
    expect(await screen.findByText('Nobody and nothing holds repairs of it back.')).toBeVisible();
  });
});

describe('the timeline', () => {
  const entries = [
    timelineEntry(3, { kind: 'drift', summary: 'config opened' }),
    timelineEntry(2, { kind: 'policy', summary: 'profile applied', actor: 'grafana:bob', reason: 'the new profile' }),
    timelineEntry(1, { kind: 'report', summary: `config_hash ${HASHES.new}` }),
  ];
  const list = () => screen.findByRole('list', { name: 'Timeline, the newest first' });

  it('is newest first, with who and why', async () => {
    answers(mock('getTimeline', { items: entries, nextCursor: null }));
    open('timeline');
    const items = within(await list()).getAllByRole('listitem');
    expect(items.map((item) => /config opened|profile applied|config_hash/.exec(item.textContent)?.[0])).toEqual([
      'config opened',
      'profile applied',
      'config_hash',
    ]);
    expect(items[1]).toHaveTextContent('grafana:bob: the new profile');
  });

  it('is filtered by kind in the address, by keyboard as well', async () => {
    answers(mock('getTimeline', { items: entries, nextCursor: null }));
    const { user, address } = open('timeline');
    await list();
    screen.getByRole('button', { name: 'Drift' }).focus();
    await user.keyboard('{Enter}');
    expect(address()).toBe(`targets/${ID}?tab=timeline&kind=drift`);
    expect(within(await list()).getAllByRole('listitem')).toHaveLength(1);
  });

  it('says when nothing matches, and clears the filter', async () => {
    answers(mock('getTimeline', { items: entries, nextCursor: 'more' }));
    const { user, address } = show(<TargetPage />, {
      path: 'targets/:targetId',
      at: `targets/${ID}?tab=timeline&kind=repair`,
    });
    expect(await screen.findByText('Nothing of these kinds in what is loaded')).toBeVisible();
    expect(screen.getByText(/load older entries/)).toBeVisible();
    await user.click(screen.getByRole('button', { name: 'Clear the filter' }));
    expect(address()).toBe(`targets/${ID}?tab=timeline`);
    expect(await list()).toBeVisible();
  });

  it('loads older entries', async () => {
    answers(
      mock('getTimeline', ({ query }) =>
        query.get('cursor') === 'c1'
          ? { items: [timelineEntry(0, { summary: 'the first of all' })], nextCursor: null }
          : { items: entries, nextCursor: 'c1' }
      )
    );
    const { user } = open('timeline');
    await user.click(await screen.findByRole('button', { name: 'Load older entries' }));
    expect(await screen.findByText('the first of all')).toBeVisible();
    expect(screen.queryByRole('button', { name: 'Load older entries' })).not.toBeInTheDocument();
  });
});
