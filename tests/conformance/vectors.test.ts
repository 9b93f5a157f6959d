import { describe, expect, it } from '@jest/globals';
import { applyBackpressure, isInRollout, optionsFromEnv, rolloutPosition } from '../../backend/client/index.ts';
import { createBeatClock } from '../../backend/client/beat-clock.ts';
import { MAX_BODY_BYTES, serializeBeat } from '../../backend/client/beat.ts';
import type { Serialized } from '../../backend/client/beat.ts';
import { createBeatBuffer } from '../../backend/client/buffer.ts';
import { parseReply } from '../../backend/client/delivery.ts';
import { createMetrics } from '../../backend/client/metrics.ts';
import { allowedAt, boundedInterval, FULL_ALLOWANCE, nextWait, spend } from '../../backend/client/pace.ts';
import { parseProblem } from '../../backend/client/problem.ts';
import { backoff, FAILURE_REASONS, reasonOfStatus, retryAfterMs, verdictOf } from '../../backend/client/retry.ts';
import type { FailureReason } from '../../backend/client/retry.ts';
import { resolveSettings } from '../../backend/client/settings.ts';
import { cleanSnapshot } from '../../backend/client/snapshot.ts';
import { CLIENT_TIMINGS } from '../../backend/client/timings.ts';
import { heartbeatSchema, MAX_HEARTBEAT_BYTES } from '@openclaw-fleet/contract';
import { vectors } from './vectors.ts';

describe("the TypeScript client's rules", () => {
  it.each(vectors.rollout)('place $id in a rollout', ({ id, position, out, in: within }) => {
    expect(rolloutPosition(id)).toBeCloseTo(position, 5);
    expect(out.filter((percent) => isInRollout(id, percent))).toEqual([]);
    expect(within.filter((percent) => !isInRollout(id, percent))).toEqual([]);
  });

  it.each(vectors.answers)('take a $status for $verdict', ({ status, verdict, reason }) => {
    expect(verdictOf(status)).toBe(verdict);
    if (reason !== null) expect(reasonOfStatus(status)).toBe(reason);
  });

  it('know these reasons', () => expect(FAILURE_REASONS).toEqual(vectors.reasons));

  it.each(vectors.backoff)('wait $ms ms after failure $failures ($timings)', ({ timings, failures, random, ms }) => {
    expect(backoff(CLIENT_TIMINGS[timings].retries, failures, random)).toBe(ms);
  });

  it.each(vectors.retryAfter)('read Retry-After $header as $ms ms', ({ header, at, capMs, ms }) => {
    expect(retryAfterMs(header ?? undefined, Date.parse(at), capMs)).toBe(ms);
  });

  it.each(vectors.interval)('keep $ms ms when told $told s', ({ timings, current, told, ms }) => {
    expect(boundedInterval(told, current, CLIENT_TIMINGS[timings])).toBe(ms);
  });

  it.each(vectors.waits)('beat after $ms of $intervalMs ms', ({ intervalMs, random, ms }) => {
    expect(nextWait(intervalMs, random)).toBe(ms);
  });

  it.each(vectors.allowance)('let a beat go at $at after those at $sentAt', ({ intervalMs, sentAt, now, at }) => {
    const left = sentAt.reduce((allowance, sent) => spend(allowance, sent, intervalMs), FULL_ALLOWANCE);
    expect(allowedAt(left, now, intervalMs)).toBe(at);
  });

  it.each(vectors.backpressure)('say $result of $capacity at $queueDepth', (vector) => {
    expect(applyBackpressure(vector.capacity, vector.queueDepth, vector.threshold)).toEqual(vector.result);
  });

  it.each(vectors.buffer)('keep $kept of $push', ({ capacity, push, kept, dropped }) => {
    const buffer = createBeatBuffer(capacity);
    const lost = push.map((sentAt) => buffer.push({ body: Buffer.of(), sentAt }));
    const taken: number[] = [];
    for (let next = buffer.newest(); next; next = buffer.newest()) {
      taken.push(next.sentAt);
      buffer.remove(next);
    }
    expect(taken).toEqual(kept);
    expect(lost.reduce((sum, one) => sum + one, 0)).toBe(dropped);
  });

  it.each(vectors.beatTimes)('give a time that $why', ({ steps, times }) => {
    let at = { wall: 0, monotonic: 0 };
    const clock = createBeatClock({ now: () => at.wall, monotonic: () => at.monotonic, after: () => () => undefined });
    const given = steps.map((step) => {
      at = step;
      if (step.restart) clock.restart();
      const time = clock.next();
      if (step.taken) clock.taken(time);
      return time;
    });
    expect(given).toEqual(times);
  });
});

