import { describe, expect, it } from '@jest/globals';
import type { PolicyProfile } from '@openclaw-fleet/contract';
import { screen, waitFor, within } from '@testing-library/react';
import '../../testing/plugin-page.tsx';
import { policyOf, PRODUCTION, proposalOf } from '../../testing/fixtures/policies.ts';
import { show } from '../../testing/render.tsx';
import { answers, asked, grafanaSays, mock, refuses } from '../../testing/server.ts';
import PolicyPage from './PolicyPage.tsx';

type As = 'viewer' | 'operator' | 'approver' | null;
const page = (as: As = 'viewer', at = 'policies/production') =>
  show(<PolicyPage />, { as, path: 'policies/:policyId', at });
const heading = (name: string) => screen.findByRole('heading', { name });
const group = async (name: string) => within(await screen.findByRole('region', { name }));
const sent = (route: string) => asked.filter((each) => each.route === route).map(({ body }) => body);

describe('a policy', () => {
  it('is read in groups, with units and in words', async () => {
    page();
    const drift = await group('Drift');
    expect(drift.getByText(/people repair it.*ApplyAndMonitor/)).toBeVisible();
    expect(drift.getByText('Critical')).toBeVisible();
    const desired = await group('Desired state');
    expect(desired.getByText('1.4.0')).toBeVisible();
    expect(desired.getByText('120 s')).toBeVisible();
    const limits = await group('Limits');
    expect(limits.getByText('2048 MiB')).toBeVisible();
    expect(limits.getByText('25 %')).toBeVisible();
    expect(limits.queryByText('Queued jobs')).not.toBeInTheDocument();
    expect((await group('Tags')).getByText('env:production')).toBeVisible();
    expect((await group('Guardrails')).getByText('no')).toBeVisible();
    expect(screen.getByRole('link', { name: 'Targets: 2' })).toHaveAttribute(
      'href',
      '/a/openclaw-fleet-app/fleet?profile=production'
    );
    expect(screen.getByText('Owner: platform')).toBeVisible();
  });

  it('lists its windows with what they mean, and its waivers, the ended ones marked', async () => {
    page();
    const windows = await group('Maintenance windows');
    const weekend = windows.getByRole('row', { name: /every Friday at 16:00 \(Europe\/Berlin\)/ });
    expect(weekend).toHaveTextContent('Waits');
    expect(weekend).toHaveTextContent('2 d 16 h');
    expect(weekend).toHaveTextContent(/Opens in|Open; ends in/);
    const waivers = await group('Waivers');
    expect(waivers.getByRole('row', { name: /gpu-migration/ })).toHaveTextContent(
      /CPU over the limit.*gateway-01.*In effect/
    );
    expect(waivers.getByRole('row', { name: /old-tags/ })).toHaveTextContent(/Every target of the policy.*Ended/);
  });

  it('says that there are no windows and no waivers', async () => {
    answers(mock('getPolicy', policyOf('bare')));
    page('viewer', 'policies/bare');
    expect(await screen.findByText(/automation may act at any time/)).toBeVisible();
    expect(screen.getByText(/every violation counts/)).toBeVisible();
  });

  it('loads', async () => {
    answers(mock('getPolicy', () => new Promise<never>(() => undefined)));
    page();
    expect(await screen.findByText('Loading…')).toBeVisible();
  });

  it.each([
    ['not there', () => refuses('getPolicy', 'not-found', 'No profile has this id.'), 'This does not exist'],
    ['not permitted', () => grafanaSays('getPolicy', 403), 'You are not permitted to see this'],
    ['out of reach', () => grafanaSays('getPolicy', 502), 'The collector cannot be reached'],
  ])('says that it is %s', async (_, arrange, title) => {
    answers(arrange());
    page(null);
    expect(await screen.findByText(title)).toBeVisible();
    expect(screen.queryByRole('button', { name: 'Edit' })).not.toBeInTheDocument();
  });

  it.each(['viewer', 'operator'] as const)('is not changed by the role %s, whatever the link says', async (as) => {
    const { user } = page(as, 'policies/production?edit=true');
    await heading('Limits');
    expect(screen.queryByRole('form')).not.toBeInTheDocument();
    for (const name of [
      'Edit',
      'Apply to targets',
      'Delete',
      'Add window',
      'Add waiver',
      'Remove the waiver gpu-migration',
    ]) {
      const button = screen.getByRole('button', { name });
      expect([name, button.getAttribute('aria-disabled')]).toEqual([name, 'true']);
      await user.click(button);
    }
    await user.hover(screen.getByRole('button', { name: 'Edit' }));
    expect(await screen.findByText(/openclaw-fleet-app\.fleet:approve/)).toBeVisible();
    expect(screen.queryByRole('dialog')).not.toBeInTheDocument();
  });

  it('from a file is read-only, and says why', async () => {
    const { user } = page('approver', 'policies/edge?edit=true');
    expect((await screen.findAllByText(/comes from a file, which alone can change it/))[0]).toBeVisible();
    expect(screen.queryByRole('form')).not.toBeInTheDocument();
    for (const name of ['Edit', 'Delete', 'Add window', 'Add waiver'])
      expect(screen.getByRole('button', { name })).toHaveAttribute('aria-disabled', 'true');
    expect(screen.getByRole('button', { name: 'Apply to targets' })).toHaveAttribute('aria-disabled', 'false');
    await user.click(screen.getByRole('button', { name: 'Edit' }));
    expect(screen.queryByRole('form')).not.toBeInTheDocument();
  });
});

