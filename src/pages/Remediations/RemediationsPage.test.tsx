import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Hold } from '@openclaw-fleet/contract';
import { screen, waitFor, within } from '@testing-library/react';
import { href } from '../../constants.ts';
import {
  ANN,
  BOB,
  holdOf,
  inMinutes,
  meOf,
  runDetailOf,
  runOf,
  statusOf,
  waitingRun,
} from '../../testing/fixtures/repairs.ts';
import { drawLists } from '../../testing/lists.ts';
import { show } from '../../testing/render.tsx';
import type { Shown } from '../../testing/render.tsx';
import { answers, asked, grafanaSays, mock, refuses } from '../../testing/server.ts';
import type { Asked } from '../../testing/answer.ts';
import RemediationsPage from './RemediationsPage.tsx';
import { ENDS } from './use-history-filters.ts';

type Rows = readonly ReturnType<typeof runOf>[];
interface Lists {
  readonly waiting?: Rows;
  readonly now?: Rows;
  readonly ended?: Rows;
}

/** Answers each of the page's three lists. */
const lists = ({ waiting = [], now = [], ended = [] }: Lists) =>
  mock('listRuns', ({ query }) => {
    const states = query.getAll('state');
    const items = states.includes('pending_approval') ? waiting : states.includes('running') ? now : ended;
    return { items, total: items.length, nextCursor: null };
  });
const open = (as: 'viewer' | 'operator' | 'approver' = 'approver', query = ''): Shown => {
  answers(mock('getMe', meOf(BOB)));
  return show(<RemediationsPage />, { as, path: 'remediations', at: `remediations${query}` });
};
const sent = (route: string) => asked.filter((each) => each.route === route);
const history = (): Asked[] =>
  sent('listRuns').filter(({ query }) => query.getAll('state').every((state) => (ENDS as string[]).includes(state)));
const dialog = () => within(screen.getByRole('dialog'));

describe('the page of repairs', () => {
  it('shows what waits, what runs and what happened, each where it belongs', async () => {
    answers(
      lists({
        waiting: [runOf({ state: 'pending_approval' })],
        now: [runOf({ id: 'run-2', targetId: 'gateway-02' })],
        ended: [runOf({ id: 'run-3', state: 'no_effect', reason: 'It is there still.', endedAt: inMinutes(0) })],
      }),
      mock('getRun', ({ params }) => (params['runId'] === 'run-2' ? runDetailOf({ id: 'run-2' }) : waitingRun()))
    );
    open();
    expect(await screen.findByRole('list', { name: 'Waits for you (1)' })).toHaveTextContent(/gateway-01\.example/);
    const now = await screen.findByRole('table', { name: 'Runs now' });
    expect(now).toHaveTextContent(/gateway-02\.example/);
    await waitFor(() => expect(now).toHaveTextContent(/1 of 3 steps: Apply the desired revision/));
    expect(within(now).getByRole('progressbar')).toHaveAttribute('value', '1');
    const ended = await screen.findByRole('table', { name: 'Repairs that have ended' });
    expect(ended).toHaveTextContent(/No effect.*gateway-01\.example.*Ann Operator.*1 min.*It is there still/);
    expect(within(ended).getByRole('link', { name: 'Restore the configuration' })).toHaveAttribute(
      'href',
      href.run('run-3')
    );
    const headings = screen.getAllByRole('heading', { level: 2 }).map(({ textContent }) => textContent);
    expect(headings).toEqual([
      'Waits for approval',
      'Runs now',
      'What holds repairs back',
      'How playbooks do',
      'What happened',
    ]);
  });

  it('says that nothing is there because all is well', async () => {
    open();
    expect(await screen.findByText('Nothing waits for an approval.')).toBeVisible();
    expect(await screen.findByText('No repair is under way.')).toBeVisible();
    expect(await screen.findByText('No repair has ended yet')).toBeVisible();
    expect(await screen.findByText('Nothing holds repairs back.')).toBeVisible();
  });

  it('puts the runs of a batch under one line', async () => {
    const ended = ['a', 'b'].map((id) =>
      runOf({ id, batchId: 'plan-2', state: 'succeeded', startedAt: inMinutes(-3), endedAt: inMinutes(-1) })
    );
    answers(lists({ ended: [ended[0]!, runOf({ id: 'c', state: 'failed', endedAt: inMinutes(0) }), ended[1]!] }));
    open();
    const table = await screen.findByRole('table', { name: 'Repairs that have ended' });
    const line = within(table).getByRole('rowheader');
    expect(line).toHaveTextContent('Batch: Restore the configuration');
    expect(line).toHaveTextContent('2 Succeeded');
    expect(within(line).getByRole('link')).toHaveAttribute('href', href.batch('plan-2'));
    const states = within(table)
      .getAllByRole('row')
      .slice(2)
      .map((row) => row.textContent.slice(0, 6));
    expect(states).toEqual(['Succee', 'Succee', 'Failed']);
  });

  it('tells when the collector cannot be reached', async () => {
    answers(grafanaSays('getRemediations', 502), grafanaSays('listRuns', 502));
    open();
    expect((await screen.findAllByText('The collector cannot be reached')).length).toBeGreaterThan(0);
  });
});

