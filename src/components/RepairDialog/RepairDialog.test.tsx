import { describe, expect, it, jest } from '@jest/globals';
import { locationService } from '@grafana/runtime';
import { problem } from '@openclaw-fleet/contract';
import { screen, waitFor, within } from '@testing-library/react';
import { HttpResponse } from 'msw';
import { href } from '../../constants.ts';
import {
  batchOf,
  dryRunOf,
  planOf,
  plannedTargetOf,
  repairs,
  runOf,
  waitingPlan,
} from '../../testing/fixtures/repairs.ts';
import { show } from '../../testing/render.tsx';
import type { Shown } from '../../testing/render.tsx';
import { answers, asked, grafanaSays, mock, refuses } from '../../testing/server.ts';
import { RepairDialog } from '../RepairDialog.tsx';
import type { RepairDialogProps } from '../RepairDialog.tsx';

const ONE = [{ id: 'gateway-01', name: 'gateway-01.example' }];
const THREE = [1, 2, 3].map((each) => ({ id: `gateway-0${String(each)}`, name: `gateway-0${String(each)}.example` }));

interface Opened extends Shown {
  readonly dismissed: jest.Mock<() => void>;
  /** Requests of this test for a repair that were no dry runs. */
  readonly requests: () => typeof asked;
}

function open(props: Partial<RepairDialogProps> = {}, as: 'viewer' | 'operator' = 'operator'): Opened {
  const before = asked.length;
  const dismissed = jest.fn<() => void>();
  const shown = show(<RepairDialog targets={ONE} onDismiss={dismissed} {...props} />, { as });
  const isRequest = ({ body }: (typeof asked)[number]) =>
    (body as { dryRun?: boolean } | undefined)?.dryRun === undefined;
  return {
    ...shown,
    dismissed,
    requests: () =>
      asked
        .slice(before)
        .filter(({ route }) => route === 'reconcileTarget' || route === 'createBatch')
        .filter(isRequest),
  };
}

const pathname = () => (locationService.getLocation() as { readonly pathname: string }).pathname;
const reason = () => screen.findByRole('textbox', { name: /Reason/ });
const start = () => screen.findByRole('button', { name: 'Start the repair' });

describe('the plan of a repair', () => {
  it('says what happens to which node before anything begins', async () => {
    const { requests } = open();
    const what = await screen.findByRole('list', { name: 'What happens to each node, in order' });
    const items = within(what)
      .getAllByRole('listitem')
      .map(({ textContent }) => textContent);
    expect(items).toHaveLength(5);
    expect(items[0]).toMatch(/^Ask the bridge, three times/);
    expect(items[1]).toMatch(/reconcile Apply the desired configuration, without a restart/);
    expect(items[2]).toMatch(/reload/);
    expect(items[4]).toMatch(/Watch that the fault clears/);
    const row = within(screen.getByRole('table', { name: 'Nodes of this plan' })).getAllByRole('row')[1]!;
    expect(row).toHaveTextContent(/gateway-01\.example.*eu-west.*Configuration drift.*Minor.*Nothing holds it back/);
    expect(await screen.findByText(/1 of 4 nodes \(25 %\)/)).toBeVisible();
    expect(screen.getByText('Restore the configuration')).toBeVisible();
    expect(screen.getByText(/the request itself is enough/)).toBeVisible();
    expect(requests()).toHaveLength(0);
  });

  it('marks what is isolated, and asks for approval where one is needed', async () => {
    const targets = [plannedTargetOf('gateway-01', { severity: 'critical', isolated: true })];
    answers(
      mock(
        'reconcileTarget',
        repairs(dryRunOf({ plan: waitingPlan({ targets }) }), () => runOf())
      )
    );
    open();
    expect(await screen.findByText('Isolated')).toBeVisible();
    expect(screen.getByText('Critical')).toBeVisible();
    expect(screen.getByText(/It is for a critical fault: one person other than the requester/)).toBeVisible();
    expect(screen.getByRole('button', { name: 'Ask for approval' })).toBeVisible();
    expect(screen.queryByRole('button', { name: 'Start the repair' })).toBeNull();
  });

  it('is not there to start when everything is held back, and says why', async () => {
    const message =
      'gateway-01 was quarantined by ann: three attempts failed. Find the cause, then clear the quarantine.';
    const refusals = [{ targetId: 'gateway-01', reason: 'quarantined' as const, message }];
    answers(
      mock(
        'reconcileTarget',
        repairs(dryRunOf({ refusals }), () => runOf())
      )
    );
    const { user } = open();
    expect(await screen.findByText('In quarantine')).toBeVisible();
    expect(screen.getByText(message)).toBeVisible();
    await user.type(await reason(), 'try it all the same');
    expect(await start()).toBeDisabled();
  });

  it('can be started when something only makes it wait', async () => {
    const refusals = [{ targetId: 'gateway-01', reason: 'in-flight-cap' as const, message: 'Two are in flight.' }];
    answers(
      mock(
        'reconcileTarget',
        repairs(dryRunOf({ refusals }), () => runOf())
      )
    );
    const { user } = open();
    expect(await screen.findByText('Waits: Too many at once')).toBeVisible();
    await user.type(await reason(), 'the gateway hangs');
    expect(await start()).toBeEnabled();
  });

  it('is asked for anew with another playbook', async () => {
    const { user } = open();
    await user.click(await screen.findByRole('button', { name: 'Choose another playbook' }));
    await user.click(screen.getByRole('radio', { name: /Restart a stuck gateway/ }));
    await waitFor(() => expect(asked.at(-1)?.body).toMatchObject({ playbook: 'BridgeStuck', dryRun: true }));
  });

  it('can be looked at again', async () => {
    const { user } = open();
    await user.click(await screen.findByRole('button', { name: 'Look again' }));
    await screen.findByRole('table', { name: 'Nodes of this plan' });
    const looks = asked.filter(({ body }) => (body as { dryRun?: boolean } | undefined)?.dryRun === true);
    expect(looks.length).toBeGreaterThanOrEqual(2);
  });

  it('tells when the collector cannot be reached, and tries again', async () => {
    answers(grafanaSays('reconcileTarget', 502));
    const { user } = open();
    expect(await screen.findByText('The collector cannot be reached')).toBeVisible();
    expect(await start()).toBeDisabled();
    answers(
      mock(
        'reconcileTarget',
        repairs(dryRunOf(), () => runOf())
      )
    );
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    expect(await screen.findByRole('table', { name: 'Nodes of this plan' })).toBeVisible();
  });
});

