import { describe, expect, it } from '@jest/globals';
import { screen, waitFor, within } from '@testing-library/react';
import '../../testing/plugin-page.tsx';
import { targetOf } from '../../testing/fixtures/fleet.ts';
import { PRODUCTION, previewOf } from '../../testing/fixtures/policies.ts';
import { desiredOf } from '../../testing/fixtures/target.ts';
import { show } from '../../testing/render.tsx';
import { answers, asked, grafanaSays, mock, refuses } from '../../testing/server.ts';
import PolicyPage from './PolicyPage.tsx';

const TARGETS = ['gateway-01', 'gateway-02', 'gateway-03'].map((id) =>
  targetOf(id, { policyProfileId: id === 'gateway-03' ? 'production' : 'default' })
);
const listed = (items = TARGETS) => mock('listTargets', { items, total: items.length, nextCursor: null });

function apply(as: 'approver' | 'operator' = 'approver', at = 'policies/production?apply=true') {
  answers(listed(), mock('getPolicy', PRODUCTION), mock('previewPolicy', previewOf({ looked: 2 })));
  return show(<PolicyPage />, { as, path: 'policies/:policyId', at });
}
const choose = (id: string) => screen.findByRole('checkbox', { name: `Choose ${id}.example` });
const sent = (route: string) => asked.filter((each) => each.route === route);
type User = ReturnType<typeof apply>['user'];

async function confirm(user: User, button: RegExp): Promise<void> {
  await user.click(await screen.findByRole('button', { name: button }));
  const dialog = within(await screen.findByRole('dialog'));
  await user.type(dialog.getByRole('textbox', { name: /Reason/ }), 'they serve customers');
  await user.dblClick(dialog.getByRole('button', { name: 'Apply the policy' }));
}

