import { beforeEach, describe, expect, it } from '@jest/globals';
import { locationService } from '@grafana/runtime';
import { screen, waitFor } from '@testing-library/react';
import { href } from '../constants.ts';
import { AT, mapOf, mapTarget, summaryOf } from '../testing/fixtures/fleet.ts';
import { appSettings, showPanel } from '../testing/panel.tsx';
import { answers, asked, grafanaSays, mock, server } from '../testing/server.ts';
import { FleetMapPanel } from './map/FleetMapPanel.tsx';
import { MAP_DEFAULTS } from './map/options.ts';
import { VIOLATIONS_DEFAULTS } from './violations/options.ts';
import type { ViolationsOptions } from './violations/options.ts';
import { ViolationsPanel } from './violations/ViolationsPanel.tsx';

const violation = {
  id: 'v1',
  targetId: 'gateway-03',
  code: 'config-drift' as const,
  severity: 'high' as const,
  message: 'The configuration differs.',
  suggestedPlaybookId: 'ConfigDrift' as const,
  createdAt: '2026-11-22T11:00:00Z',
  resolvedAt: null,
  hint: 'Restore it.',
};
const violations = (items: (typeof violation)[], total = items.length) =>
  mock('listViolations', { items, total, nextCursor: null });

beforeEach(() => server.use(...appSettings()));

describe('any panel of the app', () => {
  it.each([
    ['is switched off', { smartFleetV2Enabled: 'false', collectorUrl: 'http://c.test' }, /switched off/],
    ['is not set up', {}, /no collector yet/],
    ['has no settings at all', null, /no collector yet/],
  ])('says that the app %s, and asks the collector nothing', async (_what, settings, words) => {
    answers(appSettings(settings));
    showPanel(FleetMapPanel, MAP_DEFAULTS);
    expect(await screen.findByText(words)).toBeVisible();
    expect(asked).toEqual([]);
  });

  it('says that the app may not be used', async () => {
    answers(appSettings({}, 403));
    showPanel(FleetMapPanel, MAP_DEFAULTS, { as: null });
    expect(await screen.findByText(/not permitted/)).toBeVisible();
  });

  it('says that the collector is away', async () => {
    answers(grafanaSays('getFleetMap', 502));
    showPanel(FleetMapPanel, MAP_DEFAULTS);
    expect(await screen.findByText(/cannot be reached/, undefined, { timeout: 15_000 })).toBeVisible();
  });
});

describe('a panel while the collector may be blind', () => {
  it('says so, and stays quiet about demo timings', async () => {
    const verdict = { value: 'blind' as const, reason: '1 of 9 expected nodes report.', since: AT };
    answers(mock('getSummary', { ...summaryOf(), timings: 'demo', verdict }));
    showPanel(FleetMapPanel, MAP_DEFAULTS);
    expect(await screen.findByText('1 of 9 expected nodes report.')).toBeVisible();
    expect(screen.queryByText(/Demo timings/)).toBeNull();
  });
});