describe('deleting a policy', () => {
  const spare = policyOf('spare');
  it('needs to be known and has a reason; then the list follows', async () => {
    answers(mock('getPolicy', spare), mock('deletePolicy', null));
    const { user, address } = page('approver', 'policies/spare');
    await user.click(await screen.findByRole('button', { name: 'Delete' }));
    const dialog = within(await screen.findByRole('dialog', { name: 'Delete the policy Spare?' }));
    await user.type(dialog.getByRole('textbox', { name: /Reason/ }), 'merged');
    expect(dialog.getByRole('button', { name: 'Delete policy' })).toBeDisabled();
    await user.click(dialog.getByRole('checkbox'));
    await user.dblClick(dialog.getByRole('button', { name: 'Delete policy' }));
    await waitFor(() => expect(address()).toBe('policies'));
    expect(sent('deletePolicy')).toEqual([{ reason: 'merged' }]);
    expect(asked.find(({ route }) => route === 'deletePolicy')?.headers.get('if-match')).toBe('"1"');
  });

  it('says who uses it by now', async () => {
    answers(
      mock('getPolicy', spare),
      refuses('deletePolicy', 'in-use', 'gateway-01 has it: give it another policy first.')
    );
    const { user } = page('approver', 'policies/spare');
    await user.click(await screen.findByRole('button', { name: 'Delete' }));
    const dialog = within(await screen.findByRole('dialog'));
    await user.type(dialog.getByRole('textbox', { name: /Reason/ }), 'merged');
    await user.click(dialog.getByRole('checkbox'));
    await user.click(dialog.getByRole('button', { name: 'Delete policy' }));
    expect(await dialog.findByText(/gateway-01 has it/)).toBeVisible();
  });

  it.each([
    ['production', /Its targets \(2\) need another policy first/],
    ['default', /every target that has no other/],
  ])('is not offered for %s', async (id, why) => {
    const { user } = page('approver', `policies/${id}`);
    await user.hover(await screen.findByRole('button', { name: 'Delete' }));
    expect(await screen.findByRole('tooltip')).toHaveTextContent(why);
  });
});

