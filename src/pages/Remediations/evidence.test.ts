import { describe, expect, it } from '@jest/globals';
import { stepOf } from '../../testing/fixtures/repairs.ts';
import { factOf, hasEvidence, nameWords } from './evidence.ts';

const text = (words: string) => ({ kind: 'value', text: words, as: 'text' });

describe('evidence as people read it', () => {
  it.each([
    ['gateway_boot_id', 'Gateway boot id'],
    ['lastLook', 'Last look'],
    ['at', 'At'],
  ])('calls %s %s', (name, words) => {
    expect(nameWords(name)).toBe(words);
  });

  it.each([
    [null, text('–')],
    [true, text('yes')],
    [0, text('0')],
    ['hung', text('hung')],
    ['2026-11-22T12:00:00.000Z', { kind: 'value', text: '2026-11-22T12:00:00.000Z', as: 'instant' }],
    ['ab'.repeat(32), { kind: 'value', text: 'ab'.repeat(32), as: 'hash' }],
  ])('%j', (value, fact) => {
    expect(factOf(value)).toEqual(fact);
  });

  it('puts looks beside each other, without what none of them saw', () => {
    const looks = [
      { gateway_state: 'hung', failing_jobs: null, sync_lag_ms: 5 },
      { gateway_state: 'running', failing_jobs: [], sync_lag_ms: null },
    ];
    expect(factOf({ asked: looks })).toEqual({
      kind: 'members',
      members: [
        {
          name: 'Asked',
          fact: {
            kind: 'table',
            columns: ['1', '2'],
            rows: [
              { name: 'Gateway state', cells: [text('hung'), text('running')] },
              { name: 'Sync lag ms', cells: [text('5'), text('–')] },
            ],
          },
        },
      ],
    });
  });

  it('puts what was measured before beside what was measured after', () => {
    const fact = factOf({ state: 'succeeded', before: { pid: 1 }, after: { pid: 2 } });
    expect(fact).toMatchObject({
      members: [
        { name: 'State' },
        { name: 'Measured', fact: { columns: ['Before', 'After'], rows: [{ name: 'Pid' }] } },
      ],
    });
  });

  it('says once what was seen each time', () => {
    expect(factOf([{ no_answer: 'refused' }, { no_answer: 'refused' }])).toEqual({
      kind: 'table',
      columns: ['2 times the same'],
      rows: [{ name: 'No answer', cells: [text('refused')] }],
    });
  });

  it('lists what is too much to compare', () => {
    expect(factOf([1, 2, 3, 4, 5].map((each) => ({ each })))).toMatchObject({ kind: 'list' });
    expect(factOf(['a', 'b'])).toEqual({ kind: 'list', items: [text('a'), text('b')] });
  });

  it('is not offered where there is none', () => {
    expect(hasEvidence(stepOf(0, { evidence: {} }))).toBe(false);
    expect(hasEvidence(stepOf(0, { evidence: { notes: [] } }))).toBe(false);
    expect(hasEvidence(stepOf(0, { evidence: { notes: ['one'] } }))).toBe(true);
  });
});