describe('how repairs stand', () => {
  const strip = () => screen.findByText('Automation');
  it.each([
    [{ enabled: false, percent: 0, held: null }, 'Off'],
    [{ enabled: true, percent: 25, held: null }, 'On for 25 % of the nodes'],
    [
      { enabled: true, percent: 100, held: { reason: 'after-start' as const, message: 'Wait until 12:05.' } },
      'Held back: Just after a startWait until 12:05.',
    ],
  ])('says whether anything begins by itself: %j', async (automation, words) => {
    answers(mock('getRemediations', statusOf({ automation })));
    open();
    expect((await strip()).nextElementSibling).toHaveTextContent(words);
    expect(screen.getByText('1 of 2 at once')).toBeVisible();
  });

  it('shows how each playbook does, and where its breaker is open', async () => {
    const [one] = statusOf().efficacy;
    answers(
      mock(
        'getRemediations',
        statusOf({
          efficacy: [
            one!,
            {
              ...one!,
              playbook: 'BridgeStuck',
              fault: 'drift.runtime',
              succeeded: 2,
              failed: 7,
              successRate: 0.2,
              breakerOpen: true,
            },
          ],
        })
      )
    );
    open();
    const rows = within(await screen.findByRole('table', { name: 'How playbooks do' })).getAllByRole('row');
    expect(rows[1]).toHaveTextContent(/Restore the configuration.*90 % \(9 of 10\).*0 failed, 1 without effect.*2$/);
    expect(rows[1]).not.toHaveTextContent('Breaker open');
    expect(rows[2]).toHaveTextContent(/Restart a stuck gateway.*20 % \(2 of 10\) Breaker open/);
  });
});

describe('what holds repairs back', () => {
  it.each<[string, Partial<Hold>, string, string, Record<string, string>, object]>([
    ['a pause of everything', {}, 'Resume all repairs: Everything', 'resumeFleet', {}, {}],
    [
      'a pause of a node',
      { targetId: 'gateway-01' },
      'Resume: gateway-01.example',
      'resumeTarget',
      { targetId: 'gateway-01' },
      {},
    ],
    [
      'a cordon',
      { kind: 'cordon', targetId: 'gateway-01' },
      'Uncordon: gateway-01.example',
      'uncordonTarget',
      { targetId: 'gateway-01' },
      {},
    ],
    [
      'a quarantine',
      { kind: 'quarantine', targetId: 'gateway-01', subject: 'drift.config' },
      'Clear quarantine: gateway-01.example: Configuration drift',
      'clearQuarantine',
      { targetId: 'gateway-01' },
      { fault: 'drift.config' },
    ],
    [
      'a breaker',
      { kind: 'breaker', subject: 'ConfigDrift drift.config' },
      'Close breaker: Restore the configuration on Configuration drift',
      'closeBreaker',
      {},
      { playbook: 'ConfigDrift', fault: 'drift.config' },
    ],
  ])('%s is ended where it is seen', async (_name, over, label, route, params, body) => {
    const hold = holdOf(over);
    answers(mock('getRemediations', statusOf({ holds: [hold] })), mock(route as 'resumeFleet', { items: [] }));
    const { user } = open();
    const list = await screen.findByRole('list', { name: 'What holds repairs back' });
    expect(list).toHaveTextContent(/we move to another data centre.*you.*30 min ago/);
    const button = await within(list).findByRole('button', { name: label });
    await user.click(button);
    await user.keyboard('the cause is found');
    answers(mock('getRemediations', statusOf()));
    await user.click(dialog().getAllByRole('button').at(-1)!);
    expect(await screen.findByText('Nothing holds repairs back.')).toBeVisible();
    expect(sent(route)).toHaveLength(1);
    expect(sent(route)[0]).toMatchObject({ params, body: { reason: 'the cause is found', ...body } });
  });

  it('everything is paused and resumed at the top, loudly', async () => {
    answers(mock('pauseFleet', holdOf()));
    const { user } = open('operator');
    await user.click(await screen.findByRole('button', { name: 'Pause all repairs' }));
    expect(dialog().getByText(/No repair begins anywhere/)).toBeVisible();
    await user.keyboard('we move to another data centre');
    answers(mock('getRemediations', statusOf({ holds: [holdOf()] })));
    await user.dblClick(dialog().getByRole('button', { name: 'Pause all repairs' }));
    expect(await screen.findByText('All repairs are paused')).toBeVisible();
    expect(sent('pauseFleet')).toHaveLength(1);
    expect(screen.getByRole('button', { name: 'Resume all repairs' })).toBeVisible();
  });

  it('a refusal stays in the dialog', async () => {
    const hold = holdOf({ kind: 'quarantine', targetId: 'gateway-01', subject: 'drift.config' });
    answers(
      mock('getRemediations', statusOf({ holds: [hold] })),
      refuses('clearQuarantine', 'conflict', 'It is not in quarantine any more.')
    );
    const { user } = open();
    await user.click(await screen.findByRole('button', { name: /^Clear quarantine/ }));
    await user.keyboard('the cause is found');
    await user.click(dialog().getByRole('button', { name: 'Clear quarantine' }));
    expect(await dialog().findByText(/It is not in quarantine any more/)).toBeVisible();
  });

  it('an operator does not end what takes an approver', async () => {
    answers(
      mock('getRemediations', statusOf({ holds: [holdOf({ kind: 'breaker', subject: 'ConfigDrift drift.config' })] }))
    );
    const { user } = open('operator');
    await user.hover(await screen.findByRole('button', { name: /^Close breaker/ }));
    expect(await screen.findByText(/You need the permission openclaw-fleet-app.fleet:approve/)).toBeVisible();
  });

  it('a viewer pauses nothing', async () => {
    const { user } = open('viewer');
    await user.click(await screen.findByRole('button', { name: 'Pause all repairs' }));
    expect(screen.queryByRole('dialog')).toBeNull();
  });
});

