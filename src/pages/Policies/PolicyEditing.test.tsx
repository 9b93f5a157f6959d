import { beforeEach, describe, expect, it } from '@jest/globals';
import type { PolicyProfile } from '@openclaw-fleet/contract';
import { screen, waitFor, within } from '@testing-library/react';
import '../../testing/plugin-page.tsx';
import { HttpResponse } from 'msw';
import { policyOf, previewOf, PRODUCTION, proposalOf } from '../../testing/fixtures/policies.ts';
import { BANDS } from '@openclaw-fleet/contract';
import { show } from '../../testing/render.tsx';
import { answers, asked, mock, refuses } from '../../testing/server.ts';
import PolicyPage from './PolicyPage.tsx';

beforeEach(() => {
  answers(mock('listConfigs', { items: [], total: 0, nextCursor: null }));
});

const edit = (as: 'approver' | 'viewer' = 'approver', at = 'policies/production?edit=true') =>
  show(<PolicyPage />, { as, path: 'policies/:policyId', at });
const field = (name: string | RegExp) => screen.findByRole('textbox', { name });
const sent = (route: string) => asked.filter((each) => each.route === route).map(({ body }) => body);
type User = ReturnType<typeof edit>['user'];

async function fill(user: User, name: string | RegExp, value: string): Promise<void> {
  const input = await field(name);
  await user.clear(input);
  if (value !== '') await user.type(input, value);
}
const review = (user: User) => user.click(screen.getByRole('button', { name: 'Review the changes' }));
const saveButton = () => screen.findByRole('button', { name: 'Save…' });
async function save(user: User, reason = 'room to spare'): Promise<void> {
  await user.click(await saveButton());
  const dialog = within(await screen.findByRole('dialog'));
  await user.type(dialog.getByRole('textbox', { name: /Reason/ }), reason);
  await user.dblClick(dialog.getByRole('button', { name: 'Save the change' }));
}

const band = (before: number, after: number) => ({ before, after });
const EFFECT = previewOf({
  looked: 2,
  changed: 2,
  bands: { ...Object.fromEntries(BANDS.map((each) => [each, band(0, 0)])), healthy: band(2, 1), critical: band(0, 1) },
  items: [
    {
      targetId: 'gateway-01',
      before: { score: 97, band: 'healthy' },
      after: { score: 39, band: 'critical' },
      opens: [{ fault: 'violation.cpu-over-limit', severity: 'warning', message: 'CPU is 85 %, over 80 %.' }],
      closes: [],
      changes: [],
      playbooks: ['ConfigDrift'],
    },
    {
      targetId: 'gateway-02',
      before: { score: 97, band: 'healthy' },
      after: { score: 96, band: 'healthy' },
      opens: [],
      closes: [{ fault: 'drift.version', severity: 'minor', message: 'It runs 1.3.0.' }],
      changes: [{ fault: 'drift.sync', before: 'minor', after: 'major', message: 'Its lag is 5 min.' }],
      playbooks: ['ConfigDrift'],
    },
  ],
});

