import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { screenOf, tinted } from './screen.ts';
import { table } from './table.ts';
import { fit, paragraph, printable, printableAll, safeJson, widthOf, wrap } from './text.ts';

/** What no terminal may get from elsewhere. */
const OBEYED = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc
    .array(
      fc.constantFrom(
        '\u001b[31m',
        '\u001b]0;title\u0007',
        '\u009b2J',
        '\u202e',
        '\u2066',
        '\r',
        '\n',
        '\u200b',
        'a',
        '\ud800'
      )
    )
    .map((parts) => parts.join(''))
);
const plainText = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '日', 'é', '😀', '-') });

describe('text from elsewhere', () => {
  it('is one line that no terminal obeys', () => {
    fc.assert(fc.property(anyText, (text) => !OBEYED.test(printable(text))));
  });

  it('is what it was where there was nothing to obey', () => {
    for (const text of ['gw-1.prod', 'Zürich 日本 😀', 'a "b" <c>', '100 % → 3']) expect(printable(text)).toBe(text);
  });

  it.each([
    ['\u001b[31mred\u001b[0m', 'red'],
    ['\u001b]0;owned\u0007after', 'after'],
    ['a\nb\r\nc\td', 'a b c d'],
    ['evil\u202egpj.exe', 'evil\ufffdgpj.exe'],
    ['\u0000\u0008', '\ufffd\ufffd'],
    ['Z\u0300\u0301\u0302\u0303\u0304\u0305\u0306', 'Z\u0300\u0301\u0302\u0303'],
  ])('%j shows as %j', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it('is made so in every string of an answer', () => {
    const answer = { items: [{ name: '\u001b[2Jx', tags: ['\u202ea'], n: 1, none: null }], 'k\u0007': true };
    expect(printableAll(answer)).toEqual({
      items: [{ name: 'x', tags: ['\ufffda'], n: 1, none: null }],
      'k\ufffd': true,
    });
  });

  it('as JSON reads back as it was, without anything to obey', () => {
    fc.assert(
      fc.property(fc.dictionary(anyText, fc.oneof(anyText, fc.integer())), (value) => {
        const text = safeJson(value);
        expect(OBEYED.test(text.replaceAll('\n', ''))).toBe(false);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      })
    );
  });
});

describe('width', () => {
  it('counts cells, not characters', () => {
    expect(['abc', '日本', '😀', 'e\u0301', ''].map(widthOf)).toEqual([3, 4, 2, 1, 0]);
  });

  it('is kept by cutting, which says that it cut', () => {
    fc.assert(
      fc.property(plainText, fc.integer({ min: 2, max: 30 }), (text, width) => {
        const cut = fit(text, width);
        expect(widthOf(cut)).toBeLessThanOrEqual(width);
        expect(cut === text || cut.endsWith('…')).toBe(true);
      })
    );
  });

  it('is kept by wrapping, which loses nothing but spaces', () => {
    fc.assert(
      fc.property(plainText, fc.integer({ min: 4, max: 30 }), (text, width) => {
        const lines = wrap(text, width);
        for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width);
        expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
      })
    );
    expect(paragraph('one two three', 9, '  ')).toBe('  one two\n  three');
    expect(wrap('a\nb c', Infinity)).toEqual(['a', 'b c']);
  });
});

describe('a table', () => {
  const columns = [
    { title: 'NAME', least: 6 },
    { title: 'STATE' },
    { title: 'WHAT', wraps: true, least: 12 },
    { title: 'ID', optional: true },
  ] as const;
  const plain = { columns: Infinity, colour: false };

  it('is never wider than the screen', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(plainText, fc.constantFrom('online', 'expired'), plainText, fc.uuid()), { maxLength: 5 }),
        fc.integer({ min: 40, max: 120 }),
        (rows, width) => {
          const text = table(columns, rows, { columns: width, colour: true });
          for (const line of stripVTControlCharacters(text).split('\n'))
            expect(widthOf(line)).toBeLessThanOrEqual(width);
        }
      )
    );
  });

  it('has everything where there is room, aligned', () => {
    expect(table([...columns, { title: 'N', align: 'right' }], [['日本', 'online', 'x\ny', 'id', '12']], plain)).toBe(
      ['NAME  STATE   WHAT  ID   N', '日本  online  x     id  12', '              y'].join('\n')
    );
  });

  it('leaves out first what is optional, then cuts what may be cut', () => {
    const rows = [['a-very-long-name-of-a-target', 'online', 'short', 'an-id']];
    expect(table(columns, rows, { columns: 30, colour: false })).toBe(
      ['NAME             STATE   WHAT', 'a-very-long-na…  online  short'].join('\n')
    );
  });
});

describe('colour', () => {
  const tty = { isTTY: true, columns: 120 };

  it('is for a terminal alone, and not where NO_COLOR or a dumb one says so', () => {
    expect(screenOf(tty, {})).toEqual({ columns: 120, colour: true });
    expect(screenOf(tty, { NO_COLOR: '1' })).toEqual({ columns: 120, colour: false });
    expect(screenOf(tty, { NO_COLOR: '' }).colour).toBe(true);
    expect(screenOf(tty, { TERM: 'dumb' }).colour).toBe(false);
    expect(screenOf({ columns: 120 }, {})).toEqual({ columns: Infinity, colour: false });
    expect(screenOf({ isTTY: true, columns: 3 }, {}).columns).toBe(40);
  });

  it('changes no text', () => {
    expect(tinted('critical', 'worst', { columns: 80, colour: true })).toBe('\u001b[31mcritical\u001b[39m');
    expect(tinted('critical', 'worst', { columns: 80, colour: false })).toBe('critical');
  });
});
