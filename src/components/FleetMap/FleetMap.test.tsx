import { describe, expect, it, jest } from '@jest/globals';
import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import type { Band, LivenessState, MapTarget } from '@openclaw-fleet/contract';
import { mapTarget } from '../../testing/fixtures/fleet.ts';
import { show } from '../../testing/render.tsx';
import { FleetMap } from './FleetMap.tsx';
import type { FleetMapProps } from './FleetMap.tsx';
import { Legend } from './Legend.tsx';
import { lookOf } from './look.ts';

const ITEMS = [
  mapTarget('gateway-01'),
  mapTarget('gateway-02', { band: 'warning', score: 80, state: 'stale' }),
  mapTarget('gateway-03', { zone: 'us-east', band: 'degraded', score: 55 }),
  mapTarget('gateway-04', {
    zone: 'us-east',
    band: 'critical',
    score: 20,
    state: 'expired',
    isolated: true,
    flapping: true,
  }),
  mapTarget('gateway-05', { zone: 'us-east', band: 'unknown', score: null, state: 'unknown' }),
];

function open(props: Partial<FleetMapProps> = {}) {
  const onSelect = jest.fn<(id: string) => void>();
  const onOpen = jest.fn<(id: string) => void>();
  const shown = show(<FleetMap items={ITEMS} onSelect={onSelect} onOpen={onOpen} {...props} />);
  return { ...shown, onSelect, onOpen };
}
const cell = (id: string): HTMLElement => screen.getByRole('option', { name: new RegExp(`^${id}`) });

describe('The map of the fleet', () => {
  it('has a cell for each target, named for who cannot see it', () => {
    open();
    expect(screen.getAllByRole('option').map((each) => each.getAttribute('aria-label'))).toEqual([
      'gateway-01.example, eu-west, healthy, score 97',
      'gateway-02.example, eu-west, warning, score 80, stale',
      'gateway-03.example, us-east, degraded, score 55',
      'gateway-04.example, us-east, critical, score 20, expired, isolated, flapping',
      'gateway-05.example, us-east, unknown, no score, unknown',
    ]);
  });

  it('divides by zone, with how many are online and the worst band', () => {
    open();
    expect(screen.getAllByRole('heading').map(({ textContent }) => textContent)).toEqual(['eu-west', 'us-east']);
    expect(within(screen.getByRole('listbox', { name: 'Nodes of us-east' })).getAllByRole('option')).toHaveLength(3);
    expect(screen.getByText('1 of 2 online')).toBeInTheDocument();
    expect(screen.getByText('1 of 3 online').parentElement).toHaveTextContent('Worst: Critical');
  });

  it('is one block when it is not divided', () => {
    open({ groupBy: 'none' });
    expect(screen.queryByRole('heading')).not.toBeInTheDocument();
    expect(within(screen.getByRole('listbox', { name: 'Nodes' })).getAllByRole('option')).toHaveLength(5);
  });

  it('has one stop for Tab, which the arrows move', async () => {
    const { user } = open();
    await user.tab();
    expect(cell('gateway-01')).toHaveFocus();
    await user.keyboard('{ArrowRight}{ArrowRight}');
    expect(cell('gateway-03')).toHaveFocus();
    expect(screen.getAllByRole('option').filter(({ tabIndex }) => tabIndex === 0)).toEqual([cell('gateway-03')]);
    await user.keyboard('{End}');
    expect(cell('gateway-05')).toHaveFocus();
  });

  it('begins at the selected cell', async () => {
    const { user } = open({ selectedId: 'gateway-04' });
    await user.tab();
    expect(cell('gateway-04')).toHaveFocus();
    expect(screen.getByRole('option', { selected: true })).toBe(cell('gateway-04'));
  });

  it('keeps a stop for Tab when the cell that had it is gone', async () => {
    const { user, rerender } = open();
    await user.click(cell('gateway-05'));
    rerender(<></>);
    show(<FleetMap items={ITEMS.slice(0, 2)} selectedId="gateway-05" onSelect={() => undefined} />);
    expect(cell('gateway-01').tabIndex).toBe(0);
  });

  it('selects by click, Enter and the space bar, and opens what is selected', async () => {
    const { user, onSelect, onOpen } = open({ selectedId: 'gateway-03' });
    await user.click(cell('gateway-02'));
    await user.keyboard('{ArrowLeft}{Enter}');
    await user.keyboard('{ArrowRight} ');
    expect(onSelect.mock.calls).toEqual([['gateway-02'], ['gateway-01'], ['gateway-02']]);
    expect(onOpen).not.toHaveBeenCalled();
    await user.keyboard('{ArrowRight}{Enter}');
    expect(onOpen.mock.calls).toEqual([['gateway-03']]);
    await user.dblClick(cell('gateway-01'));
    expect(onOpen).toHaveBeenLastCalledWith('gateway-01');
  });

  it('tells who points at a cell what it is', async () => {
    const { user } = open();
    await user.hover(cell('gateway-03'));
    expect(screen.getByText('gateway-03.example, us-east, degraded, score 55')).toBeVisible();
    fireEvent.pointerLeave(screen.getByRole('group', { name: 'Map of the fleet' }));
    expect(screen.queryByText('gateway-03.example, us-east, degraded, score 55')).not.toBeInTheDocument();
  });
});

