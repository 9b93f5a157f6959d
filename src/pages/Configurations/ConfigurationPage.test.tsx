import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { screen, waitFor, within } from '@testing-library/react';
import { http, HttpResponse } from 'msw';
import { ORIGIN } from '../../testing/backend.ts';
import { drawLists } from '../../testing/lists.ts';
import { show } from '../../testing/render.tsx';
import { answers, asked, mock, refuses } from '../../testing/server.ts';
import ConfigurationPage from './ConfigurationPage.tsx';

const [A, B] = ['a'.repeat(64), 'b'.repeat(64)];
const lookAt = (query = '', as: 'viewer' | 'approver' = 'viewer') =>
  show(<ConfigurationPage />, { as, path: 'configurations/:configId', at: `configurations/${A}${query}` });
const diffOf = (over: object = {}) => ({
  from: A,
  to: B,
  equal: false,
  differences: [{ path: 'messages.ackReaction', expected: '"eyes"', actual: '"none"' }],
  ...over,
});
const people = [http.get(`${ORIGIN}/api/org/users/search`, () => HttpResponse.json({ orgUsers: [] }))];

beforeAll(drawLists);
beforeEach(() => answers(people));

describe('the page of a revision', () => {
  it('shows its paths with their values, and secrets as references', async () => {
    lookAt();
    const table = await screen.findByRole('table', { name: 'Managed paths' });
    const row = (path: string) => within(within(table).getByRole('rowheader', { name: path }).closest('tr')!);
    expect(row('messages.ackReaction').getByText('"eyes"')).toBeVisible();
    expect(row('channels.telegram.botToken').getByText('Secret: telegram')).toBeVisible();
    expect(screen.getByText('as agreed on Monday')).toBeVisible();
    expect(screen.getByText(A)).toBeVisible();
    expect(asked.some(({ route }) => route === 'diffConfig')).toBe(false);
  });

  it('compares with another revision that is chosen, in the address', async () => {
    answers(mock('diffConfig', diffOf()));
    const { user, address } = lookAt();
    await user.click(await screen.findByRole('combobox', { name: 'With another revision' }));
    await user.click(await screen.findByRole('option', { name: /Revision b/ }));
    expect(address()).toBe(`configurations/${A}?to=${B}`);
    const table = await screen.findByRole('table', { name: 'Paths that differ' });
    expect(within(table).getByRole('columnheader', { name: 'Revision b' })).toBeVisible();
    expect(within(table).getByText('"none"')).toBeVisible();
    expect(asked.find(({ route }) => route === 'diffConfig')!.query.get('to')).toBe(B);
  });

  it('compares with what a target runs, and lets the other comparison go', async () => {
    answers(mock('diffConfig', ({ query }) => diffOf(query.has('target') ? { equal: true, differences: [] } : {})));
    const { user, address } = lookAt(`?to=${B}`);
    expect(await screen.findByRole('table', { name: 'Paths that differ' })).toBeVisible();
    await user.type(screen.getByRole('combobox', { name: 'With what a target runs' }), '-03');
    await user.click(await screen.findByRole('option', { name: /gateway-03.example/ }));
    expect(address()).toBe(`configurations/${A}?target=gateway-03`);
    expect(await screen.findByText('gateway-03.example has the same values at the managed paths')).toBeVisible();
    expect(screen.queryByRole('table', { name: 'Paths that differ' })).toBeNull();
  });

  it('says why it cannot be compared', async () => {
    answers(refuses('diffConfig', 'conflict', 'The target has reported no values of this revision.'));
    lookAt('?target=gateway-03');
    expect(await screen.findByText('The target has reported no values of this revision.')).toBeVisible();
    expect(screen.getByRole('table', { name: 'Managed paths' })).toBeVisible();
  });

  it('says that there is no such revision', async () => {
    answers(refuses('getConfig', 'not-found', 'No revision has this id.'));
    lookAt();
    expect(await screen.findByText('No revision has this id.')).toBeVisible();
  });

  it('begins a new revision with its values', async () => {
    const { user } = lookAt('', 'approver');
    await screen.findByRole('table', { name: 'Managed paths' });
    await user.click(screen.getByRole('button', { name: 'New revision from this' }));
    const typed = await screen.findByRole('textbox', { name: /Paths and values/ });
    await waitFor(() =>
      expect(JSON.parse((typed as HTMLTextAreaElement).value)).toHaveProperty(['messages.ackReaction'], 'eyes')
    );
  });

  it('lets a viewer begin none', async () => {
    lookAt();
    await screen.findByRole('table', { name: 'Managed paths' });
    expect(screen.getByRole('button', { name: 'New revision from this' })).toHaveAttribute('aria-disabled', 'true');
  });
});
