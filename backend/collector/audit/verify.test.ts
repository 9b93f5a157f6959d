import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sealAfter, type SealedRecord } from './chain.ts';
import { auditLine, readAuditLines } from './lines.ts';
import { chained, GENESIS } from './testing/records.ts';
import { CUT_ACTION, verifyChain, type Broken, type Known, type Verification } from './verify.ts';

const headOf = ({ seq, hash }: SealedRecord) => ({ seq, hash });
const at = <T>(list: readonly T[], index: number): T => list[index] as T;

/** What is wrong, in short. */
async function broken(records: Iterable<SealedRecord>, known?: Known): Promise<Partial<Broken>> {
  const result = await verifyChain(records, known);
  if (result.ok) throw new Error('it was found to be whole');
  const { fault, seq, place } = result.broken;
  return { fault, seq, place };
}

describe('a chain that is whole', () => {
  const records = [...chained(5)];

  it('is told with what is proven of it', async () => {
    const sound = { records: 5, first: 1, last: headOf(at(records, 4)), begins: 'genesis' };
    expect(await verifyChain(records)).toEqual({ ok: true, sound: { ...sound, provenTo: null } });
    for (const seq of [3, 5])
      expect(await verifyChain(records, { head: headOf(at(records, seq - 1)) })).toEqual({
        ok: true,
        sound: { ...sound, provenTo: seq },
      });
  });

  it('may be empty', async () => {
    const sound = { records: 0, first: null, last: null, begins: 'genesis', provenTo: null };
    expect(await verifyChain([])).toEqual({ ok: true, sound });
    expect(await verifyChain([], { ownHead: GENESIS })).toEqual({ ok: true, sound });
  });

  it('may be a part that follows on a head', async () => {
    const previous = headOf(at(records, 1));
    expect(await verifyChain(records.slice(2), { previous })).toMatchObject({ ok: true, sound: { begins: 'head' } });
    expect(await broken(records.slice(3), { previous })).toEqual({ fault: 'missing', seq: 3, place: 1 });
    const other = { ...previous, hash: at(records, 0).hash };
    expect(await broken(records.slice(2), { previous: other })).toEqual({ fault: 'unlinked', seq: 3, place: 1 });
  });

  it('proves nothing of its tail by its own head, which must agree', async () => {
    const ownHead = headOf(at(records, 4));
    expect(await verifyChain(records, { ownHead })).toMatchObject({ ok: true, sound: { provenTo: null } });
    expect(await broken(records.slice(0, 4), { ownHead })).toEqual({ fault: 'truncated', seq: 5, place: 5 });
    expect(await broken([], { ownHead })).toEqual({ fault: 'truncated', seq: 1, place: 1 });
  });
});

describe('a chain that was cut', () => {
  const before = [...chained(3)];
  const cut = (throughSeq: number, throughHash: string) => (index: number) =>
    index === 2
      ? { action: CUT_ACTION, data: JSON.stringify({ throughSeq, throughHash, records: throughSeq, sha256: '' }) }
      : {};
  const through = at(before, 2);

  it('begins where one of its records says that it was cut', async () => {
    const rest = [...chained(5, cut(3, through.hash), through)];
    expect(await verifyChain(rest)).toMatchObject({ ok: true, sound: { first: 4, begins: 'cut' } });
    expect(await verifyChain(rest, { head: headOf(through) })).toMatchObject({ ok: true });
    expect(await broken(rest, { head: { seq: 3, hash: at(before, 0).hash } })).toMatchObject({
      fault: 'rewritten',
      seq: 3,
    });
    expect(await verifyChain([...before, ...rest])).toMatchObject({ ok: true, sound: { begins: 'genesis' } });
    for (const shorter of [rest.slice(1), rest.slice(0, 2)])
      expect(await broken(shorter)).toEqual({ fault: 'missing', seq: 1, place: 1 });
  });

  it('needs that record to name the very record before it', async () => {
    for (const content of [
      cut(2, at(before, 1).hash),
      cut(3, at(before, 1).hash),
      () => ({ action: CUT_ACTION, data: '[' }),
    ])
      expect(await broken(chained(5, content, through))).toEqual({ fault: 'missing', seq: 1, place: 1 });
  });
});

