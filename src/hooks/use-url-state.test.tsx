import { describe, expect, it } from '@jest/globals';
import { screen } from '@testing-library/react';
import { Link } from 'react-router-dom';
import { show } from '../testing/render.tsx';
import { useUrlState } from './use-url-state.ts';
import type { UrlState, Values } from './use-url-state.ts';

/** A page that reads some of its address and has one button for each change. */
function Page({ read, changes }: { readonly read?: (url: UrlState) => unknown; readonly changes?: Values[] }) {
  const url = useUrlState();
  return (
    <>
      <output>{JSON.stringify(read?.(url))}</output>
      <Link to="?zone=eu">link</Link>
      <button onClick={() => changes?.forEach((each) => url.set(each))}>change</button>
    </>
  );
}

async function addressAfter(at: string, ...changes: Values[]): Promise<string> {
  const shown = show(<Page changes={changes} />, { at });
  await shown.user.click(screen.getByRole('button'));
  return shown.address();
}

describe('useUrlState', () => {
  it('reads one value, none, and lists', () => {
    const read = (url: UrlState) => [url.get('q'), url.get('nothing'), url.list('zone'), url.list('nothing')];
    show(<Page read={read} />, { at: 'fleet?q=a%20b&zone=eu&zone=us' });
    expect(screen.getByRole('status').textContent).toBe('["a b",null,["eu","us"],[]]');
  });

  it('leaves out of a list what is not allowed', () => {
    const read = (url: UrlState) => url.list('band', ['critical', 'warning']);
    show(<Page read={read} />, { at: 'fleet?band=critical&band=nonsense' });
    expect(screen.getByRole('status').textContent).toBe('["critical"]');
  });

  it.each<[string, string, Values, string]>([
    ['sets a value and keeps the others', 'fleet?q=a', { sort: '-score' }, 'fleet?q=a&sort=-score'],
    ['replaces a value', 'fleet?q=a', { q: 'b' }, 'fleet?q=b'],
    ['replaces a list as a whole', 'fleet?zone=eu&zone=us', { zone: ['asia', 'us'] }, 'fleet?zone=asia&zone=us'],
    ['takes away with null', 'fleet?q=a&sort=zone', { q: null }, 'fleet?sort=zone'],
    ['takes away with an empty text', 'fleet?q=a&sort=zone', { q: '' }, 'fleet?sort=zone'],
    ['takes away with an empty list', 'fleet?zone=eu', { zone: [] }, 'fleet?'],
  ])('%s', async (_, at, values, after) => {
    expect((await addressAfter(at, values)).replace(/\?$/, '')).toBe(after.replace(/\?$/, ''));
  });

  it('keeps both of two changes in a row', async () => {
    expect(await addressAfter('fleet?q=a', { sort: 'zone' }, { node: 'gateway-01' })).toBe(
      'fleet?q=a&sort=zone&node=gateway-01'
    );
  });

  it('goes on from where a link led to', async () => {
    const shown = show(<Page changes={[{ sort: 'zone' }]} />, { at: 'fleet?q=a' });
    await shown.user.click(screen.getByRole('link'));
    expect(shown.address()).toBe('fleet?zone=eu');
    await shown.user.click(screen.getByRole('button'));
    expect(shown.address()).toBe('fleet?zone=eu&sort=zone');
  });
});
