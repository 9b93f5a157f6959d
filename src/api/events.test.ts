import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { QueryClient, QueryObserver } from '@tanstack/react-query';
import type { FleetMap } from '@openclaw-fleet/contract';
import { mapOf, mapTarget } from '../testing/fixtures/fleet.ts';
import { FLUSH_MS, followEvents, REOPEN_MS } from './events.ts';
import { keys } from './keys.ts';

/** As much of an EventSource as a stream needs, driven by the test. */
class Source extends EventTarget {
  readonly url: string;
  readyState = 0;
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  constructor(url: string) {
    super();
    this.url = url;
  }
  close(): void {
    this.readyState = 2;
  }
  opens(): void {
    this.readyState = 1;
    this.onopen?.();
  }
  /** @param fatal the answer was not a stream: it does not try again by itself */
  fails(fatal: boolean): void {
    this.readyState = fatal ? 2 : 0;
    this.onerror?.();
  }
  sends(name: string, data: unknown, lastEventId = ''): void {
    const text = typeof data === 'string' ? data : JSON.stringify(data);
    this.dispatchEvent(new MessageEvent(name, { data: text, lastEventId }));
  }
}

class Tab extends EventTarget {
  visibilityState: DocumentVisibilityState = 'visible';
  turns(to: DocumentVisibilityState): void {
    this.visibilityState = to;
    this.dispatchEvent(new Event('visibilitychange'));
  }
}

const event = (targetId: string, at = '2026-11-22T12:00:05Z') => ({
  targetId,
  at,
  after: { score: 20, band: 'critical' },
});

function follow(tab = new Tab()) {
  const client = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity } } });
  const sources: Source[] = [];
  const live: boolean[] = [];
  const open = (url: string): EventSource => {
    const source = new Source(url);
    sources.push(source);
    return source as unknown as EventSource;
  };
  const end = followEvents({ client, onLive: (to) => live.push(to), document: tab as unknown as Document, open });
  /** Has something looked at, so that it is read whenever it is stale. */
  const look = (queryKey: readonly unknown[], read: () => unknown = () => 0) => {
    const reads = jest.fn(read);
    new QueryObserver(client, { queryKey, queryFn: reads }).subscribe(() => undefined);
    return reads;
  };
  const after = (ms: number) => jest.advanceTimersByTimeAsync(ms);
  return { client, tab, end, look, after, sources, last: () => sources.at(-1)!, isLive: () => live.at(-1) };
}

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

describe('The stream', () => {
  it('is opened below the proxy, and is live from its first answer', () => {
    const { last, isLive, end } = follow();
    expect(last().url).toBe('/api/plugin-proxy/openclaw-fleet-app/fleet/events');
    expect(isLive()).toBe(false);
    last().opens();
    expect(isLive()).toBe(true);
    end();
  });

  it('has what an event concerns read anew, once a second at most', async () => {
    const { last, look, after, end } = follow();
    last().opens();
    const drift = look(['drift']);
    const audit = look(['audit']);
    await after(0);
    for (let count = 0; count < 50; count += 1) last().sends('drift-detected', event(`n${count}`));
    expect(drift).toHaveBeenCalledTimes(1);
    await after(FLUSH_MS);
    expect(drift).toHaveBeenCalledTimes(2);
    expect(audit).toHaveBeenCalledTimes(1);
    end();
  });

  it('lets a reading end before the next one begins', async () => {
    const { last, look, after, end } = follow();
    last().opens();
    let answer: (value: number) => void = () => undefined;
    const summary = look(keys.summary, () => new Promise((resolve) => (answer = resolve)));
    answer(1);
    await after(0);
    for (let second = 0; second < 5; second += 1) {
      last().sends('drift-detected', event('a'));
      await after(FLUSH_MS);
    }
    expect(summary).toHaveBeenCalledTimes(2);
    answer(2);
    await after(FLUSH_MS);
    expect(summary).toHaveBeenCalledTimes(3);
    end();
  });

  it('goes on when a reading never ends', async () => {
    const { last, look, after, end } = follow();
    last().opens();
    look(keys.summary, () => new Promise(() => undefined));
    const drift = look(['drift']);
    await after(0);
    last().sends('policy-violation', event('a'));
    await after(FLUSH_MS);
    last().sends('drift-detected', event('a'));
    await after(15_000);
    expect(drift).toHaveBeenCalledTimes(2);
    end();
  });

  it('patches the map, and puts younger changes onto a map that was made before them', async () => {
    const { client, last, look, after, end } = follow();
    last().opens();
    const answer = { ...mapOf([mapTarget('a'), mapTarget('b')]), at: '2026-11-22T12:00:04Z' };
    const reads = look(keys.map({}), () => structuredClone(answer));
    await after(0);
    const band = (): string | undefined => client.getQueryData<FleetMap>(keys.map({}))?.items[0]?.band;
    last().sends('fleet-health-changed', event('a'));
    await after(FLUSH_MS);
    expect(band()).toBe('critical');
    expect(reads).toHaveBeenCalledTimes(1);
    await client.refetchQueries({ queryKey: ['map'] });
    expect(reads).toHaveBeenCalledTimes(2);
    expect(band()).toBe('critical');
    end();
  });

  it('survives what is no JSON', async () => {
    const { last, look, after, end } = follow();
    last().opens();
    const drift = look(['drift']);
    await after(0);
    last().sends('drift-detected', '{"targetId":');
    last().sends('drift-detected', 'null');
    await after(FLUSH_MS);
    expect(drift).toHaveBeenCalledTimes(1);
    last().sends('drift-detected', event('a'));
    await after(FLUSH_MS);
    expect(drift).toHaveBeenCalledTimes(2);
    end();
  });

  it('has everything read anew after a gap', async () => {
    const { last, look, after, end } = follow();
    last().opens();
    const all = [look(['drift']), look(['audit']), look(keys.summary)];
    await after(0);
    last().sends('stream-reset', { reason: 'The events that you missed are gone.' });
    await after(FLUSH_MS);
    for (const reads of all) expect(reads).toHaveBeenCalledTimes(2);
    end();
  });
});

