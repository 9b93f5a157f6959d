import { describe, expect, it } from '@jest/globals';
import type { AppRootProps } from '@grafana/data';
import { screen } from '@testing-library/react';
import { http, HttpResponse } from 'msw';
import App from '../../components/App/App.tsx';
import { ORIGIN } from '../../testing/backend.ts';
import { show } from '../../testing/render.tsx';
import { answers, asked } from '../../testing/server.ts';
import { sourceOf, split, withLinks } from './runbooks.ts';

const BLIND = `# OpenClawFleetBlind

The collector cannot see the fleet.

## What it means

See [the zone](OpenClawZoneLost.md), [repairs](../repairs.md#life) and [all](README.md). <script>window.hit = 1</script>
`;
const file = (name: string, answer: () => Response) => [
  http.get(`${ORIGIN}/public/plugins/openclaw-fleet-app/runbooks/${name}.md`, answer),
];
const open = (at: string, jsonData: object = {}) =>
  show(<App {...({ meta: { jsonData } } as unknown as AppRootProps)} />, { as: 'viewer', path: '*', at });

describe('a runbook', () => {
  it('is shown while the app is not set up or switched off, and asks nothing of the collector', async () => {
    answers(file('OpenClawFleetBlind', () => HttpResponse.text(BLIND)));
    open('runbooks/OpenClawFleetBlind', { smartFleetV2Enabled: false });
    expect(await screen.findByRole('heading', { level: 1, name: 'OpenClawFleetBlind' })).toBeVisible();
    expect(await screen.findByRole('heading', { level: 2, name: 'What it means' })).toBeVisible();
    expect(document.querySelector('main script')).toBeNull();
    expect(asked).toEqual([]);
  });

  it('leads to other runbooks and to the documentation', async () => {
    answers(file('OpenClawFleetBlind', () => HttpResponse.text(BLIND)));
    open('runbooks/OpenClawFleetBlind');
    const to = async (name: string) => (await screen.findByRole('link', { name })).getAttribute('href');
    expect(await to('the zone')).toBe('/a/openclaw-fleet-app/runbooks/OpenClawZoneLost');
    expect(await to('all')).toBe('/a/openclaw-fleet-app/runbooks');
    expect(await to('repairs')).toMatch(/^https:.*\/docs\/repairs\.md#life$/);
  });

  it('is listed with all others where none is named', async () => {
    answers(file('README', () => HttpResponse.text('# Runbooks\n\nOne for each alert.\n')));
    open('runbooks');
    expect(await screen.findByText('One for each alert.')).toBeVisible();
  });

  it.each(['OpenClawNothing', '..%2Fmodule', 'a.b'])('that does not exist is said to be none: %s', async (name) => {
    answers(file('OpenClawNothing', () => new HttpResponse(null, { status: 404 })));
    open(`runbooks/${name}`);
    expect(await screen.findByRole('link', { name: 'See all runbooks' })).toBeVisible();
  });

  it('that cannot be read may be asked for again', async () => {
    let works = false;
    answers(
      file('OpenClawFleetBlind', () => (works ? HttpResponse.text(BLIND) : new HttpResponse(null, { status: 502 })))
    );
    const { user } = open('runbooks/OpenClawFleetBlind');
    const again = await screen.findByRole('button', { name: 'Try again' }, { timeout: 20_000 });
    works = true;
    await user.click(again);
    expect(await screen.findByText('The collector cannot see the fleet.')).toBeVisible();
  });
});

describe('the address of a runbook', () => {
  it('is never one outside of their folder', () => {
    expect(sourceOf('OpenClawFleetBlind')).toBe('public/plugins/openclaw-fleet-app/runbooks/OpenClawFleetBlind.md');
    for (const name of ['', '..', '../module', 'a/b', 'a.md', '%2e%2e', 'a'.repeat(81)])
      expect(sourceOf(name)).toBeNull();
  });
});

describe('the text of a runbook', () => {
  it('is its title and the rest', () => {
    expect(split('# Title here\n\ntext\n')).toEqual({ title: 'Title here', text: '\ntext\n' });
    expect(split('text')).toEqual({ title: null, text: 'text' });
  });

  it('keeps links that lead somewhere already', () => {
    const text = '[a](https://x.test/b.md) [b](/d/openclaw-fleet-target) [c](#what-it-means)';
    expect(withLinks(text)).toBe(text);
  });
});
