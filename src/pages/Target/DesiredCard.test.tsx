import { beforeEach, describe, expect, it } from '@jest/globals';
import { screen, waitFor, within } from '@testing-library/react';
import type { FleetTarget, Role, TargetPolicyView } from '@openclaw-fleet/contract';
import { HttpResponse } from 'msw';
import { AT, targetOf } from '../../testing/fixtures/fleet.ts';
import { desiredOf, driftOf, HASHES, profileOf, reportedOf } from '../../testing/fixtures/target.ts';
import { show } from '../../testing/render.tsx';
import { answers, asked, mock, refuses } from '../../testing/server.ts';
import TargetPage from './TargetPage.tsx';

const ID = 'gateway-01';
const desired = {
  bridgeVersion: '1.0.0',
  configHash: HASHES.new,
  maxSyncLagMs: 60_000,
  allowAutoRemediation: true,
  requiredCapabilities: [],
};
const view = (over: Partial<TargetPolicyView> = {}) =>
  desiredOf(ID, { desired, configRevision: HASHES.new, own: { bridgeVersion: '1.0.0' }, ...over });
const is = (over: Partial<FleetTarget> = {}) =>
  mock('getTarget', { ...targetOf(ID, { desired, reported: reportedOf({ configHash: HASHES.old }), ...over }) });

const open = (as: Role = 'approver') => show(<TargetPage />, { as, path: 'targets/:targetId', at: `targets/${ID}` });
async function opened(name: string, as: Role = 'approver') {
  const shown = open(as);
  const button = await screen.findByRole('button', { name });
  await waitFor(() => expect(button).toHaveAttribute('aria-disabled', 'false'));
  await shown.user.click(button);
  return { ...shown, dialog: await screen.findByRole('dialog') };
}
const sent = (route: string) => asked.filter((each) => each.route === route);

beforeEach(() =>
  answers(
    is(),
    mock('listViolations', { items: [], total: 0, nextCursor: null }),
    mock('getDesiredState', { ...view() }),
    mock('listPolicies', { items: [profileOf('default'), profileOf('strict', { name: 'Strict' })] }),
    mock('listConfigs', {
      items: [
        {
          id: HASHES.new,
          title: 'The new one',
          createdAt: AT,
          createdBy: 'grafana:cat',
          reason: 'because',
          adoptedFrom: null,
          paths: 3,
        },
      ],
      total: 1,
      nextCursor: null,
    })
  )
);

describe('desired against reported', () => {
  it('says what differs, how bad that is and whose word it is', async () => {
    const differences = [{ path: 'messages.ackReaction', expected: '"eyes"', actual: '"none"' }];
    answers(mock('listTargetDrift', { items: [driftOf(ID, { differences })], total: 1, nextCursor: null }));
    open('viewer');
    const table = await screen.findByRole('table', { name: 'Desired against reported' });
    const hash = within(table).getByRole('row', { name: /Configuration hash/ });
    expect(within(hash).getByText('111111111111…')).toBeVisible();
    expect(within(hash).getByText('Yes')).toBeVisible();
    expect(await within(hash).findByText('Major')).toBeVisible();
    const revision = within(table).getByRole('row', { name: /Configuration revision/ });
    expect(within(revision).getByText('No')).toBeVisible();
    expect(within(revision).getByRole('link', { name: '111111111111…' })).toHaveAttribute(
      'href',
      `/a/openclaw-fleet-app/configurations/${HASHES.new}`
    );
    expect(within(within(table).getByRole('row', { name: /Bridge version/ })).getByText('Its own')).toBeVisible();
    const paths = await screen.findByRole('table', { name: 'Paths that differ' });
    expect(within(paths).getByText('messages.ackReaction')).toBeVisible();
  });

  it('a viewer may change nothing, and reads why', async () => {
    open('viewer');
    for (const name of ['Change desired state', 'Apply another profile', 'Adopt the running configuration'])
      expect(await screen.findByRole('button', { name })).toHaveAttribute('aria-disabled', 'true');
  });
});

