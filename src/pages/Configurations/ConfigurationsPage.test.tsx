import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { http, HttpResponse } from 'msw';
import { ORIGIN } from '../../testing/backend.ts';
import { listed, revisionOf, REVISIONS } from '../../testing/fixtures/configurations.ts';
import { drawLists } from '../../testing/lists.ts';
import { show } from '../../testing/render.tsx';
import { answers, asked, grafanaSays, mock, refuses } from '../../testing/server.ts';
import ConfigurationsPage from './ConfigurationsPage.tsx';

const table = () => screen.findByRole('table', { name: /Revisions/ });
const created = () => asked.filter(({ route }) => route === 'createConfig');
const people = [http.get(`${ORIGIN}/api/org/users/search`, () => HttpResponse.json({ orgUsers: [] }))];

beforeAll(drawLists);
beforeEach(() => answers(people));

describe('the list of configurations', () => {
  it('shows each revision, where it came from, and leads to it', async () => {
    show(<ConfigurationsPage />);
    const row = within(
      within(await table())
        .getByText('Revision b')
        .closest('tr')!
    );
    expect(row.getByRole('link', { name: 'Revision b' })).toHaveAttribute(
      'href',
      `/a/openclaw-fleet-app/configurations/${'b'.repeat(64)}`
    );
    expect(row.getByText('bbbbbbbbbbbb…')).toBeVisible();
    expect(row.getByRole('cell', { name: '2' })).toBeVisible();
    expect(row.getByText('as agreed on Monday')).toBeVisible();
    expect(await row.findByRole('link', { name: 'gateway-02.example' })).toBeVisible();
  });

  it('says which policies want a revision, and for how many targets', async () => {
    answers(mock('listPolicies', { items: [policy(REVISIONS[0]!.id)] }));
    show(<ConfigurationsPage />);
    const row = within(
      within(await table())
        .getByText('Revision a')
        .closest('tr')!
    );
    expect(await row.findByRole('link', { name: 'Production' })).toBeVisible();
    expect(row.getByText(/\(targets: 12\)/)).toBeVisible();
    expect(within(screen.getByText('Revision b').closest('tr')!).getByText('No policy')).toBeVisible();
  });

  it('says that there is none, and how to begin', async () => {
    answers(mock('listConfigs', { items: [], total: 0, nextCursor: null }));
    show(<ConfigurationsPage />);
    expect(await screen.findByText('No revision was stored yet')).toBeVisible();
  });

  it('loads more', async () => {
    const items = Array.from({ length: 100 }, (_, index) =>
      listed({ ...revisionOf('d'), id: String(index).padStart(64, '0') })
    );
    answers(
      mock('listConfigs', ({ query }) =>
        query.has('cursor')
          ? { items: [listed(revisionOf('e'))], total: 101, nextCursor: null }
          : { items, total: 101, nextCursor: 'more' }
      )
    );
    const { user } = show(<ConfigurationsPage />);
    await user.click(await screen.findByRole('button', { name: 'Load more' }));
    expect(await screen.findByText('Revision e')).toBeVisible();
  });

  it('says why it cannot be read', async () => {
    answers(grafanaSays('listConfigs', 502));
    show(<ConfigurationsPage />);
    expect(await screen.findByText('The collector cannot be reached')).toBeVisible();
  });
});

