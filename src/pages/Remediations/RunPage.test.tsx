import { describe, expect, it } from '@jest/globals';
import type { RunDetail } from '@openclaw-fleet/contract';
import { screen, waitFor, within } from '@testing-library/react';
import { href } from '../../constants.ts';
import {
  ANN,
  approvalOf,
  BOB,
  CAT,
  inMinutes,
  meOf,
  planOf,
  runDetailOf,
  stepOf,
  waitingPlan,
  waitingRun,
} from '../../testing/fixtures/repairs.ts';
import { show } from '../../testing/render.tsx';
import type { Shown } from '../../testing/render.tsx';
import { answers, asked, grafanaSays, mock, refuses } from '../../testing/server.ts';
import RunPage from './RunPage.tsx';

function open(run: RunDetail, person = BOB, as: 'viewer' | 'operator' | 'approver' = 'approver'): Shown {
  answers(mock('getRun', run), mock('getMe', meOf(person)));
  return show(<RunPage />, { as, path: 'remediations/runs/:runId', at: `remediations/runs/${run.id}` });
}
const button = (name: string) => screen.findByRole('button', { name });
const sent = (route: string) => asked.filter((each) => each.route === route).map(({ body }) => body);

describe('a run', () => {
  it('says what it is, where it is, and what was planned', async () => {
    open(runDetailOf());
    expect(
      await screen.findByRole('heading', { level: 1, name: 'Restore the configuration: gateway-01.example' })
    ).toBeVisible();
    expect(screen.getByText('Running')).toBeVisible();
    expect(screen.getByText('The bridge sees the fault.')).toBeVisible();
    const plan = screen.getByRole('region', { name: 'Plan' });
    expect(plan).toHaveTextContent(/Asked for by Ann Operator \(grafana:bg517nevytuyod\).*roll the new revision out/);
    expect(within(plan).getByRole('list', { name: /What happens to each node/ })).toBeVisible();
    expect(within(plan).getByRole('table')).toHaveTextContent(
      /gateway-01\.example.*eu-west.*Configuration drift.*Minor/
    );
    expect(plan).toHaveTextContent(/1 of 4 nodes \(25 %\)/);
    expect(within(plan).getByText('a1b2c3d4a1b2')).toBeVisible();
    expect(within(plan).getByRole('button', { name: 'Copy the digest' })).toBeVisible();
  });

  it('shows each step as it happens, with evidence that can be read', async () => {
    const { user } = open(runDetailOf());
    const steps = await screen.findByRole('list', { name: 'Steps' });
    const [witness, reconcile, clear] = within(steps)
      .getAllByRole('listitem')
      .filter(({ parentElement }) => parentElement === steps);
    expect(witness).toHaveTextContent(/Done.*The gateway runs another revision/);
    expect(reconcile).toHaveAttribute('aria-current', 'step');
    expect(reconcile).toHaveTextContent(/Apply the desired revision reconcile Under way, began 3\d s ago/);
    expect(clear).toHaveTextContent(/Not yet/);
    await user.click(within(witness!).getByText('Evidence of “Compare the desired and the reported hash”'));
    expect(within(witness!).getByText('Gateway state')).toBeVisible();
    expect(within(witness!).getByText('sha256-old')).toBeVisible();
    await user.click(within(witness!).getByText('As JSON'));
    expect(within(witness!).getByText(/"config_hash": "sha256-old"/)).toBeVisible();
  });

  it('is looked at closely while it runs', async () => {
    open(runDetailOf());
    await screen.findByText('Running');
    answers(
      mock('getRun', runDetailOf({ state: 'succeeded', reason: 'It stayed clear for 5 min.', endedAt: inMinutes(0) }))
    );
    expect(await screen.findByText('Succeeded', { selector: 'span' }, { timeout: 4000 })).toBeVisible();
  });

  it('tells what became of it, in order, and who did it', async () => {
    open(
      runDetailOf({
        state: 'failed',
        reason: 'The bridge refused: it restarted too often lately.',
        createdAt: inMinutes(-9),
        startedAt: inMinutes(-7),
        endedAt: inMinutes(-1),
        plan: waitingPlan({ approvals: [approvalOf(BOB, { at: inMinutes(-8), reason: 'this is right' })] }),
      })
    );
    const list = await screen.findByRole('list', { name: 'What became of it' });
    const [askedFor, approved, began, failed] = within(list).getAllByRole('listitem');
    expect(askedFor).toHaveTextContent(/Asked for by Ann Operator.*9 min ago.*roll the new revision out/);
    expect(approved).toHaveTextContent(/Approved by you.*8 min ago.*this is right/);
    expect(began).toHaveTextContent(/Began.*Attempt 1 of this fault/);
    expect(failed).toHaveTextContent(/Failed.*restarted too often lately/);
  });

  it('names what holds it back', async () => {
    const message = 'Two are in flight already. It begins once one of them ends.';
    open(
      runDetailOf({
        state: 'approved',
        startedAt: null,
        reason: message,
        refusal: { reason: 'in-flight-cap', message },
      })
    );
    expect(await screen.findByText('It waits: Too many at once')).toBeVisible();
    expect(screen.getByText(message)).toBeVisible();
    expect(screen.getByText(/It must begin, or it expires/)).toHaveTextContent(/in [78] min/);
  });

  it('of a refused one says why, and that it never began', async () => {
    const message = 'All repairs are paused by Bob: resume them.';
    open(
      runDetailOf({
        state: 'blocked',
        reason: message,
        refusal: { reason: 'paused', message },
        steps: [],
        startedAt: null,
      })
    );
    expect(await screen.findByText('It was held back: All repairs are paused')).toBeVisible();
    expect(screen.getByText('None: it never began.')).toBeVisible();
  });

  it('marks loudly that one person decided alone', async () => {
    const broken = approvalOf(CAT, { decision: 'break-glass', reason: 'nobody else is awake' });
    open(
      runDetailOf({ breakGlass: true, plan: planOf({ breakGlass: true, approvalsNeeded: 1, approvals: [broken] }) })
    );
    const alert = await screen.findByRole('alert');
    expect(alert).toHaveTextContent(/Break-glass: one person decided this alone.*Cat Approver.*nobody else is awake/);
  });

  it('leads to its batch', async () => {
    open(runDetailOf({ batchId: 'plan-2', wave: 1 }));
    expect(await screen.findByRole('link', { name: 'Part of a batch, wave 2' })).toHaveAttribute(
      'href',
      href.batch('plan-2')
    );
  });

  it('that is not there says so, and where to look', async () => {
    answers(refuses('getRun', 'not-found', 'No repair has this id.'));
    show(<RunPage />, { path: 'remediations/runs/:runId', at: 'remediations/runs/nope' });
    expect(await screen.findByText('This does not exist')).toBeVisible();
  });

  it('keeps what it showed when the collector goes away', async () => {
    open(runDetailOf());
    await screen.findByText('Running');
    answers(grafanaSays('getRun', 502));
    expect(await screen.findByText('The collector cannot be reached', {}, { timeout: 4000 })).toBeVisible();
    expect(screen.getByText(/What is shown was read/)).toBeVisible();
    expect(screen.getByText('Running')).toBeVisible();
  });
});

