import { randomUUID } from 'node:crypto';
import type { Goodbye, HeartbeatReply } from '@openclaw-fleet/contract';
import { nextStep } from './agenda.ts';
import { applyBackpressure } from './backpressure.ts';
import { createBeatClock } from './beat-clock.ts';
import { serializeBeat } from './beat.ts';
import type { Serialized } from './beat.ts';
import { createBlockMemory } from './block-memory.ts';
import { createBeatBuffer } from './buffer.ts';
import type { Beat } from './buffer.ts';
import { withDeadline } from './clock.ts';
import type { Delivered, Delivery } from './delivery.ts';
import { messageOf, PublishFailure } from './failure.ts';
import type { QuietLog } from './log.ts';
import type { Metrics } from './metrics.ts';
import { allowedAt, boundedInterval, FULL_ALLOWANCE, nextWait, spend } from './pace.ts';
import type { Renewal } from './renewal.ts';
import { backoff, retryAfterMs } from './retry.ts';
import type { ResolvedSettings } from './settings.ts';
import { cleanSnapshot } from './snapshot.ts';
import type { Blocks, CleanSnapshot } from './snapshot.ts';
import type { Clock, Publisher, SnapshotFunction } from './types.ts';

const GOODBYE_DEADLINE_MS = 2000;
const CLOCK_AHEAD = 'urn:openclaw-fleet:problem:clock-ahead';

export interface PublisherParts {
  readonly settings: ResolvedSettings;
  readonly snapshot: SnapshotFunction;
  readonly onReply: ((reply: HeartbeatReply) => void) | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: QuietLog;
  readonly metrics: Metrics;
  readonly delivery: Delivery;
  readonly renewal: Renewal;
  /** Ends what is under way. */
  readonly disconnect: () => void;
}

/** A new beat on its way: what it carries, and how often it failed. */
interface Pending extends Beat {
  readonly blocks: Blocks;
  failures: number;
  retryAt: number;
}

