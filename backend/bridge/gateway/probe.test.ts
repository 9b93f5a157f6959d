import { afterEach, describe, expect, it } from '@jest/globals';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { ProbeOutcome, ProbeRound } from './probe.ts';
import { ENDPOINTS, interpret, probe, probeRound, wordsOf } from './probe.ts';

const servers: Server[] = [];
const sockets = new Set<Socket>();

/** A TCP server that does `onRequest` with each connection's first bytes. */
async function listen(onRequest: (socket: Socket, head: string) => void): Promise<URL> {
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', (chunk) => onRequest(socket, chunk.toString()));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

const reply = (status: string, body: string): string =>
  `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

describe('probe', () => {
  it('reads an answer, whatever its status', async () => {
    const base = await listen((socket) =>
      socket.end(reply('503 Service Unavailable', '{"ok":false,"status":"starting"}'))
    );
    expect(await probe(base, 'startupz')).toEqual({
      kind: 'answer',
      status: 503,
      body: { ok: false, status: 'starting' },
    });
  });

  it('asks for the endpoint it was told', async () => {
    const base = await listen((socket, head) =>
      socket.end(reply('200 OK', JSON.stringify({ path: head.split(' ')[1] })))
    );
    expect(await probe(base, 'readyz')).toMatchObject({ body: { path: '/readyz' } });
  });

  it('tells refused', async () => {
    const base = await listen(() => undefined);
    await new Promise((resolve) => servers.splice(0)[0]!.close(resolve));
    expect(await probe(base, 'healthz')).toEqual({ kind: 'refused', code: 'ECONNREFUSED' });
  });

  it('tells a process that goes away meanwhile', async () => {
    const base = await listen((socket) => socket.resetAndDestroy());
    expect(await probe(base, 'healthz')).toEqual({ kind: 'refused', code: 'ECONNRESET' });
  });

  it('tells a timeout: before the answer, and within it', async () => {
    const silent = await listen(() => undefined);
    expect(await probe(silent, 'healthz', 50)).toEqual({ kind: 'timeout' });
    const halting = await listen((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"ok"'));
    expect(await probe(halting, 'healthz', 50)).toEqual({ kind: 'timeout' });
  });

  it('tells what is no HTTP, and reads no endless answer', async () => {
    const noise = await listen((socket) => socket.end('hello\r\n'));
    expect((await probe(noise, 'healthz')).kind).toBe('failed');
    const endless = await listen((socket) => socket.write(reply('200 OK', 'x'.repeat(100_000))));
    expect(await probe(endless, 'healthz')).toEqual({ kind: 'failed', reason: 'an answer of more than 65536 bytes' });
  });

  it('takes a body that is no JSON object for an empty one', async () => {
    const base = await listen((socket) => socket.end(reply('200 OK', '<!doctype html>')));
    expect(await probe(base, 'healthz')).toEqual({ kind: 'answer', status: 200, body: {} });
  });
});

describe('probeRound', () => {
  it('costs one timeout, not three', async () => {
    let [open, most] = [0, 0];
    const base = await listen((socket) => {
      most = Math.max(most, ++open);
      socket.on('close', () => open--);
    });
    const round = await probeRound(base, () => performance.now(), 500);
    expect(most).toBe(ENDPOINTS.length);
    for (const endpoint of ENDPOINTS) {
      expect(round.outcomes[endpoint].kind).toBe('timeout');
      expect(round.durations[endpoint]).toBeGreaterThan(150);
    }
  });
});

const live: ProbeOutcome = { kind: 'answer', status: 200, body: { ok: true, status: 'live' } };
const on = (status: number, body: Record<string, unknown>): ProbeOutcome => ({ kind: 'answer', status, body });
const round = (healthz: ProbeOutcome, startupz: ProbeOutcome, readyz: ProbeOutcome): ProbeRound => ({
  outcomes: { healthz, startupz, readyz },
  durations: { healthz: 1, startupz: 1, readyz: 1 },
});
const timeout: ProbeOutcome = { kind: 'timeout' };

describe('interpret', () => {
  it('reads a started gateway', () => {
    const sighting = interpret(
      round(
        live,
        on(200, { ok: true, status: 'started', version: '2026.9.6', uptimeMs: 704943 }),
        on(200, { ready: true, failing: [], uptimeMs: 704854, eventLoop: { degraded: true, reasons: ['cpu'] } })
      )
    );
    expect(sighting).toEqual({
      kind: 'answer',
      phase: 'started',
      pending: null,
      ready: true,
      failing: [],
      version: '2026.9.6',
      uptimeMs: 704943,
      eventLoop: ['cpu'],
    });
  });

  it('reads what a start waits for, and a drain', () => {
    const busy = on(503, { ok: false, status: 'starting', version: '2026.9.6', pendingReason: 'startup-sidecars' });
    expect(interpret(round(live, busy, on(503, { ready: false, failing: ['startup-sidecars'] })))).toMatchObject({
      phase: 'starting',
      pending: 'startup-sidecars',
      ready: false,
      failing: ['startup-sidecars'],
    });
    const drain = on(503, { ok: false, status: 'draining', version: '2026.9.6' });
    expect(interpret(round(live, drain, on(503, { ready: false, failing: ['gateway-draining'] })))).toMatchObject({
      phase: 'draining',
      failing: ['gateway-draining'],
    });
  });

  it('falls back to /readyz when /startupz is silent, and names an endpoint without reasons', () => {
    expect(interpret(round(live, timeout, on(503, { failing: ['gateway-draining'] })))).toMatchObject({
      phase: 'draining',
    });
    expect(interpret(round(live, timeout, on(503, { failing: ['startup-sidecars'] })))).toMatchObject({
      phase: 'starting',
    });
    expect(interpret(round(live, timeout, timeout))).toMatchObject({
      phase: 'started',
      ready: false,
      failing: ['/readyz: no answer within 2 s'],
    });
  });

  it('lets /healthz decide whether the gateway lives', () => {
    const refused: ProbeOutcome = { kind: 'refused', code: 'ECONNREFUSED' };
    expect(interpret(round(refused, live, live))).toEqual(refused);
    expect(interpret(round(timeout, live, live))).toEqual(timeout);
  });

  it.each<[ProbeOutcome, string]>([
    [on(200, {}), 'answers 200'],
    [on(404, { status: 'live' }), 'answers 404'],
    [{ kind: 'failed', reason: 'EMFILE' }, 'EMFILE'],
  ])('does not take %j for a gateway', (outcome, reason) => {
    const sighting = interpret(round(outcome, live, live));
    expect(sighting).toMatchObject({ kind: 'unclear' });
    expect((sighting as { reason: string }).reason).toContain(reason);
  });
});

describe('wordsOf', () => {
  it.each<[ProbeOutcome, string]>([
    [live, 'answered 200'],
    [timeout, 'no answer within 2 s'],
    [{ kind: 'refused', code: 'ECONNREFUSED' }, 'connection refused'],
    [{ kind: 'failed', reason: 'EMFILE' }, 'EMFILE'],
  ])('says %j in words', (outcome, words) => expect(wordsOf(outcome)).toBe(words));
});
