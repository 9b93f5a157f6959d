import { APP, appPages, open } from './support/app-pages.ts';
import { tellStory } from './support/story.ts';
import { expect, test } from './support/test.ts';

/** Grafana's own page of a plugin asks grafana.com for it, which tests never reach. */
const NOT_OURS = /\/api\/gnet\/|plugins from catalog/;

test('every page opens, with no error of its own', async ({ as, facts }) => {
  test.setTimeout(400_000);
  const { runId, configurationId } = await tellStory(facts);
  const errors: string[] = [];
  for (const each of appPages(runId, configurationId)) {
    const { page } = await as(each.role);
    page.on('pageerror', (error) => errors.push(`${each.name}: ${error.message}`));
    page.on('console', (message) => {
      const text = `${each.name}: ${message.text().slice(0, 300)} ${message.location().url}`;
      if (message.type() === 'error' && !NOT_OURS.test(text)) errors.push(text);
    });
    await test.step(each.name, () => open(page, each, 'dark'));
    await expect(page.getByText('An unexpected error happened')).toBeHidden();
    await page.close();
  }
  expect(errors).toEqual([]);
});

test('the app is in the navigation, with a link to each page', async ({ as }) => {
  const { page } = await as('approver');
  await page.goto(`${APP}/fleet`);
  const nav = page.getByRole('navigation').first();
  const link = nav.getByRole('link', { name: 'Violations', exact: true });
  const section = nav.getByRole('button', { name: 'Expand section: OpenClaw Fleet' });
  await expect(link.or(section)).toBeVisible();
  if (await section.isVisible()) await section.click();
  for (const name of ['Violations', 'Drift', 'Remediations', 'Policies', 'Configurations', 'Audit'])
    await expect(nav.getByRole('link', { name, exact: true })).toBeVisible();
  await link.click();
  await expect(page.getByRole('heading', { level: 1, name: 'Violations' })).toBeVisible();
});

test('a page that is not there leads back', async ({ as }) => {
  const { page } = await as('viewer');
  await page.goto(`${APP}/nowhere`);
  await page.getByRole('link', { name: 'Go to the fleet' }).click();
  await expect(page).toHaveURL(/\/a\/openclaw-fleet-app\/fleet/);
});

test('the audit is not for viewers', async ({ as }) => {
  const { page } = await as('viewer');
  await page.goto(`${APP}/audit`);
  await expect(page.getByRole('main')).toBeVisible();
  await expect(page.getByRole('table')).toHaveCount(0);
});

test('what is filtered stays in the address', async ({ as }) => {
  const { page } = await as('viewer');
  await page.goto(`${APP}/fleet?q=gateway-07`);
  await expect(page.getByRole('option', { name: /^gateway-/ })).toHaveCount(1);
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await expect(page).not.toHaveURL(/q=/);
  await expect(page.getByRole('option', { name: /^gateway-/ })).not.toHaveCount(1);
  await page.goto(`${APP}/fleet?q=nothing-like-it`);
  await expect(page.getByRole('option', { name: /^gateway-/ })).toHaveCount(0);
});

test('settings are provisioned from files, and the test of the connection says that it works', async ({
  as,
  facts,
}) => {
  const { page } = await as('approver');
  await page.goto('/plugins/openclaw-fleet-app?page=setup');
  await expect(page.getByRole('textbox', { name: /URL/ })).toHaveValue(facts.collectorUrl);
  await page.getByRole('button', { name: /Test/ }).click();
  await expect(page.getByText(/works|connected|in order/i).first()).toBeVisible();
});