describe('any single change', () => {
  const anyText = fc.string({ unit: 'binary', maxLength: 8 });
  const exported = fc
    .array(fc.record({ subject: anyText, reason: fc.option(anyText), data: fc.json(), actor: anyText }), {
      minLength: 2,
      maxLength: 8,
    })
    .map((contents) => [...chained(contents.length, (index) => at(contents, index))]);
  const index = (records: readonly SealedRecord[], share: number): number => Math.floor(share * records.length);
  const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  const known = (records: readonly SealedRecord[]): Known => ({ head: headOf(at(records, records.length - 1)) });

  it('to a member is found in the record it was made to', async () => {
    const otherText = {
      seq: 1,
      atMs: 1,
      actor: '',
      via: '',
      action: '',
      subject: '',
      reason: '',
      data: '',
      prev: '',
      hash: '',
    };
    const member = fc.constantFrom(...(Object.keys(otherText) as (keyof SealedRecord)[]));
    await fc.assert(
      fc.asyncProperty(exported, share, member, fc.integer({ min: 1 }), async (records, where, name, by) => {
        const place = index(records, where);
        const record = at(records, place);
        const value = record[name];
        const other = typeof value === 'number' ? value + by : value === null ? '' : `${value}${by}`;
        const result = await broken(records.with(place, { ...record, [name]: other }));
        // A chain may begin after a cut: only its hash tells that the first record has another number.
        if (name === 'seq' && place > 0) expect(result).toEqual({ fault: 'missing', seq: place + 1, place: place + 1 });
        else expect(result).toEqual({ fault: 'altered', seq: name === 'seq' ? 1 + by : place + 1, place: place + 1 });
      })
    );
  });

  it('to a byte of the file is found in its line', async () => {
    await fc.assert(
      fc.asyncProperty(exported, share, fc.integer({ min: 1, max: 255 }), async (records, where, flip) => {
        const bytes = Buffer.from(records.map((record) => `${auditLine(record)}\n`).join(''));
        const place = Math.floor(where * (bytes.length - 1));
        const line = bytes.subarray(0, place).filter((byte) => byte === 10).length + 1;
        bytes[place] = (bytes[place] ?? 0) ^ flip;
        const result = await verifyFile(bytes, known(records));
        expect(result).toMatchObject({ ok: false, broken: { place: line } });
      }),
      { numRuns: 500 }
    );
  });

  it('of one left out, two swapped, one inserted or some cut off is found where it was made', async () => {
    await fc.assert(
      fc.asyncProperty(exported, share, async (records, where) => {
        const place = index(records, where);
        const last = place === records.length - 1;
        const seq = place + 1;
        const left = await broken(records.toSpliced(place, 1), known(records));
        expect(left.fault).toBe(last ? 'truncated' : 'missing');
        expect(left.seq).toBe(seq);
        if (!last) {
          const swapped = records.with(place, at(records, seq)).with(seq, at(records, place));
          expect(await broken(swapped)).toMatchObject({ fault: place === 0 ? 'out-of-order' : 'missing', seq });
        }
        const forged = sealAfter(place > 0 ? at(records, place - 1) : GENESIS, {
          ...at(records, place),
          subject: 'forged',
        });
        // Inserted, the true one after it is one too many; in its place, the next does not follow on it.
        expect(await broken(records.toSpliced(place, 0, forged))).toMatchObject({
          fault: 'out-of-order',
          seq,
          place: seq + 1,
        });
        expect(await broken(records.with(place, forged), known(records))).toMatchObject(
          last ? { fault: 'rewritten', seq } : { fault: 'unlinked', seq: seq + 1 }
        );
        expect(await broken(records.slice(0, place), known(records))).toEqual({ fault: 'truncated', seq, place: seq });
      })
    );
  });

  it('that seals everything after it anew is found by a head, and by a head alone', async () => {
    const records = [...chained(6)];
    const forged = [...records.slice(0, 2), ...chained(4, (at) => ({ subject: `forged ${at}` }), at(records, 1))];
    expect(await verifyChain(forged)).toMatchObject({ ok: true, sound: { provenTo: null } });
    expect(await broken(forged, { head: headOf(at(records, 3)) })).toEqual({ fault: 'rewritten', seq: 4, place: 4 });
  });
});

