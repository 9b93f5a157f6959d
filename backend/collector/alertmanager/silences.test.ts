import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createAlertmanager } from './client.ts';
import { Silences } from './silences.ts';

const NOW = Date.parse('2026-02-06T12:00:00Z');
const MINUTE = 60_000;
const LASTS_MS = 30 * MINUTE;

interface Asked {
  readonly method: string;
  readonly target: string | null;
  readonly startsAt: number;
  readonly endsAt: number;
}

let server: Server;
let asked: Asked[];
/** Targets whose silences it fails to store. */
let failing: Set<string>;

/** What an Alertmanager without silences answers; tests/integration has a real one. */
beforeEach(async () => {
  asked = [];
  failing = new Set();
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const { method = '' } = request;
      if (method !== 'POST') return response.end('[]');
      const body = JSON.parse(text) as {
        matchers: { name: string; value: string }[];
        startsAt: string;
        endsAt: string;
      };
      const target = body.matchers.find(({ name }) => name === 'target')?.value ?? null;
      asked.push({ method, target, startsAt: Date.parse(body.startsAt), endsAt: Date.parse(body.endsAt) });
      return response.writeHead(failing.has(target ?? '') ? 500 : 200).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function silences(
  targets: readonly string[],
  more: { clock?: () => number; wallClock?: () => number; lastsMs?: number } = {}
) {
  const state = { held: 0, failures: 0 };
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const kept = new Silences({
    alertmanager: createAlertmanager({ urls: [url] }),
    acting: () => targets.map((id) => ({ id: `run-${id}`, targetId: id, name: id, url: 'x' })),
    known: () => Promise.resolve(false),
    lastsMs: LASTS_MS,
    lookMs: MINUTE,
    clock: () => NOW,
    wallClock: () => NOW,
    random: () => 0,
    state,
    log: { info: () => undefined, error: () => undefined, debug: () => undefined },
    ...more,
  });
  return { kept, state };
}

describe('silences of repairs that act', () => {
  it('begin and end by the wall clock, which Alertmanager has too, when the steady one is ahead of it', async () => {
    const { kept } = silences(['n1'], { clock: () => NOW + 60 * MINUTE });
    await kept.tick();
    expect(asked).toEqual([{ method: 'POST', target: 'n1', startsAt: NOW - LASTS_MS, endsAt: NOW + LASTS_MS }]);
  });

  it('are looked at on time after the wall clock was set back', async () => {
    const clock = { steady: NOW, wall: NOW };
    const { kept } = silences(['n1'], { clock: () => clock.steady, wallClock: () => clock.wall });
    await kept.tick();
    clock.steady += MINUTE;
    clock.wall -= 60 * MINUTE;
    await kept.tick();
    expect(asked).toHaveLength(2);
  });

  it('are looked at several times before they end, however short they last', async () => {
    const clock = { now: NOW };
    const { kept } = silences(['n1'], { clock: () => clock.now, lastsMs: MINUTE });
    for (let look = 0; look < 4; look++) {
      await kept.tick();
      clock.now += MINUTE / 4;
    }
    expect(asked).toHaveLength(4);
  });

  it('are made for the others when one of them fails in Alertmanager', async () => {
    failing.add('n1');
    const { kept, state } = silences(['n1', 'n2', 'n3']);
    await kept.tick();
    expect(asked.map(({ target }) => target)).toEqual(['n1', 'n2', 'n3']);
    expect(state.failures).toBe(1);
  });
});
