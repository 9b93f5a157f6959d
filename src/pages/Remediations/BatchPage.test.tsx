import { describe, expect, it } from '@jest/globals';
import type { Batch } from '@openclaw-fleet/contract';
import { screen, waitFor, within } from '@testing-library/react';
import { href } from '../../constants.ts';
import { batchOf, BOB, CAT, inMinutes, meOf, runOf, waitingPlan } from '../../testing/fixtures/repairs.ts';
import { show } from '../../testing/render.tsx';
import type { Shown } from '../../testing/render.tsx';
import { answers, asked, mock, refuses } from '../../testing/server.ts';
import BatchPage from './BatchPage.tsx';
import { wavesOf } from './waves.ts';

function open(batch: Batch, person = CAT, as: 'viewer' | 'operator' | 'approver' = 'approver'): Shown {
  answers(mock('getBatch', batch), mock('getMe', meOf(person)));
  return show(<BatchPage />, { as, path: 'remediations/batches/:batchId', at: 'remediations/batches/plan-2' });
}
const button = (name: string) => screen.findByRole('button', { name });

describe('a batch', () => {
  it('shows how far each wave is, and each run', async () => {
    open(batchOf());
    expect(await screen.findByRole('heading', { level: 1, name: 'Restore the configuration: 3 nodes' })).toBeVisible();
    expect(screen.getByText('1 of 3 nodes done, 0 failed.')).toBeVisible();
    const [first, second, third] = within(screen.getByRole('list', { name: 'Waves' })).getAllByRole('listitem');
    expect(first).toHaveTextContent('First nodes1 of 1, ended');
    expect(second).toHaveTextContent('Wave 20 of 1, under way');
    expect(third).toHaveTextContent('Wave 30 of 1, waits for the one before');
    const rows = within(screen.getByRole('table', { name: 'Runs' })).getAllByRole('row');
    expect(rows).toHaveLength(4);
    expect(rows[2]).toHaveTextContent(/Running.*gateway-02\.example/);
    expect(within(rows[2]!).getByRole('link', { name: 'Restore the configuration' })).toHaveAttribute(
      'href',
      href.run('run-b')
    );
    expect(screen.getByRole('list', { name: 'Decisions about this plan' })).toHaveTextContent(/Approved Bob Approver/);
  });

  it('says why it was halted, and can be cancelled', async () => {
    answers(mock('cancelBatch', batchOf({ state: 'cancelled', reason: 'Cat cancelled it.' })));
    const { user } = open(
      batchOf({
        state: 'halted',
        reason: 'A canary failed: gateway-01.',
        runs: [runOf({ id: 'run-a', batchId: 'plan-2', state: 'failed', endedAt: inMinutes(-1) })],
      })
    );
    const alert = await screen.findByRole('alert');
    expect(alert).toHaveTextContent(/Halted: no more nodes are touched.*A canary failed: gateway-01/);
    await user.click(await button('Cancel the repair'));
    expect(screen.getByText(/What has not begun ends at once, and nothing is tried again/)).toBeVisible();
    await user.keyboard('the revision is wrong');
    await user.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Cancel the repair' }));
    await waitFor(() =>
      expect(asked.find(({ route }) => route === 'cancelBatch')?.body).toEqual({ reason: 'the revision is wrong' })
    );
  });

  it('waits for persons, and one who asked cannot approve', async () => {
    const plan = waitingPlan({ id: 'plan-2', targets: batchOf().plan.targets, requestedAs: BOB, approvalsNeeded: 2 });
    const runs = batchOf().runs.map((run) => ({
      ...run,
      state: 'pending_approval' as const,
      startedAt: null,
      endedAt: null,
    }));
    const { user } = open(batchOf({ state: 'pending_approval', plan, runs }), BOB);
    expect(await screen.findByText(/2 more must approve it/)).toBeVisible();
    await user.hover(await button('Approve'));
    expect(await screen.findByText(/You asked for it yourself/)).toBeVisible();
  });

  it('is asked for again for what fell short alone', async () => {
    const runs = batchOf().runs.map((run, index) => ({
      ...run,
      state: index === 0 ? ('succeeded' as const) : ('failed' as const),
      endedAt: inMinutes(-1),
    }));
    const { user } = open(batchOf({ state: 'done', reason: 'All of its runs have ended.', runs }));
    await user.click(await button('Ask again'));
    await waitFor(() =>
      expect(asked.find(({ route }) => route === 'createBatch')?.body).toMatchObject({
        targetIds: ['gateway-02', 'gateway-03'],
        dryRun: true,
      })
    );
  });

  it('that is not there says so', async () => {
    answers(refuses('getBatch', 'not-found', 'No repair of several targets has this id.'));
    show(<BatchPage />, { path: 'remediations/batches/:batchId', at: 'remediations/batches/nope' });
    expect(await screen.findByText('This does not exist')).toBeVisible();
  });
});

describe('the waves of a batch', () => {
  const wave = (id: string, wave: number, state: Parameters<typeof runOf>[0]) =>
    runOf({ id, targetId: id, wave, startedAt: null, ...state });

  it('count a target once, by its last run, and none that was held back', () => {
    const runs = [
      wave('a', 0, { state: 'failed' }),
      wave('a', 0, { state: 'succeeded' }),
      wave('b', 0, { state: 'blocked' }),
      wave('c', 1, { state: 'running', startedAt: inMinutes(0) }),
      wave('d', 1, { state: 'no_effect' }),
    ];
    expect(wavesOf({ runs, progress: { ...batchOf().progress, wave: 1 } })).toEqual([
      { index: 0, total: 1, ended: 1, failed: 0, state: 'done' },
      { index: 1, total: 2, ended: 1, failed: 1, state: 'under-way' },
    ]);
  });
});