describe('a proposal', () => {
  const waits = (over = {}) => answers(mock('listProposals', { items: [proposalOf(over)] }));
  const meIs = (person: string) =>
    answers(
      mock('getMe', {
        actor: `grafana:${person}`,
        name: null,
        role: 'approver',
        kind: 'person',
        person,
        version: '0.1.0',
      })
    );
  const box = async () =>
    within((await screen.findByText(/proposes a change/)).closest<HTMLElement>('[data-testid*="lert"]')!);

  it('says who proposes what and why, and on which targets automation would begin', async () => {
    waits();
    const { user } = page();
    expect(await screen.findByText('Otto Operator proposes a change that waits for another person')).toBeVisible();
    const shown = await box();
    expect(shown.getByText(/we trust it by now/)).toBeVisible();
    expect(shown.getByRole('row', { name: /What happens about drift People repair Repairs by itself/ })).toBeVisible();
    expect(shown.getByText('Automation would begin on 2 targets: Restore the configuration.')).toBeVisible();
    await user.click(shown.getByText('Show the targets'));
    expect(shown.getByRole('link', { name: 'gateway-02' })).toBeVisible();
  });

  it.each([
    ['approve', 'Approve…', 'Approve the change', 'approveProposal', PRODUCTION],
    ['deny', 'Deny…', 'Deny the change', 'denyProposal', null],
  ] as const)('is decided by another person: %s', async (_, button, confirm, route, answer) => {
    waits();
    meIs('ada');
    answers(mock(route, answer));
    const { user } = page('approver');
    await user.click((await box()).getByRole('button', { name: button }));
    const dialog = within(await screen.findByRole('dialog'));
    await user.type(dialog.getByRole('textbox', { name: /Reason/ }), 'looked at it');
    answers(mock('listProposals', { items: [] }));
    await user.dblClick(dialog.getByRole('button', { name: confirm }));
    await waitFor(() => expect(screen.queryByText(/proposes a change/)).not.toBeInTheDocument());
    expect(sent(route)).toEqual([{ reason: 'looked at it' }]);
    expect(asked.find((each) => each.route === route)?.params['proposalId']).toBe(proposalOf().id);
  });

  it('is not approved by who asked, who may still deny it', async () => {
    waits();
    meIs('otto');
    const { user } = page('approver');
    const shown = await box();
    const approve = shown.getByRole('button', { name: 'Approve…' });
    await user.hover(approve);
    expect(await screen.findByText(/asked for this yourself/)).toBeVisible();
    expect(approve).toHaveAttribute('aria-disabled', 'true');
    await user.click(approve);
    expect(screen.queryByRole('dialog')).not.toBeInTheDocument();
    expect(shown.getByRole('button', { name: 'Deny…' })).toHaveAttribute('aria-disabled', 'false');
  });

  it('that the collector refuses stays, with why', async () => {
    waits();
    meIs('ada');
    answers(refuses('approveProposal', 'precondition-failed', 'The policy was changed meanwhile.'));
    const { user } = page('approver');
    await user.click((await box()).getByRole('button', { name: 'Approve…' }));
    const dialog = within(await screen.findByRole('dialog'));
    await user.type(dialog.getByRole('textbox', { name: /Reason/ }), 'looked at it');
    await user.click(dialog.getByRole('button', { name: 'Approve the change' }));
    expect(await dialog.findByText('The policy was changed meanwhile.')).toBeVisible();
  });

  it('is not decided by an operator', async () => {
    waits();
    page('operator');
    const shown = await box();
    for (const name of ['Approve…', 'Deny…'])
      expect(shown.getByRole('button', { name })).toHaveAttribute('aria-disabled', 'true');
  });

  it('that cannot be read says so, beside the policy', async () => {
    answers(refuses('listProposals', 'internal-error'));
    page();
    expect(await screen.findByText('It says internal-error.')).toBeVisible();
    expect(await heading('Limits')).toBeVisible();
  });
});

