import { describe, expect, it } from '@jest/globals';
import type { FleetSummary, Verdict } from '@openclaw-fleet/contract';
import { screen, waitFor, within } from '@testing-library/react';
import { useSummary } from '../api/fleet.ts';
import { AT, summaryOf } from '../testing/fixtures/fleet.ts';
import { show } from '../testing/render.tsx';
import { answers, asked, mock, refuses } from '../testing/server.ts';
import { TrustBanner } from './TrustBanner.tsx';

const judged = (value: Verdict, over: Partial<FleetSummary> = {}): FleetSummary =>
  summaryOf({
    verdict: { value, reason: '2 of 40 expected nodes report.', since: AT },
    expected: 40,
    online: 2,
    ...over,
  });
const banner = (summary: FleetSummary, as: 'viewer' | 'operator' | 'approver' = 'approver') => {
  answers(mock('getSummary', summary));
  return show(<TrustBanner />, { as });
};

/** Says that the summary came, which the banner itself need not. */
const Read = () => <p>{useSummary().data === undefined ? 'reading' : 'read'}</p>;

describe('TrustBanner', () => {
  it('is silent about a fleet that can be trusted', async () => {
    const { container } = show(
      <>
        <TrustBanner />
        <Read />
      </>
    );
    await screen.findByText('read');
    expect(container).toHaveTextContent(/^read$/);
  });

  it.each([
    ['partial', 'Partial disruption'],
    ['full', 'Full disruption'],
    ['blind', 'Blind'],
  ] as const)('says that the fleet is %s, why and since when', async (value, word) => {
    banner(judged(value, { expiryHeld: 'Nothing expires until 40 % report.' }), 'viewer');
    expect(await screen.findByText(word)).toBeVisible();
    expect(screen.getByText('2 of 40 expected nodes report.')).toBeVisible();
    expect(screen.getByText('Nothing expires until 40 % report.')).toBeVisible();
    expect(screen.getByText(/Since/)).toBeVisible();
  });

  it('says one reason once', async () => {
    banner(judged('full', { expiryHeld: '2 of 40 expected nodes report.' }));
    expect(await screen.findByText('2 of 40 expected nodes report.')).toBeVisible();
  });

  it('is loud about demo timings', async () => {
    banner(summaryOf({ timings: 'demo' }));
    expect(await screen.findByText(/Demo timings: this collector is 20 times faster/)).toBeVisible();
  });

  it('says nothing where the summary cannot be read: the page says why', async () => {
    answers(refuses('getSummary', 'internal-error'));
    const { container } = show(<TrustBanner />);
    await waitFor(() => expect(asked).toHaveLength(1));
    expect(container).toHaveTextContent('');
  });
});

describe('a real outage', () => {
  it('is confirmed by an approver, with a reason, once', async () => {
    const { user } = banner(judged('blind'));
    answers(mock('confirmOutage', judged('full')));
    await user.click(await screen.findByRole('button', { name: 'Confirm a real outage' }));
    const dialog = within(await screen.findByRole('dialog', { name: 'Confirm that the outage is real?' }));
    expect(dialog.getByText(/Only 2 of 40 expected nodes report/)).toBeVisible();
    await user.type(dialog.getByRole('textbox', { name: /Reason/ }), 'the data centre is down');
    answers(mock('getSummary', judged('full')));
    await user.dblClick(dialog.getByRole('button', { name: 'The outage is real' }));
    expect(await screen.findByText('Full disruption')).toBeVisible();
    await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument());
    const confirmed = asked.filter(({ route }) => route === 'confirmOutage');
    expect(confirmed.map(({ body }) => body)).toEqual([{ reason: 'the data centre is down' }]);
  });

  it('keeps a refusal in the dialog', async () => {
    const { user } = banner(judged('blind'));
    answers(refuses('confirmOutage', 'conflict', 'The fleet is not blind any more.'));
    await user.click(await screen.findByRole('button', { name: 'Confirm a real outage' }));
    await user.type(screen.getByRole('textbox', { name: /Reason/ }), 'the data centre is down');
    await user.click(screen.getByRole('button', { name: 'The outage is real' }));
    expect(await screen.findByText('The fleet is not blind any more.')).toBeVisible();
  });

  it.each(['viewer', 'operator'] as const)('is not confirmed by the role %s', async (as) => {
    const { user } = banner(judged('blind'), as);
    const button = await screen.findByRole('button', { name: 'Confirm a real outage' });
    expect(button).toHaveAttribute('aria-disabled', 'true');
    await user.click(button);
    expect(screen.queryByRole('dialog')).not.toBeInTheDocument();
  });

  it.each(['partial', 'full'] as const)('needs no confirming while the fleet is %s', async (value) => {
    banner(judged(value));
    await screen.findByText(/disruption/);
    expect(screen.queryByRole('button')).not.toBeInTheDocument();
  });
});
