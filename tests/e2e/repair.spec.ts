import type { Problem } from '@openclaw-fleet/contract';
import type { Page } from '@playwright/test';
import { grafanaApi } from '../../backend/simulator/demo/grafana.ts';
import { APP } from './support/app-pages.ts';
import { FleetView } from './support/fleet.ts';
import { approve, askFor } from './support/people.ts';
import { throughProxy } from './support/proxy.ts';
import { accountOf, expect, test } from './support/test.ts';

/** How soon whoever looks must see what broke. Demo timings: a beat is 3 s, and the page may be a second behind. */
const SEEN_MS = 10_000;
const REPAIRED_MS = 90_000;

const cell = (page: Page, id: string) => page.getByRole('option', { name: new RegExp(`^${id}\\b`) });

test.setTimeout(240_000);

test('a node that breaks is seen within seconds', async ({ as, facts }) => {
  const fleet = new FleetView(facts);
  const { page } = await as('viewer');
  await page.goto(`${APP}/fleet`);
  await expect(cell(page, 'gateway-01')).toHaveAccessibleName(/healthy/);
  await fleet.break('gateway-01', { kind: 'gateway-hang' });
  const since = Date.now();
  await expect(cell(page, 'gateway-01')).not.toHaveAccessibleName(/healthy/, { timeout: SEEN_MS });
  test.info().annotations.push({ type: 'seen after', description: `${Date.now() - since} ms` });
});

test('otto asks, ada approves, and it is repaired; the audit names both', async ({ as, facts }) => {
  const id = 'gateway-02';
  const fleet = new FleetView(facts);
  const [otto, ada] = [await as('operator'), await as('approver')];
  await fleet.hang(id);
  const runId = await askFor(otto.page, id, 'it answers nothing');

  const own = otto.page.getByRole('button', { name: 'Approve', exact: true });
  await expect(own).toHaveAttribute('aria-disabled', 'true');
  await own.hover();
  await expect(otto.page.getByRole('tooltip')).toContainText('openclaw-fleet-app.fleet:approve');
  const decide = { reason: 'I say so myself', digest: (await fleet.run(runId)).plan.digest };
  const way = `fleet/approver/remediations/runs/${runId}/approve`;
  expect(await throughProxy(facts.grafanaUrl, otto.account, 'POST', way, decide)).toMatchObject({ status: 403 });

  await approve(ada, runId, 'seen in its log');
  await expect(ada.page.getByText('Succeeded').first()).toBeVisible({ timeout: REPAIRED_MS });
  await expect(otto.page.getByText('Succeeded').first()).toBeVisible();
  await fleet.well(id);

  const entries = await fleet.auditedOf(runId);
  expect(entries).toContainEqual({
    actor: `grafana:${otto.account.identifier}`,
    action: 'remediation.pending_approval',
  });
  expect(entries).toContainEqual({ actor: `grafana:${ada.account.identifier}`, action: 'remediation.approved' });
});

test('ada does not approve what she asked for; another approver does', async ({ as, facts }) => {
  const id = 'gateway-03';
  const fleet = new FleetView(facts);
  const ada = await as('approver');
  await fleet.hang(id);
  const runId = await askFor(ada.page, id, 'it answers nothing');

  const own = ada.page.getByRole('button', { name: 'Approve', exact: true });
  await expect(own).toHaveAttribute('aria-disabled', 'true');
  await own.hover();
  await expect(ada.page.getByRole('tooltip')).toContainText('You asked for it yourself');
  const decide = { reason: 'it is right, I asked', digest: (await fleet.run(runId)).plan.digest };
  const way = `fleet/approver/remediations/runs/${runId}/approve`;
  const refused = await throughProxy<Problem>(facts.grafanaUrl, ada.account, 'POST', way, decide);
  expect(refused.status).toBeGreaterThanOrEqual(400);
  expect(refused.body.type).toBe('urn:openclaw-fleet:problem:approval-refused');
  expect((await fleet.run(runId)).state).toBe('pending_approval');

  const second = await throughProxy(facts.grafanaUrl, facts.admin, 'POST', way, { ...decide, reason: 'seen as well' });
  expect(second.status).toBe(200);
  await expect(ada.page.getByText('Succeeded').first()).toBeVisible({ timeout: REPAIRED_MS });
  const entries = await fleet.auditedOf(runId);
  expect(entries).toContainEqual({
    actor: `grafana:${ada.account.identifier}`,
    action: 'remediation.pending_approval',
  });
  const approvers = entries.filter(({ action }) => action === 'remediation.approved').map(({ actor }) => actor);
  const { uid } = await grafanaApi(facts.grafanaUrl, facts.admin)<{ uid: string }>(
    'GET',
    `/api/users/lookup?loginOrEmail=${facts.admin.login}`
  );
  expect(approvers).toEqual([`grafana:${uid}`]);
});

test('a viewer sees a repair and can do nothing about it', async ({ as, facts }) => {
  const id = 'gateway-04';
  const fleet = new FleetView(facts);
  await fleet.hang(id);
  const otto = accountOf(facts, 'operator');
  const made = await throughProxy<{ id: string }>(
    facts.grafanaUrl,
    otto,
    'POST',
    `fleet/operator/targets/${id}/reconcile`,
    { reason: 'it answers nothing' }
  );
  const { page } = await as('viewer');
  await page.goto(`${APP}/remediations/runs/${made.body.id}`);
  await expect(page.getByText('Waits for approval').first()).toBeVisible();
  for (const name of ['Approve', 'Deny', 'Cancel the repair']) {
    const button = page.getByRole('button', { name, exact: true });
    await expect(button).toHaveAttribute('aria-disabled', 'true');
  }
  await throughProxy(facts.grafanaUrl, otto, 'POST', `fleet/operator/remediations/runs/${made.body.id}/cancel`, {
    reason: 'the test is over',
  });
});

test('a real gateway that hangs is repaired as well', async ({ as, facts }) => {
  const id = 'real-01';
  const fleet = new FleetView(facts);
  const all = await fleet.get<{ items: { id: string }[] }>('/fleet/targets?limit=500');
  test.skip(!all.items.some((each) => each.id === id), 'OpenClaw is not installed here, and could not be');
  test.setTimeout(600_000);
  await expect
    .poll(async () => (await fleet.target(id)).reported?.gatewayState, { message: 'it runs', timeout: 240_000 })
    .toBe('running');
  const [otto, ada] = [await as('operator'), await as('approver')];
  await fleet.hang(id);
  const runId = await askFor(otto.page, id, 'it answers nothing');
  await approve(ada, runId, 'seen in its log');
  await expect(ada.page.getByText('Succeeded').first()).toBeVisible({ timeout: 300_000 });
  await fleet.well(id);
  const entries = await fleet.auditedOf(runId);
  expect(entries).toContainEqual({ actor: `grafana:${ada.account.identifier}`, action: 'remediation.approved' });
});
