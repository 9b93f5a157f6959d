import { describe, expect, it } from '@jest/globals';
import { screen, waitFor, within } from '@testing-library/react';
import { href } from '../../constants.ts';
import {
  ANN,
  approvalOf,
  batchOf,
  BOB,
  CAT,
  inMinutes,
  meOf,
  runOf,
  waitingPlan,
  waitingRun,
} from '../../testing/fixtures/repairs.ts';
import { show } from '../../testing/render.tsx';
import { answers, asked, grafanaSays, mock, refuses } from '../../testing/server.ts';
import { Approvals } from './Approvals.tsx';

/** One run of Ann's and one batch of Bob's wait. */
function twoWait(): void {
  const batch = batchOf({
    state: 'pending_approval',
    plan: waitingPlan({
      id: 'plan-2',
      requestedBy: `grafana:${BOB}`,
      requestedByName: 'Bob Approver',
      requestedAs: BOB,
      targets: batchOf().plan.targets,
      approvalReason: 'It is for 3 targets: one person other than the requester must approve.',
    }),
    runs: batchOf().runs.map((run) => ({ ...run, state: 'pending_approval' as const, startedAt: null, endedAt: null })),
  });
  const items = [
    runOf({ id: 'run-b', planId: 'plan-2', batchId: 'plan-2', state: 'pending_approval' }),
    runOf({ id: 'run-a', planId: 'plan-2', batchId: 'plan-2', state: 'pending_approval' }),
    runOf({ id: 'run-1', state: 'pending_approval', createdAt: inMinutes(-5) }),
  ];
  answers(
    mock('listRuns', { items, total: 3, nextCursor: null }),
    mock('getRun', waitingRun()),
    mock('getBatch', batch)
  );
}
const as = (person: string) => mock('getMe', meOf(person));
const mine = () => screen.findByRole('list', { name: /^Waits for you/ });
const others = () => screen.findByRole('list', { name: /^Waits for others/ });
const written = (route: string) => asked.filter((each) => each.route === route);

