import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { screen, waitFor, within } from '@testing-library/react';
import { http, HttpResponse } from 'msw';
import { ORIGIN } from '../../testing/backend.ts';
import { recordOf, RECORDS } from '../../testing/fixtures/audit.ts';
import { drawLists } from '../../testing/lists.ts';
import { show } from '../../testing/render.tsx';
import { answers, asked, grafanaSays, mock, refuses } from '../../testing/server.ts';
import AuditPage from './AuditPage.tsx';

const table = () => screen.findByRole('table', { name: /Audit records/ });
const rowOf = async (text: string) =>
  within(
    within(await table())
      .getByText(text)
      .closest('tr')!
  );
const lastQuery = () => asked.filter(({ route }) => route === 'readAudit').at(-1)!.query;
const USERS = `${ORIGIN}/api/org/users/search`;
const users = (body: object, status = 200) => [http.get(USERS, () => HttpResponse.json(body, { status }))];
const ADA = { uid: 'cf628ofwzuvzpe', name: 'Ada Approver', login: 'ada' };

const saved: { name: string; text: Promise<string> }[] = [];
const textOf = (blob: Blob): Promise<string> =>
  new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as string);
    reader.readAsText(blob);
  });

beforeAll(() => {
  drawLists();
  // Only then does Grafana use the clipboard that user-event has.
  Object.defineProperty(window, 'isSecureContext', { value: true });
  // What browsers have and jsdom lacks: files that a page makes.
  let content = new Blob();
  Object.assign(URL, {
    createObjectURL: (blob: Blob) => {
      content = blob;
      return 'blob:audit';
    },
    revokeObjectURL: () => undefined,
  });
  HTMLAnchorElement.prototype.click = function () {
    saved.push({ name: this.download, text: textOf(content) });
  };
});
beforeEach(() => {
  saved.length = 0;
  answers(users({ orgUsers: [ADA] }));
});