function verifyFile(bytes: Buffer, known?: Known): Promise<Verification> {
  return verifyChain(readAuditLines(chunks(bytes, 64)), known);
}

async function* chunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let from = 0; from < bytes.length; from += size) yield await Promise.resolve(bytes.subarray(from, from + size));
}

describe('the lines of an export', () => {
  const [record] = chained(1) as unknown as [SealedRecord];

  it('are one form of a record, whatever it says and however it is split', async () => {
    const strange = [
      ...chained(2, () => ({ subject: 'a\nb\u2028c\ud800', reason: '\ufeff', data: '{"é":"\\u0000"}' })),
    ];
    const bytes = Buffer.from(strange.map((one) => `${auditLine(one)}\n`).join(''));
    for (const size of [1, 7, 10_000]) {
      const read = [];
      for await (const one of readAuditLines(chunks(bytes, size))) read.push(one);
      expect(read).toEqual(strange);
    }
  });

  it('are refused in any other form, which another reader may read otherwise', async () => {
    const line = auditLine(record);
    for (const other of [
      line.replace('"actor"', '"actor":"mallory","actor"'),
      line.replace('"seq":1', '"seq":1.0'),
      line.replace('{', '{ '),
      line.replace('}', ',"more":1}'),
      line.replace(/^\{"seq":1,(.*)\}$/, '{$1,"seq":1}'),
      line.replace('"seq":1', '"seq":"1"'),
      `\ufeff${line}`,
      `${line}\r`,
      '[]',
      '',
      line.slice(0, -1),
    ])
      expect(await verifyFile(Buffer.from(`${other}\n`))).toMatchObject({
        ok: false,
        broken: { fault: 'unreadable', place: 1, message: expect.stringMatching(/^line 1 is no audit record: ./) },
      });
    expect(await verifyFile(Buffer.from([0xff, 0x0a]))).toMatchObject({ ok: false, broken: { fault: 'unreadable' } });
    expect(await verifyFile(Buffer.from(`${line}\n${line}x\n`))).toMatchObject({ broken: { seq: 2, place: 2 } });
  });

  it('may lack the last line break, and end where a line has no end', async () => {
    expect(await verifyFile(Buffer.from(auditLine(record)))).toMatchObject({ ok: true });
    async function* endless(): AsyncGenerator<Buffer> {
      for (;;) yield await Promise.resolve(Buffer.alloc(1 << 20, 0x20));
    }
    expect(await verifyChain(readAuditLines(endless()))).toMatchObject({ ok: false, broken: { fault: 'unreadable' } });
  });
});

describe('50,000 records', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const heap = (): number => {
    collect();
    return process.memoryUsage().heapUsed;
  };

  it('are verified without being held', async () => {
    const before = heap();
    let most = 0;
    function* watched(): Generator<SealedRecord> {
      for (const record of chained(50_000)) {
        if (record.seq % 10_000 === 0) most = Math.max(most, heap() - before);
        yield record;
      }
    }
    expect(await verifyChain(watched())).toMatchObject({ ok: true, sound: { records: 50_000 } });
    // As many records take 35 MB.
    expect(most).toBeLessThan(12 * 1024 * 1024);
  }, 180_000);
});