describe('A stream that breaks', () => {
  it('is left to the browser while that tries again', async () => {
    const { sources, last, isLive, after, end } = follow();
    last().opens();
    last().fails(false);
    expect(isLive()).toBe(false);
    await after(REOPEN_MS[4]);
    expect(sources).toHaveLength(1);
    last().opens();
    expect(isLive()).toBe(true);
    end();
  });

  it('is opened again, later each time, from the last event that came', async () => {
    const { sources, last, after, end } = follow();
    last().opens();
    last().sends('drift-detected', event('a'), '41');
    last().sends('drift-detected', event('a'), '42');
    for (const [index, wait] of [...REOPEN_MS, REOPEN_MS[4]].entries()) {
      last().fails(true);
      await after(wait - 1);
      expect(sources).toHaveLength(index + 1);
      await after(1);
      expect(sources).toHaveLength(index + 2);
    }
    expect(last().url).toBe('/api/plugin-proxy/openclaw-fleet-app/fleet/events?lastEventId=42');
    last().opens();
    last().fails(true);
    await after(REOPEN_MS[0]);
    expect(sources).toHaveLength(REOPEN_MS.length + 3);
    end();
  });
});

describe('A tab', () => {
  it('that is hidden closes its stream, and opens it again where it was', () => {
    const { tab, sources, last, isLive, end } = follow();
    last().opens();
    last().sends('drift-detected', event('a'), '7');
    tab.turns('hidden');
    expect(last().readyState).toBe(2);
    expect(isLive()).toBe(false);
    tab.turns('visible');
    expect(sources).toHaveLength(2);
    expect(last().url).toMatch(/\?lastEventId=7$/);
    end();
  });

  it('that is hidden does not open a broken stream again', async () => {
    const { tab, sources, last, after, end } = follow();
    last().fails(true);
    tab.turns('hidden');
    await after(REOPEN_MS[4]);
    expect(sources).toHaveLength(1);
    end();
  });

  it('that is hidden from the start opens none', () => {
    const tab = new Tab();
    tab.turns('hidden');
    const { sources, end } = follow(tab);
    expect(sources).toHaveLength(0);
    end();
  });

  it('that is left leaves nothing behind', async () => {
    const { tab, sources, last, look, after, end } = follow();
    last().opens();
    const drift = look(['drift']);
    await after(0);
    last().sends('drift-detected', event('a'));
    end();
    expect(last().readyState).toBe(2);
    await after(REOPEN_MS[4]);
    tab.turns('visible');
    expect(sources).toHaveLength(1);
    expect(drift).toHaveBeenCalledTimes(1);
  });
});