describe('the audit', () => {
  it('says who did what to what, how that was authenticated, and why', async () => {
    show(<AuditPage />, { as: 'approver' });
    const row = await rowOf('Repair: Approved');
    expect(await row.findByText('Ada Approver')).toBeVisible();
    expect(row.getByText('grafana:cf628ofwzuvzpe')).toBeVisible();
    expect(row.getByText('Signed in to Grafana')).toBeVisible();
    expect(row.getByText('the new revision is right')).toBeVisible();
    expect(row.getByText('2026-11-22 12:00:05')).toBeVisible();
    expect(row.getByRole('link', { name: 'run-5' })).toHaveAttribute(
      'href',
      '/a/openclaw-fleet-app/remediations/runs/run-5'
    );
    expect(row.getByText('aaaaaaaaaaaa…')).toHaveAttribute('title', RECORDS[0]!.hash);
  });

  it('names targets, links what has a page, and shows what it does not know as it is', async () => {
    show(<AuditPage />, { as: 'approver' });
    const retired = await rowOf('Target retired');
    expect(await retired.findByRole('link', { name: 'gateway-04.example' })).toBeVisible();
    expect((await rowOf('Policy created')).getByRole('link', { name: 'default' })).toBeVisible();
    expect((await rowOf('API token created')).queryByRole('link')).toBeNull();
    expect((await rowOf('API token created')).getByText(/Shell on the collector/)).toBeVisible();
    expect(await rowOf('future.thing')).toBeDefined();
  });

  it('opens a record to all that its hash is over, by keyboard', async () => {
    const { user } = show(<AuditPage />, { as: 'approver' });
    const opener = await screen.findByRole('button', { name: 'What record 5 says in full' });
    opener.focus();
    await user.keyboard('{Enter}');
    expect(opener).toHaveAttribute('aria-expanded', 'true');
    expect(screen.getByText(/"runId": "run-5"/)).toBeVisible();
    expect(screen.getByText(RECORDS[0]!.prev)).toBeVisible();
    expect(screen.getByText(RECORDS[0]!.hash)).toBeVisible();
    await user.click(screen.getByRole('button', { name: 'What record 1 says in full' }));
    expect(screen.getByText('no JSON')).toBeVisible();
    await user.click(opener);
    expect(screen.queryByText(/"runId": "run-5"/)).toBeNull();
  });

  it('copies a hash', async () => {
    const { user } = show(<AuditPage />, { as: 'approver' });
    await user.click(await screen.findByRole('button', { name: 'Copy the hash of record 5' }));
    await waitFor(async () => expect(await navigator.clipboard.readText()).toBe(RECORDS[0]!.hash));
  });

  it('filters by who, action and subject, in the address', async () => {
    const { user, address } = show(<AuditPage />, { as: 'approver', at: 'audit', path: 'audit' });
    await table();
    await user.type(screen.getByRole('combobox', { name: 'Who' }), 'Ada');
    await user.click(await screen.findByRole('option', { name: /Ada Approver/ }));
    await user.type(screen.getByRole('combobox', { name: 'Action' }), 'retired');
    await user.click(await screen.findByRole('option', { name: /^Target retired/ }));
    await user.type(screen.getByRole('textbox', { name: 'What it was done to' }), 'gateway-04');
    expect(lastQuery().has('subject')).toBe(false);
    await user.keyboard('{Enter}');
    expect(address()).toBe('audit?actor=grafana%3Acf628ofwzuvzpe&action=target.retired&subject=gateway-04');
    await waitFor(() =>
      expect(Object.fromEntries(lastQuery())).toEqual({
        actor: 'grafana:cf628ofwzuvzpe',
        action: 'target.retired',
        subject: 'gateway-04',
        limit: '100',
      })
    );
  });

  it('takes a time range from a link, and asks once for one that is relative', async () => {
    show(<AuditPage />, { as: 'approver', at: 'audit?from=now-24h&to=now', path: 'audit' });
    await table();
    const from = Date.parse(lastQuery().get('from')!);
    expect(Math.abs(Date.now() - 86_400_000 - from)).toBeLessThan(60_000);
    expect(lastQuery().has('to')).toBe(false);
    expect(asked.filter(({ route }) => route === 'readAudit')).toHaveLength(1);
    expect(screen.getByRole('group', { name: 'Time range' })).toHaveTextContent('Last 24 hours');
  });

  it('puts a chosen range into the address', async () => {
    const { user, address } = show(<AuditPage />, { as: 'approver', at: 'audit', path: 'audit' });
    await table();
    const range = within(screen.getByRole('group', { name: 'Time range' }));
    await user.click(range.getByRole('button', { name: /Any time/ }));
    await user.click(await range.findByText('Last 15 minutes'));
    expect(address()).toBe('audit?from=now-15m&to=now');
  });

  it('loads more', async () => {
    answers(
      mock('readAudit', ({ query }) =>
        query.get('cursor') === 'older'
          ? { items: [recordOf(1, { reason: 'the very first' })], nextCursor: null }
          : { items: Array.from({ length: 100 }, (_, index) => recordOf(200 - index)), nextCursor: 'older' }
      )
    );
    const { user } = show(<AuditPage />, { as: 'approver' });
    await user.click(await screen.findByRole('button', { name: 'Load more' }));
    expect(await screen.findByText('the very first')).toBeVisible();
  });

  it('says that nothing matches, and clears the filters', async () => {
    answers(mock('readAudit', ({ query }) => ({ items: query.has('actor') ? [] : [...RECORDS], nextCursor: null })));
    const { user, address } = show(<AuditPage />, { as: 'approver', at: 'audit?actor=nobody', path: 'audit' });
    expect(await screen.findByText('Nothing matches')).toBeVisible();
    await user.click(screen.getAllByRole('button', { name: 'Clear filters' })[0]!);
    expect(await table()).toBeVisible();
    expect(address()).toBe('audit');
  });

  it('says that nothing was recorded yet', async () => {
    answers(mock('readAudit', { items: [], nextCursor: null }));
    show(<AuditPage />, { as: 'approver' });
    expect(await screen.findByText('Nothing was recorded yet')).toBeVisible();
  });

  it.each(['viewer', 'operator'] as const)('tells a %s what is missing, and asks for nothing', async (role) => {
    show(<AuditPage />, { as: role });
    expect(await screen.findByText('You are not permitted to read the audit')).toBeVisible();
    expect(screen.getByText(/openclaw-fleet-app.fleet:approve/)).toBeVisible();
    expect(asked.some(({ route }) => route === 'readAudit' || route === 'getAuditHead')).toBe(false);
  });

  it('shows ids where Grafana does not tell names', async () => {
    answers(users({ message: 'no' }, 403));
    show(<AuditPage />, { as: 'approver' });
    expect(await screen.findAllByText('grafana:cf628ofwzuvzpe')).toHaveLength(2);
    expect(screen.queryByText('Ada Approver')).toBeNull();
  });

  it('keeps what it read last when the collector is away', async () => {
    show(<AuditPage />, { as: 'approver' });
    await table();
    answers(grafanaSays('readAudit', 502));
    expect(await screen.findByText('The collector cannot be reached')).toBeVisible();
    expect(screen.getByText(/What is shown was read/)).toBeVisible();
    expect(await table()).toBeVisible();
  });
});