describe('applying a policy to targets', () => {
  it('previews those that are chosen, then does one after the other', async () => {
    const { user, address } = apply();
    answers(mock('applyPolicy', ({ params }) => desiredOf(params['targetId'] ?? '')));
    expect(await choose('gateway-03')).toBeDisabled();
    expect(screen.getByText('production: it has it already')).toBeVisible();
    const preview = screen.getByRole('button', { name: 'Show what it would do' });
    await user.hover(preview);
    expect(await screen.findByRole('tooltip')).toHaveTextContent('Choose at least one target.');
    await user.click(await choose('gateway-01'));
    await user.click(await choose('gateway-02'));
    expect(screen.getByText('2 chosen')).toBeVisible();
    await user.click(preview);
    expect(await screen.findByText('Nothing would change for any of the 2 targets.')).toBeVisible();
    expect(sent('previewPolicy').map(({ body }) => body)).toEqual([{ applyTo: ['gateway-01', 'gateway-02'] }]);

    await confirm(user, /Apply to 2 targets/);
    expect(await screen.findByText('2 of 2 targets got Production')).toBeVisible();
    expect(sent('applyPolicy').map(({ params, body }) => [params['targetId'], body])).toEqual([
      ['gateway-01', { policyId: 'production', reason: 'they serve customers' }],
      ['gateway-02', { policyId: 'production', reason: 'they serve customers' }],
    ]);
    expect(screen.getAllByText('Applied')).toHaveLength(2);
    await user.click(screen.getByRole('button', { name: 'Back to the policy' }));
    expect(address()).toBe('policies/production');
    expect(await screen.findByRole('heading', { name: 'Limits' })).toBeVisible();
  });

  it('goes on after one that fails, says why, and tries it again', async () => {
    const { user } = apply();
    let refuse = true;
    answers(
      mock('applyPolicy', ({ params }) => {
        if (refuse && params['targetId'] === 'gateway-01')
          return Response.json(
            {
              type: 'urn:openclaw-fleet:problem:read-only',
              status: 409,
              title: '',
              detail: 'A file gives it its policy.',
              message: '',
            },
            { status: 409 }
          );
        return desiredOf(params['targetId'] ?? '');
      })
    );
    await user.click(await screen.findByRole('checkbox', { name: 'Choose all 2 that are listed' }));
    await user.click(screen.getByRole('button', { name: 'Show what it would do' }));
    await confirm(user, /Apply to 2 targets/);
    expect(await screen.findByText('1 of 2 targets got Production')).toBeVisible();
    const results = within(screen.getByRole('table', { name: 'What became of each target' }));
    expect(results.getByRole('row', { name: /gateway-01/ })).toHaveTextContent(
      'Not applied: A file gives it its policy.'
    );
    expect(results.getByRole('row', { name: /gateway-02/ })).toHaveTextContent('Applied');
    refuse = false;
    await confirm(user, /Try the other 1 again/);
    expect(await screen.findByText('2 of 2 targets got Production')).toBeVisible();
    expect(sent('applyPolicy').map(({ params }) => params['targetId'])).toEqual([
      'gateway-01',
      'gateway-02',
      'gateway-01',
    ]);
  });

  it('shows how far it is, and stops when told to', async () => {
    const { user } = apply();
    let answer = (): void => undefined;
    answers(
      mock('applyPolicy', async ({ params }) => {
        await new Promise<void>((resolve) => {
          answer = resolve;
        });
        return desiredOf(params['targetId'] ?? '');
      })
    );
    await user.click(await screen.findByRole('checkbox', { name: 'Choose all 2 that are listed' }));
    await user.click(screen.getByRole('button', { name: 'Show what it would do' }));
    await confirm(user, /Apply to 2 targets/);
    expect(await screen.findByText('0 of 2 targets have Production now')).toBeVisible();
    expect(screen.getByRole('progressbar', { name: 'Progress' })).toHaveValue(0);
    expect(screen.getByText('Under way…')).toBeVisible();
    expect(screen.getByText('Waits for its turn')).toBeVisible();
    await user.click(screen.getByRole('button', { name: 'Stop after this one' }));
    await waitFor(() => expect(sent('applyPolicy')).toHaveLength(1));
    answer();
    expect(await screen.findByText('1 of 2 targets got Production')).toBeVisible();
    expect(screen.getByText('Not done: stopped before its turn')).toBeVisible();
    expect(sent('applyPolicy')).toHaveLength(1);
  });

  it('previews anew when others are chosen', async () => {
    const { user } = apply();
    await user.click(await choose('gateway-01'));
    await user.click(screen.getByRole('button', { name: 'Show what it would do' }));
    expect(await screen.findByRole('button', { name: /Apply to 1 targets/ })).toBeVisible();
    await user.click(await choose('gateway-02'));
    expect(screen.queryByRole('button', { name: /Apply to/ })).not.toBeInTheDocument();
    expect(screen.getByRole('button', { name: 'Show what it would do' })).toBeVisible();
  });

  it('says why a preview is refused, and applies nothing', async () => {
    const { user } = apply();
    answers(refuses('previewPolicy', 'read-only', 'A file gives gateway-01 its policy.'));
    await user.click(await choose('gateway-01'));
    await user.click(screen.getByRole('button', { name: 'Show what it would do' }));
    expect(await screen.findByText('A file gives gateway-01 its policy.')).toBeVisible();
    expect(screen.queryByRole('button', { name: /Apply to/ })).not.toBeInTheDocument();
  });

  it('searches; nothing found can be cleared', async () => {
    const { user } = apply();
    await choose('gateway-01');
    answers(
      mock('listTargets', ({ query }) => {
        const items = query.get('q') === null ? TARGETS : [];
        return { items, total: items.length, nextCursor: null };
      })
    );
    await user.type(screen.getByRole('textbox', { name: 'Search targets' }), 'nothing');
    expect(await screen.findByText('No target matches')).toBeVisible();
    expect(sent('listTargets').at(-1)?.query.get('q')).toBe('nothing');
    await user.click(screen.getByRole('button', { name: 'Clear the search' }));
    expect(await screen.findByRole('row', { name: /gateway-01/ })).toBeVisible();
  });

  it('begins with those that a link names', async () => {
    const { user } = apply('approver', 'policies/production?apply=true&target=gateway-02');
    expect(await choose('gateway-02')).toBeChecked();
    await user.click(screen.getByRole('button', { name: 'Show what it would do' }));
    await waitFor(() => expect(sent('previewPolicy').map(({ body }) => body)).toEqual([{ applyTo: ['gateway-02'] }]));
  });

  it('says that the targets cannot be read', async () => {
    apply();
    answers(grafanaSays('listTargets', 502));
    expect(await screen.findByText('The collector cannot be reached')).toBeVisible();
  });

  it('is not offered to operators, whatever the link says', async () => {
    apply('operator');
    expect(await screen.findByRole('heading', { name: 'Limits' })).toBeVisible();
    expect(screen.queryByRole('table', { name: 'Targets to choose from' })).not.toBeInTheDocument();
    expect(screen.getByRole('button', { name: 'Apply to targets' })).toHaveAttribute('aria-disabled', 'true');
  });
});