describe('what happened', () => {
  beforeAll(drawLists);
  const one = runOf({ id: 'run-3', state: 'failed', endedAt: inMinutes(0) });

  it('is what the address asks for', async () => {
    answers(lists({ ended: [one] }));
    open('viewer', '?state=failed&state=no_effect&playbook=ConfigDrift&trigger=automation&target=gateway-01');
    await screen.findByRole('table', { name: 'Repairs that have ended' });
    const query = history().at(-1)!.query;
    expect(query.getAll('state')).toEqual(['failed', 'no_effect']);
    expect(Object.fromEntries(query)).toMatchObject({
      playbook: 'ConfigDrift',
      trigger: 'automation',
      target: 'gateway-01',
    });
  });

  it('is filtered into the address, and the filters are cleared', async () => {
    answers(lists({ ended: [] }));
    const { user, address } = open('viewer', '?playbook=BridgeStuck');
    await screen.findByText('No repair matches these filters');
    await user.click(screen.getByRole('combobox', { name: 'Begun by' }));
    await user.click(await screen.findByRole('option', { name: 'Automation' }));
    await waitFor(() => expect(address()).toBe('remediations?playbook=BridgeStuck&trigger=automation'));
    await user.click(screen.getAllByRole('button', { name: 'Clear filters' })[0]!);
    await waitFor(() => expect(address()).toBe('remediations'));
    expect(await screen.findByText('No repair has ended yet')).toBeVisible();
  });

  it('comes in pages', async () => {
    answers(
      mock('listRuns', ({ query }) => {
        if (query.getAll('state').length < 5) return { items: [], total: 0, nextCursor: null };
        const second = query.get('cursor') === 'next';
        return { items: [{ ...one, id: second ? 'run-4' : 'run-3' }], total: 2, nextCursor: second ? null : 'next' };
      })
    );
    const { user } = open();
    expect(await screen.findByText('1 of 2 repairs')).toBeVisible();
    await user.click(screen.getByRole('button', { name: 'Load more' }));
    expect(await screen.findByText('2 of 2 repairs')).toBeVisible();
    expect(screen.queryByRole('button', { name: 'Load more' })).toBeNull();
  });

  it('shows why a guardrail refused', async () => {
    const message = 'gateway-01 was quarantined by system. Find the cause, then clear the quarantine.';
    answers(
      lists({
        ended: [
          runOf({
            state: 'blocked',
            reason: message,
            refusal: { reason: 'quarantined', message },
            startedAt: null,
            trigger: 'automation',
          }),
        ],
      })
    );
    open('viewer');
    const table = await screen.findByRole('table', { name: 'Repairs that have ended' });
    expect(table).toHaveTextContent(/Blocked.*Automation.*In quarantine\. gateway-01 was quarantined by system/);
  });

  it('says who asked, as the person is called', async () => {
    answers(lists({ ended: [{ ...one, requestedBy: `grafana:${ANN}` }] }));
    open('viewer');
    expect(await screen.findByText('Ann Operator')).toBeVisible();
  });
});