describe('asking for a repair', () => {
  it('needs a reason, sends it once, and shows the run', async () => {
    answers(
      mock(
        'reconcileTarget',
        repairs(dryRunOf(), () => runOf({ id: 'run-77' }))
      )
    );
    const { user, dismissed, requests } = open();
    await screen.findByRole('table', { name: 'Nodes of this plan' });
    expect(await start()).toBeDisabled();
    await user.type(await reason(), 'the gateway hangs');
    await user.dblClick(await start());
    await waitFor(() => expect(dismissed).toHaveBeenCalled());
    expect(requests()).toHaveLength(1);
    expect(requests()[0]?.body).toEqual({
      playbook: 'ConfigDrift',
      reason: 'the gateway hangs',
      digest: planOf().digest,
      approvalsNeeded: 0,
    });
    expect(requests()[0]?.headers.get('idempotency-key')).toMatch(/^ui-[0-9a-f]{32}$/);
    expect(pathname()).toBe(href.run('run-77'));
  });

  it('works by keyboard alone', async () => {
    const { user, dismissed, requests } = open();
    await screen.findByRole('table', { name: 'Nodes of this plan' });
    expect(await reason()).toHaveFocus();
    await user.keyboard('the gateway hangs');
    await user.tab();
    await user.tab();
    expect(await start()).toHaveFocus();
    await user.keyboard('{Enter}');
    await waitFor(() => expect(dismissed).toHaveBeenCalled());
    expect(requests()).toHaveLength(1);
  });

  it('keeps a guardrail’s refusal in the dialog, with the run that was held back', async () => {
    const { user, dismissed } = open();
    await screen.findByRole('table', { name: 'Nodes of this plan' });
    answers(
      refuses('reconcileTarget', 'repair-refused', 'All repairs are paused by Bob: resume them.', {
        refusal: { reason: 'paused' },
        runId: 'run-9',
      })
    );
    await user.type(await reason(), 'the gateway hangs');
    await user.click(await start());
    expect(await screen.findByText(/All repairs are paused by Bob/)).toBeVisible();
    expect(screen.getByRole('link', { name: /Look at the run that was held back/ })).toHaveAttribute(
      'href',
      href.run('run-9')
    );
    expect(dismissed).not.toHaveBeenCalled();
  });

  it('makes the plan anew when it is another by now, and begins nothing before that is confirmed too', async () => {
    const [old, fresh] = ['a'.repeat(64), 'b'.repeat(64)];
    answers(
      mock(
        'reconcileTarget',
        repairs(dryRunOf({ plan: waitingPlan({ digest: old }) }), () => runOf())
      )
    );
    const { user, dismissed, requests } = open();
    await user.type(await reason(), 'the gateway hangs');
    const ask = await screen.findByRole('button', { name: 'Ask for approval' });
    const words = 'What would be done is no longer what you saw: look at the plan again.';
    const anew = dryRunOf({ plan: planOf({ digest: fresh }) });
    answers(
      mock('reconcileTarget', (request) => {
        const { digest, dryRun } = request.body as { readonly digest?: string; readonly dryRun?: boolean };
        if (dryRun === true) return HttpResponse.json(anew);
        return digest === fresh
          ? runOf({ id: 'run-78' })
          : HttpResponse.json(problem('conflict', words), { status: 409 });
      })
    );
    await user.click(ask);
    expect(await screen.findByText(new RegExp(words))).toBeVisible();
    expect(screen.getByText(/The plan above was made anew. Read it, and confirm again/)).toBeVisible();
    const confirm = await start();
    expect(screen.getByText(/the request itself is enough/)).toBeVisible();
    expect([dismissed.mock.calls.length, requests().length]).toEqual([0, 1]);
    await waitFor(() => expect(confirm).toBeEnabled());
    await user.click(confirm);
    await waitFor(() => expect(dismissed).toHaveBeenCalled());
    expect(requests().map(({ body }) => (body as { digest: string }).digest)).toEqual([old, fresh]);
    const [first, second] = requests().map(({ headers }) => headers.get('idempotency-key'));
    expect(second).not.toBe(first);
    expect(pathname()).toBe(href.run('run-78'));
  });

  it('has the same key when nobody answered, and another one once somebody did', async () => {
    const { user, requests } = open();
    await screen.findByRole('table', { name: 'Nodes of this plan' });
    await user.type(await reason(), 'the gateway hangs');
    answers(grafanaSays('reconcileTarget', 502));
    await user.click(await start());
    await screen.findByText(/Grafana cannot reach the collector/);
    answers(refuses('reconcileTarget', 'repair-refused', 'Another repair is under way.'));
    await user.click(await start());
    await screen.findByText(/Another repair is under way/);
    await user.click(await start());
    await waitFor(() => expect(requests()).toHaveLength(3));
    const [first, second, third] = requests().map(({ headers }) => headers.get('idempotency-key'));
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });

  it('is not for viewers', async () => {
    const { user } = open({}, 'viewer');
    await user.type(await reason(), 'the gateway hangs');
    expect(await start()).toBeDisabled();
    expect(screen.getByText(/You need the permission openclaw-fleet-app.fleet:operate/)).toBeVisible();
  });
});

