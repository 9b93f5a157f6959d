import { describe, expect, it } from '@jest/globals';
import { addressOf, filterIn, isFiltered, NO_FILTER, orderAfter, orderIn, orderText, queryOf } from './filter.ts';

function urlOf(query: string) {
  const params = new URLSearchParams(query);
  return {
    get: (name: string) => params.get(name),
    list: <T extends string>(name: string, allowed?: readonly T[]) =>
      (params.getAll(name) as T[]).filter((each) => allowed?.includes(each) ?? true),
  };
}
const filterOf = (query: string) => filterIn(urlOf(query));

describe('The filter of an address', () => {
  it('is none of an empty one', () => {
    expect(filterOf('')).toEqual(NO_FILTER);
    expect(isFiltered(NO_FILTER)).toBe(false);
    expect(queryOf(NO_FILTER)).toEqual({});
  });

  it('leaves out what the API would refuse', () => {
    const long = 'x'.repeat(129);
    expect(filterOf(`band=worst&state=gone&zone=${long}&zone=eu&isolated=maybe&q=${long}`)).toEqual({
      ...NO_FILTER,
      zone: ['eu'],
      q: 'x'.repeat(128),
    });
    const many = Array.from({ length: 70 }, (_, index) => `tag=t${index}`).join('&');
    expect(filterOf(many).tag).toHaveLength(64);
  });

  it('asks the API for nothing but what is chosen', () => {
    expect(queryOf(filterOf('zone=eu&isolated=true&q=%20gate%20'))).toEqual({
      zone: ['eu'],
      isolated: 'true',
      q: 'gate',
    });
    expect(isFiltered(filterOf('q=%20'))).toBe(false);
  });

  it('changes what a change names, and nothing else', () => {
    expect(addressOf({ zone: ['eu'] })).toEqual({ zone: ['eu'] });
    expect(addressOf({ isolated: true })).toEqual({ isolated: 'true' });
    expect(addressOf({ isolated: false })).toEqual({ isolated: null });
  });
});

describe('The order of the table', () => {
  it.each([
    [null, 'name'],
    ['-score', '-score'],
    ['zone', 'zone'],
    ['nonsense', 'name'],
    ['-', 'name'],
  ])('%s is %s', (text, order) => {
    expect(orderText(orderIn(text))).toBe(order);
  });

  it('turns round at a second click, and begins anew at another column', () => {
    const order = orderAfter(orderIn('name'), 'score');
    expect(orderText(order)).toBe('score');
    expect(orderText(orderAfter(order, 'score'))).toBe('-score');
    expect(orderText(orderAfter(orderAfter(order, 'score'), 'score'))).toBe('score');
    expect(orderText(orderAfter(orderIn('-score'), 'zone'))).toBe('zone');
  });
});
