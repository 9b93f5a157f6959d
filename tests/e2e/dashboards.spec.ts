import { BOARDS, openBoard, watchErrors } from './support/dashboards.ts';
import { expect, test } from './support/test.ts';

test.beforeEach(async ({ as, facts }) => {
  test.skip(facts.prometheusUrl === null, 'Prometheus is not installed here');
  const { api } = await as('viewer');
  const found = await api<{ uid: string }[]>('GET', '/api/search?type=dash-db&tag=openclaw-fleet');
  test.skip(found.length === 0, 'that Grafana was started without the dashboards');
  expect(found.map(({ uid }) => uid).sort()).toEqual(BOARDS.map(({ uid }) => uid).sort());
});

for (const board of BOARDS)
  test(`${board.title}: every panel is drawn and every query answered`, async ({ as }) => {
    const { page } = await as('viewer');
    const errors = watchErrors(page);
    await openBoard(page, board);
    await expect(page.getByTestId('data-testid Panel status error')).toHaveCount(0);
    await expect(page.getByText(/Panel plugin not found|An unexpected error|Datasource .* was not found/)).toHaveCount(
      0
    );
    expect(await errors.settled()).toEqual([]);
  });

test('a target in a table leads to the app, and its panel has "Open in fleet"', async ({ as }) => {
  const { page } = await as('viewer');
  const [overview] = BOARDS;
  await openBoard(page, overview!);
  const heading = 'Scores of the worst targets';
  await page.getByTestId(`data-testid Panel header ${heading}`).hover();
  await page.getByRole('button', { name: `Menu for panel ${heading}` }).click();
  await page.getByRole('menuitem', { name: 'Extensions' }).hover();
  await expect(page.getByRole('menuitem', { name: 'Open in fleet' })).toBeVisible();
  await page.keyboard.press('Escape');
  await page
    .getByTestId('data-testid Panel header Lowest scores')
    .getByText(/^gateway-\d+$/)
    .first()
    .click();
  await page
    .getByRole('link', { name: 'Open in the fleet app' })
    .or(page.getByRole('menuitem', { name: 'Open in the fleet app' }))
    .first()
    .click();
  await expect(page).toHaveURL(/\/a\/openclaw-fleet-app\/targets\/gateway-\d+/);
});