/** Decides when which beat is sent. One step at a time; every wait is one timer. */
export function createRunningPublisher(parts: PublisherParts): Publisher {
  const { settings, clock, random, log, metrics, delivery } = parts;
  const timings = settings.clientTimings;
  const bootId = randomUUID();
  const beatClock = createBeatClock(clock);
  const memory = createBlockMemory();
  const buffer = createBeatBuffer(settings.bufferSize);

  let seq = 0;
  let interval = settings.interval;
  let allowance = FULL_ALLOWANCE;
  let lastSnapshot: CleanSnapshot | null = null;
  let snapshotFailures = 0;
  let pending: Pending | null = null;
  /** Of the wait that follows the last beat. */
  let jitter = 0;
  let lastBeatAt = -Infinity;
  let soonAt = Infinity;
  /** The collector asked for silence until then. */
  let heldUntil = -Infinity;
  let replayAt: number | null = null;

  let state: 'new' | 'running' | 'stopped' = 'new';
  let busy = false;
  let cancelWake: () => void = () => undefined;
  let stopping: Promise<void> | null = null;

  function beatAt(now: number): number {
    const due = Math.min(soonAt, lastBeatAt + nextWait(interval, jitter));
    return Math.max(due, heldUntil, allowedAt(allowance, now, interval));
  }

  function step(now: number): ReturnType<typeof nextStep> {
    const retryAt = pending && Math.max(pending.retryAt, heldUntil);
    const heldReplayAt = replayAt === null ? null : Math.max(replayAt, heldUntil);
    return nextStep({ beatAt: beatAt(now), retryAt, replayAt: heldReplayAt }, now);
  }

  /** Nothing but a goodbye is sent until then, whichever request the answer was to. */
  function hold(retryAfter: string | undefined): void {
    const asked = retryAfterMs(retryAfter, clock.now(), interval);
    if (asked !== null) heldUntil = Math.max(heldUntil, clock.monotonic() + asked);
  }

  function wake(): void {
    cancelWake();
    if (state !== 'running' || busy) return;
    const next = step(clock.monotonic());
    if (typeof next === 'string') void run();
    else cancelWake = clock.after(next.wait, () => void run());
  }

  async function run(): Promise<void> {
    if (state !== 'running' || busy) return;
    busy = true;
    try {
      const next = step(clock.monotonic());
      if (next === 'beat') await beat();
      else if (next === 'retry') await deliver();
      else if (next === 'replay') await replay();
    } catch (error) {
      metrics.failed('internal');
      log.warn('internal', `a heartbeat failed inside the client: ${messageOf(error)}`);
    } finally {
      busy = false;
      wake();
    }
  }

  async function beat(): Promise<void> {
    lastBeatAt = clock.monotonic();
    soonAt = Infinity;
    jitter = random();
    const snapshot = await takeSnapshot();
    if (!snapshot || state !== 'running') return;
    lastSnapshot = snapshot;
    if (pending) keep(pending);
    allowance = spend(allowance, clock.monotonic(), interval);
    const sentAt = beatClock.next();
    const { body, blocks } = serialize(snapshot, memory.unsent(snapshot.blocks), sentAt);
    pending = { body, blocks, sentAt, failures: 0, retryAt: 0 };
    await deliver();
  }

  /** Null when the host's function failed; the next try is then due after the steps of a retry. */
  async function takeSnapshot(): Promise<CleanSnapshot | null> {
    try {
      const late = (): Error => new Error(`it did not return within ${timings.snapshotTimeout / 1000} s`);
      const work = Promise.resolve().then(() => parts.snapshot());
      const given = await withDeadline(clock, timings.snapshotTimeout, work, late);
      const { snapshot, problems } = cleanSnapshot(given, settings);
      if (problems.length > 0) log.warn('snapshot', `of what snapshot() returned: ${problems.join('. ')}`);
      else if (log.clear('snapshot')) log.info('snapshot() works again');
      snapshotFailures = 0;
      const capacity = applyBackpressure(snapshot.capacity, snapshot.queue_depth, settings.queueThreshold ?? null);
      return { ...snapshot, capacity };
    } catch (error) {
      metrics.failed('snapshot');
      const why = error instanceof PublishFailure ? error.message : `snapshot() failed: ${messageOf(error)}`;
      log.warn('snapshot', `${why}; no heartbeat was sent`);
      snapshotFailures++;
      const wait = backoff(timings.retries, snapshotFailures, random());
      if (wait !== null) soonAt = Math.min(soonAt, clock.monotonic() + wait);
      return null;
    }
  }

  function serialize(snapshot: CleanSnapshot, blocks: Blocks, time: number, goodbye?: Goodbye): Serialized {
    seq++;
    const serialized = serializeBeat({
      nodeId: settings.nodeId,
      snapshot,
      blocks,
      time,
      bootId,
      seq,
      intervalSeconds: interval / 1000,
      publisher: metrics.block(buffer.size),
      ...(goodbye && { goodbye }),
    });
    const { trimmed } = serialized;
    if (trimmed.length === 0) log.clear('size');
    else log.warn('size', `a heartbeat may have 16 KiB; left out of this one: ${trimmed.join(', ')}`);
    return serialized;
  }

  async function deliver(): Promise<void> {
    const sent = pending;
    if (!sent) return;
    let delivered: Delivered;
    try {
      delivered = await delivery.attempt(sent.body);
    } catch (error) {
      if (state === 'running') onFailure(sent, asFailure(error));
      return;
    }
    metrics.succeeded();
    pending = null;
    beatClock.taken(sent.sentAt);
    if (log.clear('publish')) log.info('heartbeats are delivered again');
    const { reply, credentials } = delivered;
    if (reply?.status === 'accepted') memory.accepted(sent.blocks);
    if (reply) onReply(reply);
    if (buffer.size > 0) replayAt ??= clock.monotonic();
    if (state === 'running') hold(await parts.renewal.check(credentials));
  }

  function onReply(reply: HeartbeatReply): void {
    interval = boundedInterval(reply.next_heartbeat_seconds, interval, timings);
    if (reply.report_full_state) memory.forget();
    try {
      parts.onReply?.(reply);
    } catch (error) {
      log.warn('reply', `onReply() failed: ${messageOf(error)}`);
    }
  }

  function onFailure(sent: Pending, failure: PublishFailure): void {
    report(failure);
    // It may have arrived all the same: what the collector holds is no longer known.
    memory.forget();
    if (failure.verdict === 'final') {
      if (failure.problemType === CLOCK_AHEAD) beatClock.restart();
      metrics.dropped(1);
      pending = null;
      return;
    }
    hold(failure.retryAfter);
    sent.failures++;
    const wait = backoff(timings.retries, sent.failures, random());
    if (wait === null) {
      keep(sent);
      pending = null;
    } else {
      sent.retryAt = clock.monotonic() + wait;
    }
  }

  function report(failure: PublishFailure): void {
    metrics.failed(failure.reason);
    const next = failure.verdict === 'final' ? 'this heartbeat is dropped' : 'it is tried again';
    log.warn('publish', `a heartbeat was not delivered (${failure.reason}): ${failure.message}; ${next}`);
  }

  function keep({ body, sentAt }: Beat): void {
    metrics.dropped(buffer.push({ body, sentAt }));
  }

  async function replay(): Promise<void> {
    const next = buffer.newest();
    replayAt = null;
    if (!next) return;
    try {
      await delivery.attempt(next.body);
    } catch (error) {
      if (state !== 'running') return;
      const failure = asFailure(error);
      report(failure);
      // Of the rest, the next delivered beat starts the replay again.
      if (failure.verdict === 'retry') {
        hold(failure.retryAfter);
        return;
      }
      metrics.dropped(1);
      buffer.remove(next);
      replayAt = clock.monotonic() + timings.replaySpacing;
      return;
    }
    metrics.succeeded();
    buffer.remove(next);
    if (buffer.size > 0) replayAt = clock.monotonic() + timings.replaySpacing;
  }

  async function end(goodbye: Goodbye | undefined, deadlineMs: number): Promise<void> {
    state = 'stopped';
    cancelWake();
    parts.disconnect();
    if (!goodbye || !lastSnapshot) return;
    try {
      const { body } = serialize(lastSnapshot, {}, beatClock.next(), goodbye);
      const late = (): Error => new PublishFailure('timeout', `no answer within ${deadlineMs / 1000} s`);
      await withDeadline(clock, deadlineMs, delivery.attempt(body), late, true);
      metrics.succeeded();
    } catch (error) {
      const failure = asFailure(error);
      metrics.failed(failure.reason);
      metrics.dropped(1);
      log.warn('goodbye', `the goodbye was not delivered (${failure.reason}): ${failure.message}`);
    } finally {
      parts.disconnect();
    }
  }

  return {
    disabledReason: null,
    start: () => {
      if (state !== 'new') return;
      state = 'running';
      wake();
    },
    publishSoon: (everything = false) => {
      if (everything) memory.forget();
      soonAt = clock.monotonic();
      wake();
    },
    stop: (goodbye, deadlineMs = GOODBYE_DEADLINE_MS) => (stopping ??= end(goodbye, deadlineMs)),
    metrics: () => metrics.render(buffer.size),
    stats: () => ({
      success: metrics.success,
      failures: metrics.failures,
      dropped: metrics.droppedTotal,
      buffered: buffer.size,
      intervalSeconds: interval / 1000,
    }),
  };
}

function asFailure(error: unknown): PublishFailure {
  return error instanceof PublishFailure ? error : new PublishFailure('internal', messageOf(error));
}
