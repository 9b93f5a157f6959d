import { describe, expect, it } from '@jest/globals';
import { screen } from '@testing-library/react';
import type { Role } from '@openclaw-fleet/contract';
import '../testing/plugin-page.tsx';
import { FleetError } from '../api/client.ts';
import type { FailureKind } from '../api/client.ts';
import { show } from '../testing/render.tsx';
import { Empty, Failure, NotConfigured, SwitchedOff } from './states.tsx';

const fails = (kind: FailureKind, as: Role | null = 'viewer', lastGoodMs?: number) =>
  show(
    <Failure
      error={new FleetError(kind, 500, 'The words of the collector.')}
      onRetry={() => undefined}
      {...(lastGoodMs !== undefined && { lastGoodMs })}
    />,
    { as }
  );

describe('a failure', () => {
  const titles: Readonly<Record<FailureKind, string>> = {
    unreachable: 'The collector cannot be reached',
    'not-permitted': 'You are not permitted to see this',
    'not-found': 'This does not exist',
    'switched-off': 'This part of the collector is switched off',
    setup: 'Grafana and the collector do not understand each other',
    busy: 'The collector is busy',
    refused: 'This did not work',
    'changed-meanwhile': 'This did not work',
    invalid: 'This did not work',
    failed: 'This did not work',
  };
  it.each(Object.entries(titles) as [FailureKind, string][])(
    '%s has its title, and the words that came',
    (kind, title) => {
      fails(kind);
      expect(screen.getByText(title)).toBeVisible();
      expect(screen.getByText('The words of the collector.')).toBeVisible();
    }
  );

  it('is an alert, where something is wrong, and none where somebody only asked too much', () => {
    const { unmount } = fails('unreachable');
    expect(screen.getByRole('alert')).toHaveTextContent('The collector cannot be reached');
    unmount();
    fails('not-permitted');
    expect(screen.queryByRole('alert')).not.toBeInTheDocument();
  });

  it('cannot be tried again where that cannot help', () => {
    fails('not-permitted');
    expect(screen.queryByRole('button', { name: 'Try again' })).not.toBeInTheDocument();
  });

  it.each(['setup', 'unreachable'] as const)('of the kind %s leads to Setup whoever may use it', (kind) => {
    const { unmount } = fails(kind, 'operator');
    expect(screen.queryByRole('link', { name: 'Open setup' })).not.toBeInTheDocument();
    unmount();
    fails(kind, 'approver');
    expect(screen.getByRole('link', { name: 'Open setup' })).toHaveAttribute('href', '/plugins/openclaw-fleet-app');
  });

  it('of another kind does not', () => {
    fails('busy', 'approver');
    expect(screen.queryByRole('link', { name: 'Open setup' })).not.toBeInTheDocument();
  });

  it('says when what is shown was read', () => {
    fails('unreachable', 'viewer', Date.now() - 60_000);
    expect(screen.getByText(/What is shown was read/)).toHaveTextContent('What is shown was read 1 min ago.');
  });
});

describe.each([
  ['NotConfigured', NotConfigured, 'Connect this app to a collector'],
  ['SwitchedOff', SwitchedOff, 'OpenClaw Fleet is switched off'],
])('%s', (_, State, title) => {
  it('says what an administrator does about it', () => {
    show(<State />, { as: 'viewer' });
    expect(screen.getByText(title)).toBeVisible();
    expect(screen.getByText(/An administrator/)).toBeVisible();
    expect(screen.queryByRole('link')).not.toBeInTheDocument();
  });
  it('leads administrators to Setup', () => {
    show(<State />, { as: 'approver' });
    expect(screen.getByRole('link', { name: 'Open setup' })).toHaveAttribute('href', '/plugins/openclaw-fleet-app');
  });
});

describe('nothing', () => {
  it('is said in words, with what to do about it', () => {
    show(
      <Empty title="No target matches" button={<button>Clear the filters</button>}>
        Filters hide them.
      </Empty>
    );
    expect(screen.getByText('No target matches')).toBeVisible();
    expect(screen.getByText('Filters hide them.')).toBeVisible();
    expect(screen.getByRole('button', { name: 'Clear the filters' })).toBeVisible();
  });
});