describe('the panel of the map', () => {
  it('leads from a cell to its target', async () => {
    const { user } = showPanel(FleetMapPanel, MAP_DEFAULTS);
    await user.click(await cell('gateway-03'));
    const { pathname } = locationService.getLocation() as unknown as { pathname: string };
    expect(pathname).toBe(href.target('gateway-03'));
  });

  it('offers its data links instead, with the target filled in', async () => {
    const links = [{ title: 'Logs of ${__name}', url: '/d/logs?var-node=${__target}' }];
    const { user } = showPanel(FleetMapPanel, MAP_DEFAULTS, { links });
    await user.click(await cell('gateway-03'));
    const link = await screen.findByRole('link', { name: /Logs of gateway-03/ });
    expect(link).toHaveAttribute('href', expect.stringContaining('var-node=gateway-03'));
  });

  it('asks for the zones that its options and the dashboard’s variables name', async () => {
    showPanel(
      FleetMapPanel,
      { ...MAP_DEFAULTS, zones: '$zone, us-east', onlyTrouble: true },
      { variables: { zone: 'eu' } }
    );
    await waitFor(() => expect(asked.map(({ route }) => route)).toContain('getFleetMap'));
    const { query } = asked.find(({ route }) => route === 'getFleetMap')!;
    expect(query.getAll('zone')).toEqual(['eu', 'us-east']);
    expect(query.getAll('band')).not.toContain('healthy');
  });

  it('says that all is well when only trouble is to be shown', async () => {
    answers(mock('getFleetMap', mapOf([])));
    showPanel(FleetMapPanel, { ...MAP_DEFAULTS, onlyTrouble: true });
    expect(await screen.findByText('Every target is healthy')).toBeVisible();
  });

  it('does not call a zone healthy that may not exist', async () => {
    answers(mock('getFleetMap', mapOf([])));
    showPanel(FleetMapPanel, { ...MAP_DEFAULTS, onlyTrouble: true, zones: 'eu-wset' });
    expect(await screen.findByText('No target of these zones needs a look')).toBeVisible();
    expect(screen.getByText('eu-wset')).toBeVisible();
    expect(screen.queryByText('Every target is healthy')).toBeNull();
  });

  it('says that nothing matches', async () => {
    answers(mock('getFleetMap', mapOf([])));
    showPanel(FleetMapPanel, MAP_DEFAULTS);
    expect(await screen.findByText(/No target matches/)).toBeVisible();
  });

  it('says how many are left out', async () => {
    answers(mock('getFleetMap', { ...mapOf([mapTarget('gateway-01')]), total: 30_000, truncated: true }));
    showPanel(FleetMapPanel, MAP_DEFAULTS);
    expect(await screen.findByText(/1 of 30000 targets/)).toBeVisible();
  });
});

describe('the panel of violations', () => {
  it('shows what is open, and leads to the rest', async () => {
    answers(violations([violation], 7));
    showPanel(ViolationsPanel, VIOLATIONS_DEFAULTS);
    expect(await screen.findByText('The configuration differs.')).toBeVisible();
    expect(screen.getByRole('link', { name: 'All 7 violations' })).toBeVisible();
  });

  it('asks for what its options say', async () => {
    answers(violations([]));
    const options: ViolationsOptions = { ...VIOLATIONS_DEFAULTS, target: '$target', severities: ['high'], limit: 5 };
    showPanel(ViolationsPanel, options, { variables: { target: 'gateway-03' } });
    expect(await screen.findByText('No open violation matches the options of this panel')).toBeVisible();
    expect(screen.getByText('gateway-03, high')).toBeVisible();
    const { query } = asked.find(({ route }) => route === 'listViolations')!;
    expect([query.get('target'), query.getAll('severity'), query.get('limit')]).toEqual(['gateway-03', ['high'], '5']);
  });

  it('says that there is none in the whole fleet', async () => {
    answers(violations([]));
    showPanel(ViolationsPanel, VIOLATIONS_DEFAULTS);
    expect(await screen.findByText('No open violations')).toBeVisible();
  });

  it('begins a repair with its plan', async () => {
    answers(violations([violation]));
    const { user } = showPanel(ViolationsPanel, VIOLATIONS_DEFAULTS, { as: 'operator' });
    await user.click(await screen.findByRole('button', { name: /Repair/ }));
    expect(await screen.findByRole('dialog')).toBeVisible();
    await waitFor(() => expect(asked.map(({ route }) => route)).toContain('reconcileTarget'));
  });

  it('gives each target its data links', async () => {
    answers(violations([violation, { ...violation, id: 'v2' }]));
    showPanel(ViolationsPanel, VIOLATIONS_DEFAULTS, { links: [{ title: 'Logs', url: '/d/logs?n=${__target}' }] });
    expect(await screen.findAllByRole('link', { name: /Logs/ })).toHaveLength(1);
  });
});

async function cell(id: string): Promise<Element> {
  return waitFor(() => {
    const found = document.querySelector(`[data-target="${id}"]`);
    expect(found).not.toBeNull();
    return found!;
  });
}
