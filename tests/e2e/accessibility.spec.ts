import { AxeBuilder } from '@axe-core/playwright';
import type { Locator, Page } from '@playwright/test';
import { APP, appPages, open, type Theme } from './support/app-pages.ts';
import { tellStory } from './support/story.ts';
import { expect, test } from './support/test.ts';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'];

/** Grafana's own: the arrow of its MultiCombobox says `aria-expanded` in a way that axe does not take. */
const NOT_OURS = '[id^="downshift-"][id$="-toggle-button"]';

/** What axe finds serious or critical within a part of the page. */
async function findings(page: Page, within: string): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).withTags(TAGS).include(within).exclude(NOT_OURS).analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary ?? ''}`));
}

for (const theme of ['dark', 'light'] as const satisfies readonly Theme[]) {
  test(`axe finds nothing serious on any page, ${theme}`, async ({ as, facts }) => {
    test.setTimeout(400_000);
    const { runId, configurationId } = await tellStory(facts);
    for (const each of appPages(runId, configurationId)) {
      const { page } = await as('approver');
      await open(page, each, theme);
      expect.soft(await findings(page, 'main'), `${each.name}, ${theme}`).toEqual([]);
      await page.close();
    }
  });
}

test('axe finds nothing serious in a dialog', async ({ as, facts }) => {
  await tellStory(facts);
  const { page } = await as('operator');
  await openRepair(page, 'gateway-09');
  expect(await findings(page, '[role="dialog"]')).toEqual([]);
});

async function openRepair(page: Page, id: string): Promise<Locator> {
  await page.goto(`${APP}/fleet?q=${id}`);
  await page.getByRole('checkbox', { name: new RegExp(`^Select ${id}\\b`) }).check({ force: true });
  await page.getByRole('button', { name: 'Repair selected' }).click();
  const dialog = page.getByRole('dialog', { name: new RegExp(`Repair ${id}`) });
  await expect(dialog.getByText('What happens to each node')).toBeVisible();
  return dialog;
}

/** Presses Tab until it is there. Throws when it is not reached. */
async function tabTo(page: Page, wanted: Locator, most = 150): Promise<void> {
  await expect(wanted).toBeVisible();
  for (let count = 0; count < most; count++) {
    await page.keyboard.press('Tab');
    if ((await wanted.and(page.locator(':focus')).count()) > 0) return;
  }
  throw new Error(`${String(wanted)} is not reached by ${most} presses of Tab`);
}

test('the fleet is read and repaired by the keyboard alone', async ({ as }) => {
  const { page } = await as('operator');
  await page.goto(`${APP}/fleet?q=gateway-0`);
  const options = page.getByRole('option', { name: /^gateway-/ });
  await expect(options.first()).toBeVisible();
  await tabTo(page, page.locator('[role="option"][tabindex="0"]'));
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await expect(page.locator('[role="option"][aria-selected="true"]')).toHaveCount(1);
  await expect(page).toHaveURL(/node=gateway-/);

  await tabTo(page, page.getByRole('checkbox', { name: /^Select gateway-05\b/ }));
  await page.keyboard.press('Space');
  await page.keyboard.press('Shift+Tab');
  await page.goto(page.url());
  const repair = page.getByRole('button', { name: 'Repair selected' });
  await tabTo(page, repair);
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: /Repair gateway-05/ });
  await expect(dialog).toBeVisible();
  await expect(dialog.locator(':focus')).toHaveCount(1);
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(repair).toBeFocused();
});

test('a disabled button says why to the keyboard', async ({ as }) => {
  const { page } = await as('viewer');
  await page.goto(`${APP}/fleet?q=gateway-05&pick=gateway-05`);
  const repair = page.getByRole('button', { name: 'Repair selected' });
  await expect(repair).toHaveAttribute('aria-disabled', 'true');
  await tabTo(page, repair);
  await expect(page.getByRole('tooltip')).toContainText('openclaw-fleet-app.fleet:operate');
});
