import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { openStorage, StorageError, type AuditEntry, type EmbeddedStorage } from '../storage/index.ts';
import { openAuditFile } from '../storage/audit-file.ts';
import type { ChainPoint } from './chain.ts';
import { lookAside, type LookAside } from './look-aside.ts';
import { lookAt } from './look.ts';
import { behindItsBack } from './testing/behind-its-back.ts';
import { chained } from './testing/records.ts';
import { CUT_ACTION } from './verify.ts';
import { AuditWatch } from './watch.ts';

interface Said {
  readonly level: string;
  readonly fields: object;
  readonly words: string;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let folder: string;
let file: string;
let store: EmbeddedStorage;
let said: Said[];
let failures: number;
/** Of each look that came to something, whether it was at the whole chain. */
let looks: boolean[];
let now: number;
/** Not yet due, or called off. */
let timers: { readonly ms: number; readonly what: () => void }[];

const entry = (subject: string, more: Partial<AuditEntry> = {}): AuditEntry => ({
  actor: { name: 'grafana:ada', via: 'grafana-id-token' },
  action: 'run.approved',
  subject,
  reason: null,
  atMs: 1,
  data: {},
  ...more,
});
const append = async (...subjects: string[]): Promise<void> => {
  for (const subject of subjects) await store.appendAudit(entry(subject));
};

function pointOf(seq: number): ChainPoint {
  const raw = new Database(file, { readonly: true });
  const point = raw.prepare<[number], ChainPoint>('select seq, hash from audit where seq = ?').get(seq);
  raw.close();
  if (!point) throw new Error(`there is no record ${seq}`);
  return point;
}

/** Puts other records in the place of those from `seq` on, sealed as the real ones are. */
function sealAnew(seq: number, count: number): void {
  const raw = new Database(file);
  raw.exec('begin');
  raw.prepare('delete from audit where seq >= ?').run(seq);
  const before = seq === 1 ? undefined : pointOf(seq - 1);
  for (const record of chained(count, () => ({ subject: 'forged' }), before)) {
    raw
      .prepare(
        'insert into audit (seq, at_ms, actor, via, action, subject, reason, data, prev, hash) values (@seq, @atMs, @actor, @via, @action, @subject, @reason, @data, @prev, @hash)'
      )
      .run(record);
    raw.prepare('update audit_head set seq = @seq, hash = @hash').run(record);
  }
  raw.exec('commit');
  raw.close();
}

/** The look that the thread takes, without one: most tests need none. */
const lookHere: LookAside = async (last, whole) => {
  await Promise.resolve();
  const audit = openAuditFile(file, 1000);
  try {
    return lookAt(audit, last, whole, () => undefined);
  } finally {
    audit.close();
  }
};

function watch(take: LookAside = lookHere): AuditWatch {
  const say =
    (level: string) =>
    (fields: object, words: string): void => {
      said.push({ level, fields, words });
    };
  return new AuditWatch({
    look: async (...args) => {
      const look = await take(...args);
      looks.push(look.whole);
      return look;
    },
    wallClock: () => now,
    hourMs: HOUR,
    after: (ms, what) => {
      const timer = { ms, what };
      timers.push(timer);
      return () => {
        timers = timers.filter((one) => one !== timer);
      };
    },
    log: { info: say('info'), warn: say('warn'), error: say('error') } as never,
    onFailure: () => failures++,
  });
}

/** Until the next look is due, in milliseconds, once the one under way is over. */
async function wait(): Promise<number> {
  while (timers.length === 0) await new Promise(setImmediate);
  expect(timers).toHaveLength(1);
  return timers[0]?.ms ?? NaN;
}

/** Lets that much time pass. */
function pass(): void {
  const [due] = timers.splice(0);
  now += due?.ms ?? 0;
  due?.what();
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fleet-audit-'));
  file = join(folder, 'fleet.db');
  store = await openStorage({ file });
  said = [];
  looks = [];
  failures = 0;
  now = 1_000_000;
  timers = [];
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('the watch over the audit chain', () => {
  it('says nothing before its first look, then what it found and when', async () => {
    await append('a', 'b');
    const audit = watch();
    expect(audit.standing()).toBeNull();
    await audit.look();
    expect(audit.standing()).toEqual({ intact: true, atMs: 1_000_000 });
    now += 5;
    await append('c');
    await audit.look();
    expect(audit.standing()).toEqual({ intact: true, atMs: 1_000_005 });
    expect([looks, said, failures]).toEqual([[true, false], [], 0]);
  });

  it('takes an empty chain for whole, and what is appended to it later', async () => {
    const audit = watch();
    for (const subject of ['a', 'b']) {
      await audit.look();
      expect(audit.standing()).toMatchObject({ intact: true });
      await append(subject);
    }
  });

  it('reads all of it with every 24th look', async () => {
    await append('a', 'b', 'c');
    const audit = watch();
    await audit.look();
    behindItsBack(file, "update audit set reason = 'another' where seq = 2");
    for (let hour = 1; hour < 24; hour++) await audit.look();
    // What is new is sound: an old record that was altered is found by the look at all of them.
    expect(audit.standing()).toMatchObject({ intact: true });
    await audit.look();
    expect(audit.standing()).toMatchObject({ intact: false });
    // Nor does what is new make it whole again.
    await audit.look();
    expect(audit.standing()).toMatchObject({ intact: false });
    expect(looks).toEqual([true, ...Array.from({ length: 23 }, () => false), true, true]);
  });

  it.each([
    ['an altered record', "update audit set actor = 'grafana:eve' where seq = 5", 5, 'altered'],
    ['a removed record', 'delete from audit where seq = 5', 5, 'missing'],
    ['records cut off the end', 'delete from audit where seq > 4', 5, 'truncated'],
    [
      'records cut off the end with the head',
      'delete from audit where seq > 2; update audit_head set seq = 2, hash = (select hash from audit where seq = 2)',
      3,
      'truncated',
    ],
    ['another head', "update audit_head set hash = 'ff'", 6, 'rewritten'],
  ])('finds %s among what is new', async (_what, sql, seq, fault) => {
    await append('a', 'b', 'c');
    const audit = watch();
    await audit.look();
    await append('d', 'e', 'f');
    behindItsBack(file, sql);
    await audit.look();
    expect(audit.standing()).toMatchObject({ intact: false });
    expect(said).toMatchObject([{ level: 'error', fields: { record: seq, fault } }]);
    expect(said[0]?.words).toMatch(new RegExp(`records? ${seq} .*audit verify.*OpenClawAuditChainBroken`));
  });

  it('finds another head when nothing is new', async () => {
    await append('a', 'b');
    const audit = watch();
    await audit.look();
    behindItsBack(file, "update audit_head set hash = 'ff'");
    await audit.look();
    expect(said).toMatchObject([{ level: 'error', fields: { record: 2, fault: 'rewritten' } }]);
  });

  it('finds records that were sealed anew, which the store alone cannot show', async () => {
    await append('a', 'b', 'c');
    const audit = watch();
    await audit.look();
    sealAnew(2, 4);
    await audit.look();
    expect(said).toMatchObject([{ level: 'error', fields: { record: 3, fault: 'rewritten' } }]);
    expect(audit.standing()).toMatchObject({ intact: false });
  });

  it('keeps it broken, and says so with each look, until all of it is found whole', async () => {
    await append('a', 'b', 'c');
    behindItsBack(file, "update audit set subject = 'x' where seq = 1");
    const audit = watch(lookAside(file, 1000));
    await audit.look();
    await append('d');
    await audit.look();
    expect(audit.standing()).toMatchObject({ intact: false });
    expect(said.map(({ level }) => level)).toEqual(['error', 'error']);
    behindItsBack(file, "update audit set subject = 'a' where seq = 1");
    await audit.look();
    expect(audit.standing()).toMatchObject({ intact: true });
    expect(said.at(-1)).toMatchObject({ level: 'info', fields: { record: 4 } });
    expect(looks).toEqual([true, true, true]);
  });

  it('accepts that old records were cut, as their record says', async () => {
    await append('a', 'b', 'c', 'd');
    const audit = watch();
    await audit.look();
    await append('e');
    const through = pointOf(4);
    const data = { throughSeq: through.seq, throughHash: through.hash };
    await store.cutAudit(through, entry('1-4', { action: CUT_ACTION, data }));
    await audit.look();
    expect([audit.standing(), said]).toEqual([{ intact: true, atMs: now }, []]);
    await append('f');
    await audit.look();
    expect(looks).toEqual([true, true, false]);
  });

  it('keeps what it knew when the database cannot be read, and counts that', async () => {
    await append('a');
    const audit = watch(lookAside(file, 1000));
    renameSync(file, `${file}.away`);
    await audit.look();
    expect([audit.standing(), failures]).toEqual([null, 1]);
    renameSync(`${file}.away`, file);
    await audit.look();
    const known = { intact: true, atMs: now };
    expect(audit.standing()).toEqual(known);
    now += 5;
    renameSync(file, `${file}.away`);
    await audit.look();
    expect([audit.standing(), failures]).toEqual([known, 2]);
    expect(said.map(({ level }) => level)).toEqual(['warn', 'warn']);
    renameSync(`${file}.away`, file);
  });

  it('looks at once and once an hour, and sooner after looks that failed', async () => {
    await append('a');
    let readable = false;
    const audit = watch(async (...args) => {
      if (!readable) throw new StorageError('the database is locked');
      return lookHere(...args);
    });
    audit.start();
    expect(await wait()).toBe(MINUTE);
    expect([audit.standing(), failures]).toEqual([null, 1]);
    expect(said).toMatchObject([{ level: 'warn', fields: { retrySeconds: 60 } }]);
    for (const next of [10 * MINUTE, 30 * MINUTE, HOUR, HOUR]) {
      pass();
      expect(await wait()).toBe(next);
    }
    expect([audit.standing(), failures]).toEqual([null, 5]);
    readable = true;
    pass();
    expect(await wait()).toBe(HOUR);
    expect(audit.standing()).toEqual({ intact: true, atMs: now });
    // Later failures are in a row of their own, and what is broken is no failure.
    readable = false;
    pass();
    expect(await wait()).toBe(MINUTE);
    readable = true;
    behindItsBack(file, "update audit_head set hash = 'ff'");
    pass();
    expect(await wait()).toBe(HOUR);
    expect([audit.standing(), failures]).toEqual([{ intact: false, atMs: now }, 6]);
    await audit.stop();
    expect(timers).toEqual([]);
  });

  it('sets no timer when it is stopped during a look', async () => {
    await append('a');
    const audit = watch(lookAside(file, 1000));
    audit.start();
    await audit.stop();
    await new Promise(setImmediate);
    expect([looks, timers]).toEqual([[], []]);
  });

  it('looks once for calls that overlap, and no more once it is stopped', async () => {
    await append('a');
    const audit = watch(lookAside(file, 1000));
    await Promise.all([audit.look(), audit.look()]);
    expect(looks).toEqual([true]);
    const underWay = audit.look();
    await audit.stop();
    await underWay;
    await audit.look();
    expect([looks, said, failures]).toEqual([[true], [], 0]);
  });

  it('does its work beside the event loop', async () => {
    sealAnew(1, 5000);
    const audit = watch(lookAside(file, 1000));
    let turns = 0;
    const state = { looking: true };
    void audit.look().then(() => (state.looking = false));
    while (state.looking) {
      await new Promise(setImmediate);
      turns++;
    }
    expect(audit.standing()).toMatchObject({ intact: true });
    // On the loop, it would be a few.
    expect(turns).toBeGreaterThan(100);
  });
});
