import { describe, expect, it } from '@jest/globals';
import { screen, waitFor, within } from '@testing-library/react';
import '../../testing/plugin-page.tsx';
import { POLICIES, policyOf, PRODUCTION } from '../../testing/fixtures/policies.ts';
import { show } from '../../testing/render.tsx';
import { answers, asked, grafanaSays, mock, refuses } from '../../testing/server.ts';
import { idFor } from './NewPolicyDialog.tsx';
import PoliciesPage from './PoliciesPage.tsx';

const table = () => screen.findByRole('table', { name: 'Policies' });
const row = async (name: RegExp) => within(await table()).findByRole('row', { name });
const list = (as: 'viewer' | 'operator' | 'approver' | null = 'viewer', at = 'policies') =>
  show(<PoliciesPage />, { as, path: 'policies/*', at });

describe('the list of policies', () => {
  it('says of each its owner, what happens about drift, its targets, version and whether a file has it', async () => {
    list();
    const production = await row(/production/i);
    expect(production).toHaveTextContent('platform');
    expect(production).toHaveTextContent('People repair');
    expect(within(production).getByRole('link', { name: 'Production' })).toHaveAttribute(
      'href',
      '/a/openclaw-fleet-app/policies/production'
    );
    expect(within(production).getByRole('link', { name: '2 targets of Production' })).toHaveAttribute(
      'href',
      '/a/openclaw-fleet-app/fleet?profile=production'
    );
    expect(await row(/edge/i)).toHaveTextContent('From a file');
    expect(production).not.toHaveTextContent('From a file');
    expect(await row(/default/i)).toHaveTextContent('Report only');
  });

  it('says what windows mean now, and which waivers end soon', async () => {
    const soon = new Date(Date.now() + 2.5 * 86_400_000).toISOString();
    const always = { durationMinutes: 10_080, timeZone: 'UTC', reason: 'a test', schedule: '0 * * * *' };
    answers(
      mock('listPolicies', {
        items: [
          policyOf('held', { windows: [{ kind: 'deny', ...always }] }),
          policyOf('free', { windows: [{ kind: 'allow', ...always }] }),
          policyOf('ends', { waivers: [{ ...PRODUCTION.waivers[0]!, expiresAt: soon }, PRODUCTION.waivers[1]!] }),
        ],
      })
    );
    list();
    expect(await row(/held/i)).toHaveTextContent('Holds automation back');
    expect(await row(/free/i)).toHaveTextContent('Lets automation through');
    const ends = await row(/ends/i);
    expect(ends).toHaveTextContent('No windows');
    expect(ends).toHaveTextContent('1 in effect');
    expect(ends).toHaveTextContent('one ends in 2 d');
    expect(ends).toHaveTextContent('1 ended');
  });

  it('is searched by name, id and owner, which stays in the address; nothing found can be cleared', async () => {
    const { user, address } = list();
    await user.type(await screen.findByRole('textbox', { name: 'Search' }), 'PLATF');
    expect(within(await table()).getAllByRole('rowheader')).toHaveLength(1);
    expect(address()).toBe('policies?q=PLATF');
    await user.type(screen.getByRole('textbox', { name: 'Search' }), 'x');
    expect(await screen.findByText('No policy matches')).toBeVisible();
    await user.click(screen.getByRole('button', { name: 'Clear the search' }));
    expect(within(await table()).getAllByRole('rowheader')).toHaveLength(POLICIES.length);
    expect(address()).toBe('policies');
  });

  it('loads', async () => {
    answers(mock('listPolicies', () => new Promise<never>(() => undefined)));
    list();
    expect(await screen.findByText('Loading…')).toBeVisible();
    expect(screen.queryByRole('table')).not.toBeInTheDocument();
  });

  it.each([
    ['the collector is away', () => grafanaSays('listPolicies', 502), 'The collector cannot be reached'],
    ['the role is missing', () => grafanaSays('listPolicies', 403), 'You are not permitted to see this'],
    [
      'the flag is off',
      () => refuses('listPolicies', 'feature-disabled'),
      'This part of the collector is switched off',
    ],
  ])('says that %s', async (_, arrange, title) => {
    answers(arrange());
    list(null);
    expect(await screen.findByText(title)).toBeVisible();
  });

  it('keeps what it read when the collector goes away, and says how old it is', async () => {
    let away = false;
    answers(
      mock('listPolicies', () => {
        if (away) return new Response('', { status: 502 });
        return { items: POLICIES };
      })
    );
    const { user } = list();
    await table();
    away = true;
    // The list is polled every 5 s without events.
    expect(await screen.findByText('The collector cannot be reached', {}, { timeout: 9000 })).toBeVisible();
    expect(screen.getByText(/What is shown was read/)).toBeVisible();
    expect(screen.getByRole('link', { name: 'Production' })).toBeVisible();
    away = false;
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    await waitFor(() => expect(screen.queryByText('The collector cannot be reached')).not.toBeInTheDocument());
  });
});