function beatOf(given: unknown, version: string | null = '1.0.0', tags: readonly string[] = []) {
  const defaults = { hostname: 'host', tags, ...(version !== null && { version }) };
  const { snapshot, problems } = cleanSnapshot(given, defaults);
  const serialized: Serialized = serializeBeat({
    nodeId: 'uuid-1234',
    snapshot,
    blocks: snapshot.blocks,
    time: Date.parse('2026-02-06T12:34:56Z'),
    bootId: 'boot-1',
    seq: 7,
    intervalSeconds: 60,
    publisher: { success_total: 1, failure_total: { network: 2 } },
  });
  return { ...serialized, problems };
}

describe("the TypeScript client's beat", () => {
  it.each(vectors.beats)('$why', ({ snapshot, version, tags, body, problems }) => {
    const beat = beatOf(snapshot, version, tags);
    expect(beat.body.toString()).toBe(body);
    expect(beat.problems).toEqual(problems);
    const parsed: unknown = JSON.parse(beat.body.toString());
    expect(heartbeatSchema.parse(parsed)).toEqual(parsed);
  });

  it.each(vectors.unreadable)('is none of $snapshot', ({ snapshot }) => {
    expect(() => beatOf(snapshot)).toThrow('snapshot() must return an object');
  });

  it.each(vectors.sizes)('$why when it is too large', (vector) => {
    const text = (name: string, length: number, fill: string): string => name + fill.repeat(length - name.length);
    const tags = Array.from({ length: vector.tags }, (_, n) => text(`t${n}:`, vector.tagLength, vector.tagFill));
    tags.splice(-1, 1, 'region:eu-1');
    const health_reasons = Array.from({ length: vector.reasons }, () => 'r'.repeat(vector.reasonLength));
    const { reported, jobs } = vectors.sizeBlocks;
    const beat = beatOf({ tags, reported: { ...reported, health_reasons }, jobs, capabilities: ['restart'] });
    expect(beat.trimmed).toEqual(vector.trimmed);
    const kept = JSON.parse(beat.body.toString()) as { tags: string[] };
    expect(kept.tags).toHaveLength(vector.tagsLeft);
    expect(kept.tags).toContain('region:eu-1');
    expect(beat.body.length).toBeLessThanOrEqual(MAX_BODY_BYTES);
    expect(MAX_BODY_BYTES).toBe(MAX_HEARTBEAT_BYTES);
  });
});

describe("the TypeScript client's reading", () => {
  it.each(vectors.texts)('of $problem', ({ problem, title, detail }) => {
    expect(parseProblem(JSON.stringify(problem))).toMatchObject({ title, detail });
  });

  it.each(vectors.replies)('of the reply $body', ({ body, reply }) => {
    expect(parseReply(body)).toEqual(reply);
  });

  it.each(vectors.settings.fine)('of the settings $env', ({ env, is }) => {
    const read = resolveSettings(optionsFromEnv({ ...vectors.settings.env, ...env }) as never);
    const { endpoint, ...others } = is;
    if (!('endpoint' in read)) throw new Error(read.disabled);
    const named = Object.entries(others).map(([name, value]) => [
      name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
      value,
    ]);
    expect(read).toMatchObject(Object.fromEntries(named) as object);
    if (endpoint !== undefined) expect(read.endpoint.href).toBe(endpoint);
  });

  it.each(vectors.settings.off)('of the settings $env, which turn it off', ({ env, says, byChoice }) => {
    const read = optionsFromEnv({ ...vectors.settings.env, ...env }) as { disabled: string; byChoice?: boolean };
    expect(read.disabled).toContain(says);
    expect(read.byChoice ?? false).toBe(byChoice);
  });
});

describe("the TypeScript client's metrics", () => {
  it('are these, to the letter', () => {
    const vector = vectors.metrics;
    const metrics = createMetrics();
    for (let beat = 0; beat < vector.succeeded; beat++) metrics.succeeded();
    vector.failed.forEach((reason) => metrics.failed(reason as FailureReason));
    vector.dropped.forEach((beats) => metrics.dropped(beats));
    vector.observed.forEach((seconds) => metrics.observe(seconds));
    expect(metrics.block(vector.buffered)).toEqual(vector.block);
    expect(metrics.render(vector.buffered).split('\n')).toEqual([...vector.text, '']);
  });
});