describe('what waits for an approval', () => {
  it('is listed by whether the reader can approve it, a batch once', async () => {
    twoWait();
    answers(as(BOB));
    show(<Approvals />, { as: 'approver' });
    const [run] = within(await mine()).getAllByRole('listitem');
    const [batch] = within(await others()).getAllByRole('listitem');
    expect(run).toHaveTextContent(/Restore the configuration: gateway-01\.example/);
    expect(run).toHaveTextContent(/Ann Operator.*roll the new revision out/);
    expect(run).toHaveTextContent(/0 of 1 approvals/);
    expect(run).toHaveTextContent(/Expires in 2[78] min/);
    expect(within(run!).getByRole('link')).toHaveAttribute('href', href.run('run-1'));
    expect(batch).toHaveTextContent(/3 nodes/);
    expect(batch).toHaveTextContent(/You asked for it yourself, so another person must approve it/);
    expect(within(batch!).getByRole('link')).toHaveAttribute('href', href.batch('plan-2'));
    expect(within(batch!).getByRole('button', { name: 'Break the glass: 3 nodes' })).toBeVisible();
    expect(screen.getAllByRole('listitem')).toHaveLength(2);
  });

  it('is approved as it was seen, once', async () => {
    twoWait();
    answers(as(BOB), mock('approveRun', waitingPlan({ approvals: [approvalOf(BOB)] })));
    const { user } = show(<Approvals />, { as: 'approver' });
    await user.click(within(await mine()).getByRole('button', { name: 'Approve: gateway-01.example' }));
    const dialog = await screen.findByRole('dialog', { name: 'Approve this repair?' });
    expect(within(dialog).getByRole('list', { name: /What happens to each node/ })).toBeVisible();
    expect(within(dialog).getByRole('table')).toHaveTextContent(/gateway-01\.example/);
    const before = written('approveRun').length;
    await user.type(within(dialog).getByRole('textbox', { name: /Reason/ }), 'looked at its log');
    await user.dblClick(within(dialog).getByRole('button', { name: 'Approve' }));
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    expect(
      written('approveRun')
        .slice(before)
        .map(({ body }) => body)
    ).toEqual([{ reason: 'looked at its log', digest: waitingPlan().digest, breakGlass: false }]);
  });

  it('shows how it is by now when it was decided meanwhile', async () => {
    twoWait();
    answers(as(BOB));
    const { user } = show(<Approvals />, { as: 'approver' });
    await user.click(within(await mine()).getByRole('button', { name: /^Approve/ }));
    const voided = 'What was planned has changed since it was asked for: ask for the repair again.';
    answers(
      refuses('approveRun', 'approval-refused', voided),
      mock('getRun', waitingRun({ state: 'voided', reason: 'The target changed.', endedAt: inMinutes(0) })),
      mock('listRuns', { items: [], total: 0, nextCursor: null })
    );
    const dialog = await screen.findByRole('dialog');
    await user.type(within(dialog).getByRole('textbox', { name: /Reason/ }), 'looked at its log');
    await user.click(within(dialog).getByRole('button', { name: 'Approve' }));
    expect(await within(dialog).findByText(new RegExp(voided))).toBeVisible();
    expect(await within(dialog).findByText('Voided')).toBeVisible();
    expect(await screen.findByText('Nothing waits for an approval.')).toBeVisible();
    expect(dialog).toBeVisible();
  });

  it('breaks the glass only with an acknowledgement and a reason that is one', async () => {
    twoWait();
    answers(as(BOB), mock('approveBatch', waitingPlan({ breakGlass: true })));
    const { user } = show(<Approvals />, { as: 'approver' });
    await user.click(within(await others()).getByRole('button', { name: /^Break the glass/ }));
    const dialog = await screen.findByRole('dialog');
    expect(within(dialog).getByText(/The owner is paged, and the audit and every view mark it/)).toBeVisible();
    const confirm = within(dialog).getByRole('button', { name: 'Break the glass' });
    const reason = within(dialog).getByRole('textbox', { name: /Reason/ });
    await user.type(reason, 'nobody is awake');
    await user.click(within(dialog).getByRole('checkbox'));
    expect(confirm).toBeDisabled();
    await user.type(reason, ', and the queue overflows');
    expect(confirm).toBeEnabled();
    await user.click(within(dialog).getByRole('checkbox'));
    expect(confirm).toBeDisabled();
    await user.click(within(dialog).getByRole('checkbox'));
    await user.click(confirm);
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    expect(written('approveBatch').at(-1)?.body).toMatchObject({ breakGlass: true });
    expect(written('approveBatch').at(-1)?.params).toEqual({ batchId: 'plan-2' });
  });

  it('is denied', async () => {
    twoWait();
    answers(as(CAT), mock('denyRun', waitingPlan()));
    const { user } = show(<Approvals />, { as: 'approver' });
    await user.click(within(await mine()).getByRole('button', { name: 'Deny: gateway-01.example' }));
    await user.keyboard('not during the sale');
    await user.click(screen.getByRole('button', { name: 'Deny' }));
    await waitFor(() => expect(written('denyRun').at(-1)?.body).toEqual({ reason: 'not during the sale' }));
  });

  it.each([
    ['viewer', 'openclaw-fleet-app.fleet:approve'],
    ['operator', 'openclaw-fleet-app.fleet:approve'],
  ] as const)('tells a %s which permission is missing', async (role, permission) => {
    twoWait();
    answers(as(ANN));
    const { user } = show(<Approvals />, { as: role });
    const [run] = within(await others()).getAllByRole('listitem');
    expect(run).toHaveTextContent(permission);
    await user.click(within(run!).getByRole('button', { name: /^Approve/ }));
    expect(screen.queryByRole('dialog')).toBeNull();
    expect(screen.queryByRole('list', { name: /^Waits for you/ })).toBeNull();
  });

  it('is nothing, because all is well', async () => {
    show(<Approvals />, { as: 'approver' });
    expect(await screen.findByText('Nothing waits for an approval.')).toBeVisible();
  });

  it('says when it cannot be read', async () => {
    answers(grafanaSays('listRuns', 502));
    show(<Approvals compact />, { as: 'approver' });
    expect(await screen.findByText('The collector cannot be reached')).toBeVisible();
  });

  it('leaves out the long words in a small panel, and keeps what decides', async () => {
    twoWait();
    answers(as(BOB));
    show(<Approvals compact />, { as: 'approver' });
    const [run] = within(await mine()).getAllByRole('listitem');
    expect(run).not.toHaveTextContent(/must approve/);
    expect(run).toHaveTextContent(/Ann Operator.*roll the new revision out/);
    expect(
      within(run!)
        .getAllByRole('button')
        .map(({ textContent }) => textContent)
    ).toEqual(['Approve', 'Deny']);
  });
});
