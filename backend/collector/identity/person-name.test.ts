import { describe, expect, it } from '@jest/globals';
import { personNameSchema } from '@openclaw-fleet/contract';
import fc from 'fast-check';
import { labelOf, personName } from './person-name.ts';

describe('what a person is called', () => {
  it.each<[string, readonly unknown[], string | null]>([
    ['the first that is a name', [undefined, null, 7, '', ' ', 'ada', 'bob'], 'ada'],
    ['no address for mail', ['ada@example.com', 'ada'], 'ada'],
    ['nothing when there is none', ['ada@localhost', '\u0000'], null],
    ['a name with an @ in it', ['Ada @ night'], 'Ada @ night'],
    ['one line, as it reads', ['Ada\r\n\u2028Love\u202elace\u0007'], 'Ada Love lace'],
    ['every script', ['محمّد 阿达 Ünïcödé'], 'محمّد 阿达 Ünïcödé'],
    ['whole characters', ['\ud800Ada\udc00'], 'Ada'],
    ['128 characters', ['x'.repeat(200)], 'x'.repeat(128)],
    ['128 characters, none of them half', ['x'.repeat(127) + '😀'], 'x'.repeat(127)],
  ])('is %s', (_case, candidates, name) => {
    expect(personName(...candidates)).toBe(name);
  });

  it('is one that the contract takes and a line can show, whatever is claimed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (claimed) => {
        const name = personName(claimed);
        expect(personNameSchema.parse(name)).toBe(name);
        expect(name ?? 'none').toMatch(/^[^\p{Cc}\p{Cs}\p{Bidi_Control}\u2028\u2029]+$/u);
        expect(name?.trim()).toBe(name ?? undefined);
      })
    );
  });

  it('is no member of an actor that has none', () => {
    expect([labelOf('Ada'), labelOf('')]).toEqual([{ label: 'Ada' }, {}]);
  });
});