describe('editing a policy', () => {
  it('shows what it would do before it is saved, and sends only what was edited, with the version', async () => {
    answers(
      mock('previewPolicy', { ...EFFECT, items: EFFECT.items.map((item) => ({ ...item, playbooks: [] })) }),
      mock('changePolicy', { ...PRODUCTION, version: 4 })
    );
    const { user, address } = edit();
    await fill(user, /^CPU/, '80');
    await fill(user, 'Queued jobs', '100');
    await review(user);
    const changes = within(await screen.findByRole('table', { name: 'Your changes' }));
    expect(changes.getByRole('row', { name: 'CPU 90 % 80 %' })).toBeVisible();
    expect(changes.getByRole('row', { name: 'Queued jobs – 100' })).toBeVisible();
    expect(await screen.findByText('2 of 2 targets would change.')).toBeVisible();
    expect(screen.getByText(/1 would get another health band: Healthy 2 → 1, Critical 0 → 1/)).toBeVisible();
    expect(screen.getByText(/1 faults would open, 1 would close, 1 would change their severity/)).toBeVisible();
    expect(screen.getByText('No automation would begin.')).toBeVisible();
    const rows = within(screen.getByRole('table', { name: 'Targets that would change' }));
    expect(rows.getByRole('row', { name: /gateway-01/ })).toHaveTextContent(
      /97 Healthy.*39 Critical.*CPU is 85 %, over 80 %/
    );
    expect(rows.getByRole('row', { name: /gateway-02/ })).toHaveTextContent(/It runs 1\.3\.0.*minor → major/);
    expect(sent('changePolicy')).toEqual([]);

    await save(user);
    expect(await screen.findByText('The change is saved: it is version 4 now')).toBeVisible();
    const limits = { ...PRODUCTION.limits, cpuPct: 80, queueDepth: 100 };
    expect(sent('previewPolicy')).toEqual([{ change: { limits } }]);
    expect(sent('changePolicy')).toEqual([{ limits, reason: 'room to spare' }]);
    expect(asked.find(({ route }) => route === 'changePolicy')?.headers.get('if-match')).toBe('"3"');
    expect(address()).toBe('policies/production');
  });

  it('says what automation would begin; a change that waits for another person says so', async () => {
    answers(
      mock('previewPolicy', EFFECT),
      mock('changePolicy', () => HttpResponse.json(proposalOf(), { status: 202 }))
    );
    const { user } = edit();
    await user.click(await screen.findByRole('radio', { name: /Repairs by itself/ }));
    await review(user);
    expect(await screen.findByText('Automation would begin on 2 targets: Restore the configuration')).toBeVisible();
    answers(mock('listProposals', { items: [proposalOf()] }));
    await save(user);
    expect(await screen.findByText('Nothing is changed yet: another person must approve it')).toBeVisible();
    expect(screen.queryByText(/The change is saved/)).not.toBeInTheDocument();
    expect(await screen.findByText(/proposes a change that waits for another person/)).toBeVisible();
    expect(sent('changePolicy')).toEqual([{ driftMode: 'ApplyAndAutoCorrect', reason: 'room to spare' }]);
  });

  it('edits every kind of field', async () => {
    answers(mock('changePolicy', { ...PRODUCTION, version: 4 }));
    const { user } = edit();
    await fill(user, /^Owner/, '');
    await user.click(screen.getByRole('checkbox', { name: /Signed heartbeats required/ }));
    await user.click(screen.getByRole('checkbox', { name: /Automation may act on these targets/ }));
    await user.type(screen.getByRole('textbox', { name: /Required tags/ }), 'tier:gold{Enter}');
    await user.click(
      within(screen.getByRole('region', { name: 'Desired state' })).getByRole('button', { name: /reload/i })
    );
    await fill(user, /^Longest sync lag/, '90');
    await fill(user, /^Attempts on one fault/, '');
    await review(user);
    await save(user);
    await screen.findByText(/The change is saved/);
    expect(sent('changePolicy')).toEqual([
      {
        owner: null,
        requireSignature: true,
        requiredTags: ['env:production', 'tier:gold'],
        desired: { ...PRODUCTION.desired, maxSyncLagMs: 90_000, requiredCapabilities: ['restart'] },
        guardrails: {},
        reason: 'room to spare',
      },
    ]);
  });

  it('offers nothing to review while nothing was edited, by keyboard neither', async () => {
    const { user } = edit();
    await user.type(await field(/^CPU/), '{Enter}');
    expect(screen.getByRole('button', { name: 'Review the changes' })).toHaveAttribute('aria-disabled', 'true');
    expect(screen.queryByRole('table', { name: 'Your changes' })).not.toBeInTheDocument();
    expect(sent('previewPolicy')).toEqual([]);
  });

  it('says at a field that its number is none, and asks nobody', async () => {
    const { user } = edit();
    await fill(user, /^CPU/, 'much');
    await fill(user, /^Name/, '');
    await review(user);
    const limits = within(screen.getByRole('region', { name: 'Limits' }));
    expect(limits.getByText('Enter a number from 0 to 100000 %, or leave it empty.')).toBeVisible();
    expect(screen.getByText('Enter a name.')).toBeVisible();
    expect(await field(/^Name/)).toHaveFocus();
    expect(sent('previewPolicy')).toEqual([]);
  });

  it('says at a field what the collector refuses of it, and keeps the edits', async () => {
    const errors = [
      { field: 'change.desired.bridgeVersion', message: 'must be a version such as 1.4.0' },
      { field: 'waivers[0].id', message: 'is there twice' },
    ];
    answers(refuses('previewPolicy', 'invalid-body', 'The body is not valid.', { errors }));
    const { user } = edit();
    await fill(user, /^Bridge version/, 'new');
    await review(user);
    const desired = within(await screen.findByRole('region', { name: 'Desired state' }));
    expect(await desired.findByText('must be a version such as 1.4.0')).toBeVisible();
    expect(screen.getByText('waivers[0].id: is there twice')).toBeVisible();
    expect(desired.getByRole('textbox', { name: /^Bridge version/ })).toHaveValue('new');
    expect(desired.getByRole('textbox', { name: /^Bridge version/ })).toHaveFocus();
    // It goes as soon as the field is mended.
    await user.type(desired.getByRole('textbox', { name: /^Bridge version/ }), 'er');
    expect(desired.queryByText('must be a version such as 1.4.0')).not.toBeInTheDocument();
  });

  it('cannot be saved while it is not known what it would do', async () => {
    answers(refuses('previewPolicy', 'internal-error'));
    const { user } = edit();
    await fill(user, /^CPU/, '80');
    await review(user);
    expect(await screen.findByText('It says internal-error.')).toBeVisible();
    expect(await saveButton()).toHaveAttribute('aria-disabled', 'true');
    answers(mock('previewPolicy', previewOf({ looked: 2 })));
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    expect(await screen.findByText('Nothing would change for any of the 2 targets.')).toBeVisible();
    expect(await saveButton()).toHaveAttribute('aria-disabled', 'false');
  });

  it('goes back to the edits, and ends without them', async () => {
    const { user, address } = edit();
    await fill(user, /^CPU/, '80');
    await review(user);
    await user.click(await screen.findByRole('button', { name: 'Back to editing' }));
    expect(await field(/^CPU/)).toHaveValue('80');
    await user.click(screen.getByRole('button', { name: 'Stop editing' }));
    expect(await screen.findByText('90 %')).toBeVisible();
    expect(address()).toBe('policies/production');
    expect(sent('changePolicy')).toEqual([]);
  });
});