describe('a repair of several nodes', () => {
  it('plans nothing before a playbook is chosen', async () => {
    const { user, requests, dismissed } = open({ targets: THREE });
    expect(await screen.findByText('Repair 3 nodes')).toBeVisible();
    expect(screen.getByText('Choose a playbook to see what would happen.')).toBeVisible();
    expect(screen.queryByRole('table')).toBeNull();
    await user.click(screen.getByRole('radio', { name: /Restore the configuration/ }));
    const table = await screen.findByRole('table', { name: 'Nodes of this plan' });
    expect(within(table).getAllByRole('row')).toHaveLength(4);
    await user.type(await reason(), 'roll it out');
    await user.click(screen.getByRole('button', { name: 'Ask for approval' }));
    await waitFor(() => expect(dismissed).toHaveBeenCalled());
    expect(requests()[0]?.body).toEqual({
      playbook: 'ConfigDrift',
      reason: 'roll it out',
      digest: waitingPlan().digest,
      approvalsNeeded: 1,
      targetIds: ['gateway-01', 'gateway-02', 'gateway-03'],
    });
    expect(pathname()).toBe(href.batch('plan-2'));
  });

  it('says for how many it goes on when some are held back', async () => {
    const targets = THREE.map(({ id }) => plannedTargetOf(id));
    const refusals = [{ targetId: 'gateway-02', reason: 'no-bridge' as const, message: 'Install a bridge.' }];
    answers(
      mock(
        'createBatch',
        repairs(dryRunOf({ plan: planOf({ targets }), refusals }), () => batchOf())
      )
    );
    open({ targets: THREE, playbook: 'ConfigDrift' });
    expect(await screen.findByText(/The plan is for the other 2/)).toBeVisible();
    expect(screen.getByText('No bridge')).toBeVisible();
    expect(screen.getByText(/It goes in waves/)).toBeVisible();
  });
});