describe('what can be done about a run', () => {
  it('is approved by another person, as it was seen', async () => {
    answers(mock('approveRun', planOf()));
    const { user } = open(waitingRun());
    expect(await screen.findByText(/It must be approved, or it expires/)).toHaveTextContent(/in 2[78] min/);
    expect(screen.getByText(/1 more must approve it/)).toBeVisible();
    await user.click(await button('Approve'));
    await user.keyboard('looked at its log');
    answers(mock('getRun', runDetailOf({ state: 'running' })));
    await user.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Approve' }));
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    expect(sent('approveRun')).toEqual([
      { reason: 'looked at its log', digest: waitingPlan().digest, breakGlass: false },
    ]);
    expect(await screen.findByText('Running')).toBeVisible();
  });

  it('is not approved by who asked for it, and says why', async () => {
    const { user } = open(waitingRun(), ANN);
    await user.hover(await button('Approve'));
    expect(await screen.findByText('You asked for it yourself, so another person must approve it.')).toBeVisible();
    await user.click(await button('Approve'));
    expect(screen.queryByRole('dialog')).toBeNull();
    expect(await button('Break the glass')).toBeEnabled();
  });

  it('shows the new state where it changed before it was approved', async () => {
    const { user } = open(waitingRun());
    await user.click(await button('Approve'));
    await user.keyboard('looked at its log');
    answers(
      refuses('approveRun', 'approval-refused', 'What was planned has changed since it was asked for.'),
      mock('getRun', waitingRun({ state: 'voided', reason: 'The configuration changed.', endedAt: inMinutes(0) }))
    );
    const dialog = screen.getByRole('dialog');
    await user.click(within(dialog).getByRole('button', { name: 'Approve' }));
    expect(await within(dialog).findByText(/What was planned has changed/)).toBeVisible();
    expect(await within(dialog).findByText('Voided')).toBeVisible();
  });

  it('is cancelled by an operator', async () => {
    answers(
      mock('cancelRun', ({ params }) => ({ ...runDetailOf({ id: params['runId'] ?? '' }), cancelRequested: true }))
    );
    const { user } = open(runDetailOf(), ANN, 'operator');
    await user.click(await button('Cancel the repair'));
    expect(await screen.findByText(/The step under way ends, no other follows/)).toBeVisible();
    await user.keyboard('it came back by itself');
    answers(mock('getRun', runDetailOf({ cancelRequested: true })));
    await user.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Cancel the repair' }));
    expect(await screen.findByText('Ends after the step under way')).toBeVisible();
    expect(sent('cancelRun')).toEqual([{ reason: 'it came back by itself' }]);
  });

  it('is asked for again once it has ended', async () => {
    const { user } = open(runDetailOf({ state: 'failed', endedAt: inMinutes(-1) }), ANN, 'operator');
    await user.click(await button('Ask again'));
    expect(await screen.findByText('Repair gateway-01.example')).toBeVisible();
    await waitFor(() =>
      expect(sent('reconcileTarget').at(-1)).toMatchObject({ playbook: 'ConfigDrift', dryRun: true })
    );
  });

  it('tells a viewer what lacks', async () => {
    const { user } = open(runDetailOf(), ANN, 'viewer');
    await user.hover(await button('Cancel the repair'));
    expect(await screen.findByText(/You need the permission openclaw-fleet-app.fleet:operate/)).toBeVisible();
  });

  it('of another address is of another run', async () => {
    answers(
      mock('getRun', ({ params }) =>
        waitingRun({ id: params['runId'] ?? '', steps: [stepOf(0, { title: 'Only step' })] })
      )
    );
    answers(mock('getMe', meOf(BOB)), mock('denyRun', planOf()));
    const { user } = show(<RunPage />, {
      as: 'approver',
      path: 'remediations/runs/:runId',
      at: 'remediations/runs/run-5',
    });
    await user.click(await button('Deny'));
    await user.keyboard('not now');
    await user.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Deny' }));
    await waitFor(() => expect(asked.find(({ route }) => route === 'denyRun')?.params).toEqual({ runId: 'run-5' }));
  });
});
