import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { act, render, screen } from '@testing-library/react';
import { span, TimeAgo, useNow } from './TimeAgo.tsx';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const ago = (ms: number): string => new Date(NOW - ms).toISOString();

beforeEach(() => void jest.useFakeTimers({ now: NOW }));
afterEach(() => void jest.useRealTimers());

describe('span', () => {
  it.each([
    [-5, '0 s'],
    [0, '0 s'],
    [999, '1 s'],
    [59_000, '59 s'],
    [60_000, '1 min'],
    [119_000, '1 min'],
    [3_600_000, '1 h'],
    [86_399_000, '23 h'],
    [86_400_000, '1 d'],
    [40 * 86_400_000, '40 d'],
  ])('%i ms is %s', (ms, words) => {
    expect(span(ms)).toBe(words);
  });
});

describe('TimeAgo', () => {
  it.each([
    [90_000, '1 min ago'],
    [5000, '5 s ago'],
    [4000, 'just now'],
    [0, 'just now'],
    // The clock of the page is up to a tick behind.
    [-4000, 'just now'],
    [-90_000, 'in 1 min'],
  ])('%i ms ago', (ms, words) => {
    render(<TimeAgo at={ago(ms)} />);
    expect(screen.getByText(words)).toHaveAttribute('datetime', ago(ms));
  });

  it('has the exact time as its title', () => {
    render(<TimeAgo at={ago(90_000)} />);
    expect(screen.getByText('1 min ago')).toHaveAttribute('title', expect.stringMatching(/^2026-11-22 \d\d:58:30/));
  });

  it.each([null, undefined, 'no time'])('says so for %j', (at) => {
    render(<TimeAgo at={at} never="never seen" />);
    expect(screen.getByText('never seen')).toBeVisible();
    expect(screen.queryByText(/NaN/)).not.toBeInTheDocument();
  });

  it('grows older, with one timer for all of them, and none when all are gone', () => {
    const { unmount } = render(
      <>
        {Array.from({ length: 50 }, (_, index) => (
          <TimeAgo key={index} at={ago(10_000)} />
        ))}
      </>
    );
    expect(screen.getAllByText('10 s ago')).toHaveLength(50);
    expect(jest.getTimerCount()).toBe(1);
    act(() => {
      jest.advanceTimersByTime(5000);
    });
    expect(screen.getAllByText('15 s ago')).toHaveLength(50);
    unmount();
    expect(jest.getTimerCount()).toBe(0);
  });

  it('begins with the time as it is then, however long nobody looked', () => {
    const first = render(<TimeAgo at={ago(10_000)} />);
    first.unmount();
    jest.setSystemTime(NOW + 60_000);
    render(<TimeAgo at={ago(10_000)} />);
    expect(screen.getByText('1 min ago')).toBeVisible();
  });

  it('shares its clock with what else needs the time', () => {
    const Clock = () => <p>{useNow() - NOW}</p>;
    render(<Clock />);
    act(() => {
      jest.advanceTimersByTime(10_000);
    });
    expect(screen.getByText('10000')).toBeVisible();
  });
});