describe('a policy that somebody else changes meanwhile', () => {
  const theirs: PolicyProfile = {
    ...PRODUCTION,
    version: 4,
    updatedBy: 'grafana:otto',
    owner: 'sre',
    limits: { ...PRODUCTION.limits, cpuPct: 70 },
  };

  it('shows what changed, keeps the edits, and saves them on the new version only when told to', async () => {
    let current = PRODUCTION;
    const versions: (string | null)[] = [];
    answers(
      mock('getPolicy', () => current),
      mock('previewPolicy', previewOf({ looked: 2 })),
      mock('changePolicy', ({ headers }) => {
        versions.push(headers.get('if-match'));
        if (versions.at(-1) !== '"4"') {
          current = theirs;
          return HttpResponse.json(
            {
              type: 'urn:openclaw-fleet:problem:precondition-failed',
              title: 'Somebody else changed this first',
              status: 412,
              detail: 'Version 4 is the newest.',
              message: 'Version 4 is the newest.',
            },
            { status: 412 }
          );
        }
        return { ...theirs, version: 5, limits: { ...theirs.limits, cpuPct: 80 } };
      })
    );
    const { user } = edit();
    await fill(user, /^CPU/, '80');
    await review(user);
    await save(user);
    expect(await within(screen.getByRole('dialog')).findByText('Version 4 is the newest.')).toBeVisible();
    await user.keyboard('{Escape}');
    expect(await screen.findByText('Somebody else changed this policy meanwhile: it is version 4 now')).toBeVisible();
    const changed = within(screen.getByRole('table', { name: 'What somebody else changed' }));
    expect(changed.getByRole('row', { name: /Owner platform sre –/ })).toBeVisible();
    expect(changed.getByRole('row', { name: /CPU 90 % 70 % You changed it too/ })).toBeVisible();
    expect(await saveButton()).toHaveAttribute('aria-disabled', 'true');

    await user.click(screen.getByRole('button', { name: 'Go on with my edits on version 4' }));
    await waitFor(() => expect(screen.queryByText(/Somebody else changed/)).not.toBeInTheDocument());
    expect(
      within(screen.getByRole('table', { name: 'Your changes' })).getByRole('row', { name: 'CPU 70 % 80 %' })
    ).toBeVisible();
    await waitFor(async () => expect(await saveButton()).toHaveAttribute('aria-disabled', 'false'));
    await save(user);
    expect(await screen.findByText('The change is saved: it is version 5 now')).toBeVisible();
    // A second click that comes after the refusal asks once more.
    expect([...new Set(versions)]).toEqual(['"3"', '"4"']);
    expect(sent('changePolicy').at(-1)).toEqual({ limits: { ...theirs.limits, cpuPct: 80 }, reason: 'room to spare' });
  });

  it('is noticed while it is still edited', async () => {
    let current = PRODUCTION;
    answers(mock('getPolicy', () => current));
    const { user } = edit();
    await fill(user, /^Queued jobs/, '5');
    current = theirs;
    // It is polled every 5 s without events.
    expect(await screen.findByText(/Somebody else changed this policy/, {}, { timeout: 9000 })).toBeVisible();
    expect(await field(/^Queued jobs/)).toHaveValue('5');
    await user.click(screen.getByRole('button', { name: /Go on with my edits/ }));
    expect(await field(/^CPU/)).toHaveValue('70');
    expect(await field(/^Queued jobs/)).toHaveValue('5');
  });
});