describe('a change of the desired state', () => {
  const version = (dialog: HTMLElement) => within(dialog).getByRole('textbox', { name: 'Bridge version' });
  const confirm = (dialog: HTMLElement) => within(dialog).getByRole('button', { name: 'Change it' });

  it('is previewed first, and then sent for exactly what was previewed', async () => {
    answers(mock('changeDesiredState', { ...view({ version: 4 }) }));
    const { user, dialog } = await opened('Change desired state');
    expect(within(dialog).getByText('Nothing is changed yet.')).toBeVisible();
    await user.clear(version(dialog));
    await user.type(version(dialog), '2.0.0');
    await user.type(within(dialog).getByRole('textbox', { name: /Reason/ }), 'the new release');
    expect(within(dialog).getByText('Look at the preview first.')).toBeVisible();
    expect(confirm(dialog)).toBeDisabled();
    await user.click(within(dialog).getByRole('button', { name: 'Preview' }));
    expect(await within(dialog).findByText(/Version drift \(critical\)/)).toBeVisible();
    expect(within(dialog).getByText('69 Degraded')).toBeVisible();
    await user.dblClick(confirm(dialog));
    await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument());
    expect(sent('previewTarget').map(({ body }) => body)).toEqual([{ desired: { bridgeVersion: '2.0.0' } }]);
    expect(sent('changeDesiredState')).toHaveLength(1);
    expect(sent('changeDesiredState')[0]?.body).toEqual({ bridgeVersion: '2.0.0', reason: 'the new release' });
    expect(sent('changeDesiredState')[0]?.headers.get('if-match')).toBe('"3"');
  });

  it('needs another look after another change', async () => {
    const { user, dialog } = await opened('Change desired state');
    await user.type(version(dialog), '1');
    await user.click(within(dialog).getByRole('button', { name: 'Preview' }));
    await within(dialog).findByText(/Version drift \(critical\)/);
    await user.type(version(dialog), '2');
    expect(within(dialog).getByText('Look at the preview first.')).toBeVisible();
    expect(within(dialog).queryByText(/Version drift \(critical\)/)).not.toBeInTheDocument();
  });

  it('reads anew when somebody else was first, keeps what was entered, and goes on with the new version', async () => {
    let now = 3;
    answers(
      mock('getDesiredState', () => ({ ...view({ version: now, own: now === 3 ? {} : { maxSyncLagMs: 30_000 } }) })),
      mock('changeDesiredState', ({ headers }) => {
        if (headers.get('if-match') === '"4"') return { ...view({ version: 5 }) };
        now = 4;
        return HttpResponse.json(
          {
            type: 'urn:openclaw-fleet:problem:precondition-failed',
            title: 'Somebody else changed this first',
            status: 412,
            detail: 'It is version 4 by now. Read it anew.',
            message: 'It is version 4 by now. Read it anew.',
          },
          { status: 412, headers: { 'content-type': 'application/problem+json' } }
        );
      })
    );
    const { user, dialog } = await opened('Change desired state');
    const group = within(dialog).getByRole('radiogroup', { name: 'Who says: Bridge version' });
    await user.click(within(group).getByRole('radio', { name: 'Its own' }));
    await user.clear(version(dialog));
    await user.type(version(dialog), '2.0.0');
    await user.type(within(dialog).getByRole('textbox', { name: /Reason/ }), 'the new release');
    await user.click(within(dialog).getByRole('button', { name: 'Preview' }));
    await within(dialog).findByText(/Version drift \(critical\)/);
    await user.click(confirm(dialog));
    expect(await within(dialog).findByText('Somebody changed this meanwhile')).toBeVisible();
    expect(version(dialog)).toHaveValue('2.0.0');
    // What the other person changed shows in what was not touched.
    expect(await within(dialog).findByRole('spinbutton', { name: 'Longest sync lag (seconds)' })).toBeVisible();
    expect(confirm(dialog)).toBeDisabled();
    await user.click(within(dialog).getByRole('button', { name: 'Preview' }));
    await within(dialog).findByText(/Version drift \(critical\)/);
    await user.click(confirm(dialog));
    await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument());
    expect(sent('changeDesiredState').map(({ headers }) => headers.get('if-match'))).toEqual(['"3"', '"4"']);
  });

  it('keeps a refusal of the preview in the dialog', async () => {
    answers(refuses('previewTarget', 'invalid-body', 'That is no version.'));
    const { user, dialog } = await opened('Change desired state');
    await user.type(version(dialog), 'x');
    await user.click(within(dialog).getByRole('button', { name: 'Preview' }));
    expect(await within(dialog).findByText('That is no version.')).toBeVisible();
    expect(confirm(dialog)).toBeDisabled();
  });

  it('gives a field back to the profile', async () => {
    answers(mock('changeDesiredState', { ...view({ version: 4, own: {} }) }));
    const { user, dialog } = await opened('Change desired state');
    const group = within(dialog).getByRole('radiogroup', { name: 'Who says: Bridge version' });
    await user.click(within(group).getByRole('radio', { name: 'As its profile' }));
    await user.type(within(dialog).getByRole('textbox', { name: /Reason/ }), 'as the others');
    await user.click(within(dialog).getByRole('button', { name: 'Preview' }));
    await within(dialog).findByText(/Version drift \(critical\)/);
    await user.click(confirm(dialog));
    await waitFor(() =>
      expect(sent('changeDesiredState')[0]?.body).toEqual({ inherit: ['bridgeVersion'], reason: 'as the others' })
    );
  });
});

