import { expect, type Page } from '@playwright/test';
import { APP } from './app-pages.ts';
import type { Somebody } from './test.ts';

/** Asks for the repair of a node from the fleet page. @returns the id of the run, whose page is then open */
export async function askFor(page: Page, id: string, reason: string): Promise<string> {
  await page.goto(`${APP}/fleet?q=${id}`);
  await page.getByRole('checkbox', { name: new RegExp(`^Select ${id}\\b`) }).check({ force: true });
  await page.getByRole('button', { name: 'Repair selected' }).click();
  const dialog = page.getByRole('dialog', { name: new RegExp(`Repair ${id}`) });
  await expect(dialog.getByText('What happens to each node')).toBeVisible();
  await dialog.getByRole('textbox', { name: /Reason/ }).fill(reason);
  await dialog.getByRole('button', { name: 'Ask for approval' }).click();
  await expect(page).toHaveURL(/\/remediations\/runs\/[^/?]+/);
  await expect(page.getByText('Waits for approval').first()).toBeVisible();
  return new URL(page.url()).pathname.split('/').at(-1) ?? '';
}

/** Approves what the page of a run shows. */
export async function approve({ page }: Somebody, runId: string, reason: string): Promise<void> {
  await page.goto(`${APP}/remediations/runs/${runId}`);
  await page.getByRole('button', { name: 'Approve', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: /Approve/ });
  await dialog.getByRole('textbox', { name: /Reason/ }).fill(reason);
  await dialog.getByRole('button', { name: 'Approve', exact: true }).click();
  await expect(dialog).toBeHidden();
}