describe('What a cell looks like', () => {
  it.each<[Band, LivenessState, string, boolean]>([
    ['healthy', 'online', '', false],
    ['warning', 'online', 'W', false],
    ['degraded', 'stale', 'D', false],
    ['critical', 'online', 'C', false],
    ['critical', 'expired', '✕', true],
    ['healthy', 'stopped', 'II', true],
    ['unknown', 'unknown', '?', false],
  ])('%s and %s: mark "%s", hollow: %s', (band, state, mark, silent) => {
    expect(lookOf({ band, state })).toEqual({ band, mark, silent });
  });

  it('is explained', () => {
    show(<Legend />);
    const legend = screen.getByRole('list', { name: 'What the cells mean' });
    expect(
      within(legend)
        .getAllByRole('listitem')
        .map(({ textContent }) => textContent)
    ).toEqual(['Healthy', 'Warning', 'Degraded', 'Critical', 'Unknown', 'Expired', 'Stopped', 'Isolated (round)']);
  });
});

describe('A change of some targets', () => {
  const onSelect = () => undefined;
  const map = (items: readonly MapTarget[]) => <FleetMap items={items} onSelect={onSelect} />;
  /** Targets that note when they are rendered: a name is read for nothing else. */
  const watched = (zone: string, reads: string[]): MapTarget[] =>
    Array.from({ length: 300 }, (_, index) => {
      const item = mapTarget(`${zone}-${index}`, { zone });
      return Object.defineProperty({ ...item }, 'name', {
        get: () => {
          reads.push(item.id);
          return item.name;
        },
        enumerable: true,
      });
    });

  it('changes their cells and no other, and renders little else', () => {
    const reads: string[] = [];
    const items = [...watched('a', reads), ...watched('b', reads)];
    const { container, rerender } = show(<></>);
    rerender(map(items));
    expect(new Set(reads).size).toBe(600);
    reads.length = 0;
    const observer = new MutationObserver(() => undefined);
    observer.observe(container, { subtree: true, childList: true, attributes: true });
    rerender(
      map(
        items.map((item) =>
          item.id === 'b-150' ? mapTarget('b-150', { zone: 'b', band: 'critical', score: 10 }) : item
        )
      )
    );
    const touched = new Set(
      observer.takeRecords().flatMap(({ target }) => (target instanceof Element ? [target] : []))
    );
    observer.disconnect();
    expect([...touched].filter((each) => each.role === 'option' || each.id !== '')).toEqual([cell('b-150')]);
    expect(cell('b-150')).toHaveAccessibleName('b-150.example, b, critical, score 10');
    expect(new Set(reads).size).toBeLessThan(100);
    expect(reads).not.toContain('a-0');
  });

  it('draws every cell, also of many', async () => {
    const items = ['a', 'b', 'c'].flatMap((zone) =>
      Array.from({ length: 1500 }, (_, index) => mapTarget(`${zone}-${index}`, { zone }))
    );
    const { container } = show(map(items));
    await waitFor(() => expect(container.querySelectorAll('[role="option"]')).toHaveLength(4500));
  });

  it('renders no cell anew when it changes none', () => {
    const reads: string[] = [];
    const items = watched('a', reads);
    const { rerender } = show(<></>);
    rerender(map(items));
    reads.length = 0;
    rerender(map([...items]));
    expect(reads).toEqual([]);
  });
});