describe('another profile', () => {
  it('is previewed and applied', async () => {
    answers(mock('applyPolicy', { ...view({ version: 4, policyProfileId: 'strict' }) }));
    const { user, dialog } = await opened('Apply another profile');
    expect(within(dialog).queryByRole('radio', { name: /default/ })).not.toBeInTheDocument();
    await user.click(await within(dialog).findByRole('radio', { name: /Strict/ }));
    await user.click(within(dialog).getByRole('button', { name: 'Preview' }));
    await within(dialog).findByText(/Version drift \(critical\)/);
    await user.type(within(dialog).getByRole('textbox', { name: /Reason/ }), 'it is in production');
    await user.click(within(dialog).getByRole('button', { name: 'Apply the profile' }));
    await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument());
    expect(sent('applyPolicy')[0]?.body).toEqual({ policyId: 'strict', reason: 'it is in production' });
    expect(sent('applyPolicy')[0]?.headers.get('if-match')).toBe('"3"');
  });

  it('needs another look when somebody else changed the target after the preview', async () => {
    let version = 3;
    answers(mock('getDesiredState', () => ({ ...view({ version }) })));
    const { user, dialog } = await opened('Apply another profile');
    await user.click(await within(dialog).findByRole('radio', { name: /Strict/ }));
    await user.click(within(dialog).getByRole('button', { name: 'Preview' }));
    await within(dialog).findByText(/Version drift \(critical\)/);
    await user.type(within(dialog).getByRole('textbox', { name: /Reason/ }), 'it is in production');
    const apply = within(dialog).getByRole('button', { name: 'Apply the profile' });
    expect(apply).toBeEnabled();
    version = 4;
    expect(await within(dialog).findByText('Look at the preview first.', undefined, { timeout: 15_000 })).toBeVisible();
    expect(apply).toBeDisabled();
    expect(sent('applyPolicy')).toEqual([]);
  });

  it('cannot be applied where a file decides', async () => {
    answers(mock('getDesiredState', { ...view({ provisioned: true }) }));
    const { user } = open('approver');
    const button = await screen.findByRole('button', { name: 'Apply another profile' });
    await screen.findByRole('table', { name: 'Desired against reported' });
    await user.hover(button);
    expect(await screen.findByText(/A file gives it its profile/)).toBeInTheDocument();
    expect(button).toHaveAttribute('aria-disabled', 'true');
  });
});

describe('adopting what it runs', () => {
  it('makes a revision, and says what was left out', async () => {
    answers(
      mock('adoptConfig', {
        revision: {
          id: HASHES.old,
          title: 'As it is',
          values: { 'messages.ackReaction': 'eyes' },
          createdAt: AT,
          createdBy: 'grafana:ada',
          reason: 'a start',
          adoptedFrom: ID,
        },
        created: true,
        leftOut: [{ path: 'gateway.auth', message: 'it is a secret' }],
      })
    );
    const { user, dialog } = await opened('Adopt the running configuration');
    const title = within(dialog).getByRole('textbox', { name: /Title/ });
    await user.clear(title);
    expect(within(dialog).getByText('Give it a title first.')).toBeVisible();
    await user.type(title, 'As it is');
    await user.type(within(dialog).getByRole('textbox', { name: /Reason/ }), 'a start');
    await user.click(within(dialog).getByRole('button', { name: 'Make it a revision' }));
    const done = await screen.findByRole('status', { name: 'What it runs is a revision now' });
    expect(within(done).getByRole('link', { name: 'As it is' })).toHaveAttribute(
      'href',
      `/a/openclaw-fleet-app/configurations/${HASHES.old}`
    );
    expect(within(done).getByText('gateway.auth: it is a secret')).toBeVisible();
    expect(sent('adoptConfig')[0]?.body).toEqual({ title: 'As it is', reason: 'a start' });
  });

  it('is not for a target without a bridge', async () => {
    answers(is({ bridged: false, reported: undefined }));
    open('approver');
    expect(await screen.findByRole('button', { name: 'Adopt the running configuration' })).toHaveAttribute(
      'aria-disabled',
      'true'
    );
  });
});