describe('New policy', () => {
  it.each(['viewer', 'operator'] as const)('is for approvers, and says so to the role %s', async (as) => {
    const { user } = list(as);
    await table();
    const button = screen.getByRole('button', { name: 'New policy' });
    await user.click(button);
    expect(screen.queryByRole('dialog')).not.toBeInTheDocument();
    expect(await screen.findByRole('tooltip')).toHaveTextContent(/openclaw-fleet-app\.fleet:approve/);
  });

  it('makes one with an id from its name, and opens it for editing', async () => {
    answers(mock('createPolicy', ({ body }) => policyOf((body as { id: string }).id)));
    const { user, address } = list('approver');
    await user.click(await screen.findByRole('button', { name: 'New policy' }));
    const dialog = within(await screen.findByRole('dialog', { name: 'New policy' }));
    expect(dialog.getByRole('textbox', { name: /Name/ })).toHaveFocus();
    await user.type(dialog.getByRole('textbox', { name: /Name/ }), 'Edge Zürich');
    expect(dialog.getByRole('textbox', { name: /Id/ })).toHaveValue('edge-zurich');
    await user.type(dialog.getByRole('textbox', { name: /Owner/ }), 'field');
    expect(dialog.getByRole('button', { name: 'Create policy' })).toBeDisabled();
    await user.type(dialog.getByRole('textbox', { name: /Reason/ }), 'a new site');
    await user.dblClick(dialog.getByRole('button', { name: 'Create policy' }));
    await waitFor(() => expect(address()).toBe('policies/edge-zurich?edit=true'));
    expect(asked.filter(({ route }) => route === 'createPolicy').map(({ body }) => body)).toEqual([
      { id: 'edge-zurich', name: 'Edge Zürich', owner: 'field', reason: 'a new site' },
    ]);
  });

  it('says what is wrong with an id, and keeps what was typed when there is one already', async () => {
    answers(refuses('createPolicy', 'conflict', 'A policy with this id is there already.'));
    const { user } = list('approver');
    await user.click(await screen.findByRole('button', { name: 'New policy' }));
    const dialog = within(await screen.findByRole('dialog'));
    await user.type(dialog.getByRole('textbox', { name: /Name/ }), 'Edge');
    await user.type(dialog.getByRole('textbox', { name: /Id/ }), ' B');
    expect(dialog.getByText(/It must be lower-case letters/)).toBeVisible();
    expect(dialog.getByRole('button', { name: 'Create policy' })).toBeDisabled();
    await user.clear(dialog.getByRole('textbox', { name: /Id/ }));
    await user.type(dialog.getByRole('textbox', { name: /Id/ }), 'edge');
    await user.type(dialog.getByRole('textbox', { name: /Reason/ }), 'again');
    await user.click(dialog.getByRole('button', { name: 'Create policy' }));
    expect(await dialog.findByText(/is there already/)).toBeVisible();
    expect(dialog.getByRole('textbox', { name: /Name/ })).toHaveValue('Edge');
    await user.keyboard('{Escape}');
    await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument());
    await waitFor(() => expect(screen.getByRole('button', { name: 'New policy' })).toHaveFocus());
  });

  it.each([
    ['Production', 'production'],
    ['  Zürich & Söhne ', 'zurich-sohne'],
    ['--a--', 'a'],
    ['東京', ''],
    [`${'a'.repeat(63)} b`, 'a'.repeat(63)],
  ])('makes of %j the id %j', (name, id) => {
    expect(idFor(name)).toBe(id);
  });
});
