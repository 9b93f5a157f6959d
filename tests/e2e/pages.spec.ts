import { expect, test, type Role } from './support/test.ts';

const APP = '/a/openclaw-fleet-app';

/** Every page that has an address of its own, and what heads it. */
const PAGES: readonly (readonly [path: string, heading: RegExp, role: Role])[] = [
  ['fleet', /^Fleet$/, 'viewer'],
  ['targets/gateway-01', /gateway-01/, 'viewer'],
  ['violations', /^Violations$/, 'viewer'],
  ['drift', /^Drift$/, 'viewer'],
  ['remediations', /^Remediations$/, 'viewer'],
  ['policies', /^Policies$/, 'viewer'],
  ['policies/gateways', /All gateways|gateways/, 'viewer'],
  ['configurations', /^Configurations$/, 'viewer'],
  ['audit', /^Audit$/, 'approver'],
];

for (const [path, heading, role] of PAGES) {
  test(`${path} opens for a ${role}, with no error of its own`, async ({ as }) => {
    const { page } = await as(role);
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(`${message.text()} ${message.location().url}`);
    });
    await page.goto(`${APP}/${path}`);
    await expect(page.getByRole('heading', { level: 1, name: heading })).toBeVisible();
    await expect(page.getByText('An unexpected error happened')).toBeHidden();
    expect(errors).toEqual([]);
  });
}

test('the app is in the navigation, with a link to each page', async ({ as }) => {
  const { page } = await as('approver');
  await page.goto(`${APP}/fleet`);
  const nav = page.getByRole('navigation').first();
  await nav.getByRole('button', { name: 'Expand section: OpenClaw Fleet' }).click();
  for (const name of ['Violations', 'Drift', 'Remediations', 'Policies', 'Configurations', 'Audit'])
    await expect(nav.getByRole('link', { name, exact: true })).toBeVisible();
  await nav.getByRole('link', { name: 'Violations', exact: true }).click();
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
  await expect(page.getByRole('heading', { level: 1, name: 'Audit' })).toBeHidden();
});