describe('windows', () => {
  const view = 'policies/production';
  const [weekend] = PRODUCTION.windows;

  it('are added, reviewed, and saved together with those there are', async () => {
    answers(mock('changePolicy', { ...PRODUCTION, version: 4 }));
    const { user } = edit('approver', view);
    await user.click(await screen.findByRole('button', { name: 'Add window' }));
    const dialog = within(await screen.findByRole('dialog', { name: 'Add a window' }));
    await user.click(dialog.getByRole('radio', { name: 'May act' }));
    await fillIn(user, dialog.getByRole('textbox', { name: /Opens at/ }), '0 2 * * MON-FRI');
    await fillIn(user, dialog.getByRole('textbox', { name: /Stays open/ }), '240');
    await user.type(dialog.getByRole('textbox', { name: /Reason/ }), 'the quiet hours');
    expect(dialog.getByText(/It opens Monday to Friday at 02:00 \(UTC\), for 4 h\./)).toBeVisible();
    await user.click(dialog.getByRole('button', { name: 'Review the change' }));
    const changes = within(await screen.findByRole('table', { name: 'Your changes' }));
    expect(changes.getByText('Automation: Monday to Friday at 02:00 (UTC), for 4 h')).toBeVisible();
    await save(user);
    await screen.findByText(/The change is saved/);
    const added = {
      kind: 'allow',
      schedule: '0 2 * * MON-FRI',
      durationMinutes: 240,
      timeZone: 'UTC',
      reason: 'the quiet hours',
    };
    expect(sent('previewPolicy')).toEqual([{ change: { windows: [weekend, added] } }]);
    expect(sent('changePolicy')).toEqual([{ windows: [weekend, added], reason: 'room to spare' }]);
  });

  it('say at the field what is wrong', async () => {
    const { user } = edit('approver', view);
    await user.click(await screen.findByRole('button', { name: 'Add window' }));
    const dialog = within(await screen.findByRole('dialog'));
    await fillIn(user, dialog.getByRole('textbox', { name: /Opens at/ }), '0 25 * * *');
    await fillIn(user, dialog.getByRole('textbox', { name: /Stays open/ }), '99999');
    await user.click(dialog.getByRole('button', { name: 'Review the change' }));
    expect(dialog.getByText(/such as 0 22 \* \* FRI/)).toBeVisible();
    expect(dialog.getByText(/from 1 to 10080/)).toBeVisible();
    expect(dialog.getByText(/Say why/)).toBeVisible();
    expect(sent('previewPolicy')).toEqual([]);
  });

  it('are edited in their place, and what the collector refuses is said', async () => {
    answers(refuses('previewPolicy', 'invalid-body', 'windows[0].schedule cannot be.'));
    const { user } = edit('approver', view);
    await user.click(await screen.findByRole('button', { name: 'Edit the window 1' }));
    const dialog = within(await screen.findByRole('dialog', { name: 'Edit the window' }));
    expect(dialog.getByRole('textbox', { name: /Opens at/ })).toHaveValue('0 16 * * FRI');
    await fillIn(user, dialog.getByRole('textbox', { name: /Stays open/ }), '60');
    await user.click(dialog.getByRole('button', { name: 'Review the change' }));
    expect(await screen.findByText('The collector does not take this window')).toBeVisible();
    expect(sent('previewPolicy')).toEqual([{ change: { windows: [{ ...weekend, durationMinutes: 60 }] } }]);
    expect(await saveButton()).toHaveAttribute('aria-disabled', 'true');
  });

  it('are removed after a review', async () => {
    answers(mock('changePolicy', { ...PRODUCTION, version: 4, windows: [] }));
    const { user } = edit('approver', view);
    await user.click(await screen.findByRole('button', { name: 'Remove the window 1' }));
    await screen.findByRole('table', { name: 'Your changes' });
    await save(user);
    await screen.findByText(/The change is saved/);
    expect(sent('changePolicy')).toEqual([{ windows: [], reason: 'room to spare' }]);
  });
});

async function fillIn(user: User, input: HTMLElement, text: string): Promise<void> {
  await user.clear(input);
  await user.type(input, text);
}

describe('a new policy', () => {
  it('has nobody whom a change concerns', async () => {
    answers(mock('getPolicy', policyOf('new')), mock('previewPolicy', previewOf({ looked: 0 })));
    const { user } = edit('approver', 'policies/new?edit=true');
    await fill(user, /^CPU/, '80');
    await review(user);
    expect(await screen.findByText('It has no targets, so nothing changes for anybody.')).toBeVisible();
  });
});