describe('a new revision', () => {
  const write = async (values: string, title = 'Quieter', reason = 'less noise') => {
    const shown = show(<ConfigurationsPage />, { as: 'approver', at: 'configurations' });
    await shown.user.click((await screen.findAllByRole('button', { name: 'New revision' }))[0]!);
    await shown.user.type(await screen.findByRole('textbox', { name: /Title/ }), title);
    await shown.user.type(screen.getByRole('textbox', { name: /Reason/ }), reason);
    fireEvent.change(screen.getByRole('textbox', { name: /Paths and values/ }), { target: { value: values } });
    return { ...shown, store: screen.getByRole('button', { name: 'Store the revision' }) };
  };
  const VALUES = '{"messages.ackReaction": "none"}';
  const stored = revisionOf('f', {
    title: 'Quieter',
    reason: 'less noise',
    values: { 'messages.ackReaction': 'none' },
  });

  it.each(['viewer', 'operator'] as const)('needs another role than %s', async (role) => {
    const { user } = show(<ConfigurationsPage />, { as: role });
    await table();
    const button = screen.getByRole('button', { name: 'New revision' });
    expect(button).toHaveAttribute('aria-disabled', 'true');
    await user.hover(button);
    expect(await screen.findByText(/openclaw-fleet-app.fleet:approve/)).toBeVisible();
    await user.click(button);
    expect(screen.queryByRole('dialog')).toBeNull();
  });

  it('is stored once however often it is clicked, and its page follows', async () => {
    answers(mock('createConfig', stored));
    const { user, store, address } = await write(VALUES);
    await user.dblClick(store);
    await waitFor(() => expect(address()).toBe(`configurations/${'f'.repeat(64)}`));
    expect(created().map(({ body }) => body)).toEqual([
      { title: 'Quieter', reason: 'less noise', values: { 'messages.ackReaction': 'none' } },
    ]);
  });

  it('says the line of what is no JSON, and sends nothing', async () => {
    const { user, store } = await write('{\n  "a.b": 1,\n  "c.d" 2\n}');
    expect(screen.getByText(/^Line 3 is not JSON/)).toBeVisible();
    expect(store).toBeDisabled();
    await user.click(store);
    expect(created()).toEqual([]);
  });

  it('explains what no revision may manage, before it is sent', async () => {
    const { user, store } = await write('{"gateway.port": 1}');
    const list = screen.getByRole('list', { name: 'These paths cannot be stored' });
    expect(list).toHaveTextContent('gateway.port: no revision may manage it: it decides who can reach the gateway');
    expect(store).toBeDisabled();
    await user.click(screen.getByRole('button', { name: /What no revision may manage/ }));
    expect(screen.getByText('a plugin is code that runs inside the gateway')).toBeVisible();
  });

  it('shows what the collector refuses at its field', async () => {
    answers(
      refuses('createConfig', 'invalid-body', 'The document is not valid. Nothing was stored.', {
        errors: [
          { field: 'values.messages.ackReaction', message: 'must be a reaction' },
          { field: 'title', message: 'is taken' },
        ],
      })
    );
    const { user, store } = await write(VALUES);
    await user.click(store);
    expect(await screen.findByText('is taken')).toBeVisible();
    expect(screen.getByRole('list', { name: 'These paths cannot be stored' })).toHaveTextContent(
      'messages.ackReaction: must be a reaction'
    );
    expect(screen.getByText(/Nothing was stored/)).toBeVisible();
    expect(store).toBeEnabled();
  });

  it('says when the values are a revision already, and leads to it', async () => {
    answers(mock('createConfig', revisionOf('a')));
    const { user, store, address } = await write(VALUES);
    await user.click(store);
    expect(await screen.findByText('These values are a revision already')).toBeVisible();
    expect(within(screen.getByRole('dialog')).getByRole('link', { name: 'Revision a' })).toBeVisible();
    expect(address()).toBe('configurations');
  });

  it('says what lacks', async () => {
    const { store } = await write(VALUES, 'Quieter', 'no');
    expect(screen.getByText('Give a reason to store it.')).toBeVisible();
    expect(store).toBeDisabled();
  });
});

function policy(configRevision: string) {
  return {
    id: 'production',
    name: 'Production',
    description: '',
    owner: null,
    desired: { configRevision },
    minimumBridgeVersion: null,
    limits: {},
    requiredTags: [],
    driftMode: 'Audit',
    unknownConfigSeverity: 'major',
    requireSignature: false,
    windows: [],
    waivers: [],
    guardrails: {},
    version: 1,
    provisioned: false,
    createdAt: '2026-11-22T12:00:00Z',
    updatedAt: '2026-11-22T12:00:00Z',
    updatedBy: 'system',
    targets: 12,
  };
}