describe('what proves the audit', () => {
  it('exports what matches, byte for byte, and its signed head', async () => {
    const lines = '{"seq":1}\n{"seq":2}\n';
    answers(
      mock('readAudit', ({ query }) =>
        query.get('format') === 'jsonl'
          ? new Response(lines, { headers: { 'content-type': 'application/x-ndjson', 'audit-head': 'of.the.export' } })
          : { items: RECORDS, nextCursor: null }
      )
    );
    const { user } = show(<AuditPage />, { as: 'approver', at: 'audit?from=2026-11-22T00:00:00Z', path: 'audit' });
    await user.click(await screen.findByRole('button', { name: 'Export what matches' }));
    expect(await screen.findByText('Exported to audit.jsonl')).toBeVisible();
    expect(screen.getByText(/Keep it byte for byte/)).toBeVisible();
    const call = asked.find(({ query }) => query.get('format') === 'jsonl')!;
    expect(call.query.get('from')).toBe('2026-11-22T00:00:00.000Z');
    expect(call.query.has('limit')).toBe(false);
    expect(saved.map(({ name }) => name)).toEqual(['audit.jsonl']);
    expect(await saved[0]!.text).toBe(lines);
    await user.click(screen.getByRole('button', { name: 'Save its signed head' }));
    expect(saved[1]!.name).toBe('audit.jsonl.head.jws');
    expect(await saved[1]!.text).toBe('of.the.export\n');
  });

  it('says that a filtered export cannot be verified', async () => {
    answers(
      mock('readAudit', ({ query }) => (query.has('format') ? new Response('') : { items: [], nextCursor: null }))
    );
    const { user } = show(<AuditPage />, { as: 'approver', at: 'audit?subject=x', path: 'audit' });
    await user.click(await screen.findByRole('button', { name: 'Export what matches' }));
    expect(await screen.findByText(/it cannot be verified/)).toBeVisible();
  });

  it('says why an export is refused, and saves nothing', async () => {
    const { user } = show(<AuditPage />, { as: 'approver' });
    await table();
    answers(refuses('readAudit', 'overloaded', '4 exports of the audit are under way.'));
    await user.click(screen.getByRole('button', { name: 'Export what matches' }));
    expect(await screen.findByText('4 exports of the audit are under way.')).toBeVisible();
    expect(saved).toEqual([]);
  });

  it('shows the head with how to verify it, copies and saves it', async () => {
    const { user } = show(<AuditPage />, { as: 'approver' });
    expect(await screen.findByRole('heading', { name: 'Signed head' })).toBeVisible();
    expect(screen.getByText(/The newest record is no. 5/)).toBeVisible();
    expect(screen.getByText(/openclaw-fleet audit verify --file audit.jsonl --head/)).toBeVisible();
    await user.click(screen.getByRole('button', { name: 'Save the signed head' }));
    expect(await saved[0]!.text).toBe('head.of.five\n');
    await user.click(screen.getByRole('button', { name: 'Copy the signed head' }));
    await waitFor(async () => expect(await navigator.clipboard.readText()).toBe('head.of.five'));
  });
});
