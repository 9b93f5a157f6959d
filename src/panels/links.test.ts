import { describe, expect, it } from '@jest/globals';
import type { InterpolateFunction } from '@grafana/data';
import { linksOf } from './links.ts';

const target = { id: 'gateway-01', name: 'one two', zone: 'eu' };
const replace: InterpolateFunction = (text, scope = {}, format) =>
  text.replace(/\$\{(\w+)\}/g, (_all, name: string) => {
    const value = String(scope[name]?.value ?? '');
    return typeof format === 'function' ? (format as (text: string) => string)(value) : value;
  });
const link = (url: string, title = 'Logs of ${__name}') => ({ url, title });

describe('data links of a panel', () => {
  it('name the target, and encode what goes into an address', () => {
    expect(linksOf([link('/d/logs?var-node=${__target}&n=${__name}&z=${__zone}')], target, replace)).toEqual([
      { title: 'Logs of one two', href: '/d/logs?var-node=gateway-01&n=one%20two&z=eu', newTab: false },
    ]);
  });

  it.each(['javascript:alert(1)', '//evil.example', 'data:text/html,x', ' javascript:alert(1)', ''])(
    'never lead to %j',
    (url) => expect(linksOf([link(url)], target, replace)).toEqual([])
  );

  it('may lead out over http, in a new tab', () => {
    expect(linksOf([{ ...link('https://logs.example/'), targetBlank: true }], target, replace)[0]?.newTab).toBe(true);
    expect(linksOf(undefined, target, replace)).toEqual([]);
  });

  it('are named by their address for want of a title', () => {
    expect(linksOf([link('/d/x', '')], target, replace)[0]?.title).toBe('/d/x');
  });
});