describe('waivers', () => {
  const saved = (over: Partial<PolicyProfile>) => ({ ...PRODUCTION, version: 4, ...over });
  const dialogOf = async (user: ReturnType<typeof page>['user'], name: string) => {
    await user.click(await screen.findByRole('button', { name }));
    return within(await screen.findByRole('dialog'));
  };

  it('are added: which violation, for whom, until when and why', async () => {
    answers(mock('addWaiver', saved({})));
    const { user } = page('approver');
    const dialog = await dialogOf(user, 'Add waiver');
    expect(dialog.getByText('Choose which violation is not counted.')).toBeVisible();
    await user.type(dialog.getByRole('combobox', { name: /Violation/ }), 'CPU{ArrowDown}{Enter}');
    expect(dialog.getByRole('combobox', { name: /Violation/ })).toHaveValue('CPU over the limit');
    await user.type(dialog.getByRole('textbox', { name: /Targets/ }), 'gateway-02{Enter}');
    await user.type(dialog.getByRole('textbox', { name: /Reason/ }), 'a busy week');
    await user.dblClick(dialog.getByRole('button', { name: 'Add waiver' }));
    await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument());
    const [body, ...more] = sent('addWaiver') as { expiresAt: string }[];
    expect(more).toEqual([]);
    expect(body).toMatchObject({
      id: 'cpu-over-limit',
      code: 'cpu-over-limit',
      targetIds: ['gateway-02'],
      reason: 'a busy week',
    });
    const days = (Date.parse(body?.expiresAt ?? '') - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(6.9);
    expect(days).toBeLessThan(7.1);
    expect(asked.find(({ route }) => route === 'addWaiver')?.headers.get('if-match')).toBe('"3"');
  });

  it('need an end that comes', async () => {
    const { user } = page('approver');
    const dialog = await dialogOf(user, 'Add waiver');
    await user.type(dialog.getByRole('combobox', { name: /Violation/ }), 'CPU{ArrowDown}{Enter}');
    expect(dialog.getByRole('combobox', { name: /Violation/ })).toHaveValue('CPU over the limit');
    await user.clear(dialog.getByLabelText(/It ends/));
    await user.type(dialog.getByLabelText(/It ends/), '2020-01-01T00:00');
    await user.type(dialog.getByRole('textbox', { name: /Reason/ }), 'a busy week');
    expect(dialog.getByText(/an end in the future/)).toBeVisible();
    expect(dialog.getByRole('button', { name: 'Add waiver' })).toBeDisabled();
  });

  it('are removed with a reason, which says what counts again', async () => {
    answers(mock('removeWaiver', saved({ waivers: [] })));
    const { user } = page('approver');
    const dialog = await dialogOf(user, 'Remove the waiver gpu-migration');
    expect(dialog.getByText(/“CPU over the limit” counts again at once, for gateway-01/)).toBeVisible();
    await user.type(dialog.getByRole('textbox', { name: /Reason/ }), 'it is done');
    await user.click(dialog.getByRole('button', { name: 'Remove waiver' }));
    expect(await screen.findByText('The change is saved: it is version 4 now')).toBeVisible();
    expect(sent('removeWaiver')).toEqual([{ reason: 'it is done' }]);
  });

  it('whose end would start automation wait for another person', async () => {
    answers(
      mock('removeWaiver', () => Response.json(proposalOf({ change: { waivers: [] } }), { status: 202 })),
      mock('listProposals', { items: [] })
    );
    const { user } = page('approver');
    const dialog = await dialogOf(user, 'Remove the waiver gpu-migration');
    await user.type(dialog.getByRole('textbox', { name: /Reason/ }), 'it is done');
    await user.click(dialog.getByRole('button', { name: 'Remove waiver' }));
    expect(await screen.findByText('Nothing is changed yet: another person must approve it')).toBeVisible();
  });

  it('that ended say that nothing changes without them', async () => {
    const { user } = page('approver');
    const dialog = await dialogOf(user, 'Remove the waiver old-tags');
    expect(dialog.getByText(/nothing changes for any target/)).toBeVisible();
  });
});
