import { describe, expect, it } from '@jest/globals';
import { canonicalJson, DENIED_SECTIONS, deniedSetting, type ConfigValues, type Json } from '@openclaw-fleet/contract';
import fc from 'fast-check';
import { differences, NOT_SET } from './diff.ts';
import { configHash } from './hash.ts';
import { overlaid, unmanaged } from './overlay.ts';
import { adoptable, reportedAt } from './reported.ts';
import { costRatio } from './testing/cost.ts';
import { documentProblems, overlaps, shapeProblems } from './schema-check.ts';

const SECRET = 'Zk9x2QpL7vRt4WmN8sYb3HcJ6dFg1TaE';
const step = fc.stringMatching(/^[a-z]{1,4}$/);
const path = fc.array(step, { minLength: 1, maxLength: 3 }).map((steps) => steps.join('.'));
const json: fc.Arbitrary<Json> = fc.jsonValue({ maxDepth: 3 }).map((value) => value as Json);
const values: fc.Arbitrary<ConfigValues> = fc.dictionary(path, json, { maxKeys: 6 });

describe('the hash of managed values', () => {
  it('is that of RFC 8785, whatever the order of members', () => {
    // sha256sum of {"a":1,"messages.ackReaction":"ok"}
    expect(configHash({ 'messages.ackReaction': 'ok', a: 1 })).toBe(
      '040cec71b0119977b9918d51565553946e34303e323edd19cb118bd40760a3ad'
    );
    fc.assert(
      fc.property(values, (document) => {
        const turned = Object.fromEntries(Object.entries(document).reverse());
        expect(configHash(turned)).toBe(configHash(document));
        expect(configHash(JSON.parse(JSON.stringify(document)) as ConfigValues)).toBe(configHash(document));
      })
    );
  });
});

describe('a document', () => {
  it('may manage ordinary settings', () => {
    const document = {
      'messages.ackReaction': '👀',
      'logging.level': 'info',
      'cron.enabled': true,
      'gateway.reload.mode': 'hybrid',
      'agents.defaults.heartbeat': { every: '30m' },
      'agents.defaults.model.primary': 'anthropic/claude-sonnet-4-5',
      'channels.telegram.enabled': false,
      'channels.telegram.botToken': { $secretRef: 'telegram' },
      'session.reset': { mode: 'daily', atHour: 4 },
    };
    expect(documentProblems(document)).toEqual([]);
  });

  it.each(DENIED_SECTIONS.map(({ path: section }) => section))(
    'may not manage %s, nor what lies below it',
    (section) => {
      for (const managed of [section, `${section}.x.y`]) {
        expect(documentProblems({ [managed]: 1 })).toEqual(
          expect.arrayContaining([expect.objectContaining({ path: managed, rule: 'denied' })])
        );
      }
    }
  );

  it.each([
    ['the whole of a section that has a denied setting', 'cron', { enabled: true }, 'cron'],
    [
      'an agent that leaves its sandbox',
      'agents.entries.main',
      { sandbox: { mode: 'off' } },
      'agents.entries.main.sandbox',
    ],
    ['secrets in the log', 'logging.redactSensitive', 'off', 'logging.redactSensitive'],
    ['a channel open to all', 'channels.telegram.dmPolicy', 'open', 'channels.telegram.dmPolicy'],
    [
      'a switch that opens private networks',
      'channels.x.network.dangerouslyAllowPrivateNetwork',
      true,
      'channels.x.network.dangerouslyAllowPrivateNetwork',
    ],
    ['a program in an array', 'channels.x.accounts', [{ cliPath: '/tmp/x' }], 'channels.x.accounts.cliPath'],
    ['an included file', 'messages', { $include: '/etc/passwd' }, 'messages.$include'],
    ['a variable of the process', 'messages.prefix', 'x ${OPENCLAW_GATEWAY_TOKEN}', 'messages.prefix'],
    ['another machine for the messages', 'channels.telegram.apiRoot', 'https://x', 'channels.telegram.apiRoot'],
  ])('may not manage %s', (_what, managed, value, shown) => {
    expect(deniedSetting(managed, value)?.path).toBe(shown);
    expect(documentProblems({ [managed]: value })[0]?.message).toMatch(/^no revision may manage this: .+/);
  });

  it('holds no secret, and says so without it', () => {
    const named = documentProblems({ 'channels.x.botToken': { $secretRef: SECRET } });
    expect(named).toMatchObject([{ path: 'channels.x.botToken.$secretRef', rule: 'secret' }]);
    expect(JSON.stringify(named)).not.toContain(SECRET);
    const problems = documentProblems({ 'messages.prefix': SECRET, 'channels.x': { token: 'short-one' } });
    expect(problems).toMatchObject([
      { path: 'messages.prefix', rule: 'secret' },
      { path: 'channels.x.token', rule: 'secret' },
    ]);
    expect(problems[0]?.message).toContain('{"$secretRef": "<name>"}');
    expect(JSON.stringify(problems)).not.toMatch(new RegExp(`${SECRET}|short-one`));
  });

  it('has no path within another', () => {
    expect(documentProblems({ messages: {}, 'messages.ackReaction': 'x', messagesx: 1 })).toMatchObject([
      { path: 'messages.ackReaction', rule: 'shape', message: expect.stringContaining('within messages') as unknown },
    ]);
    fc.assert(
      fc.property(fc.uniqueArray(path, { maxLength: 8 }), (paths) => {
        const slow = paths.filter((inner) => paths.some((outer) => inner.startsWith(`${outer}.`)));
        expect(overlaps(paths).map(([, inner]) => inner)).toEqual(slow);
      })
    );
  });

  it('is bounded in size, paths and characters', () => {
    expect(shapeProblems({ a: 'x'.repeat(261_120 - 7) })).toMatchObject([{ path: 'values' }]);
    expect(shapeProblems({ a: 'x'.repeat(261_120 - 8) })).toEqual([]);
    expect(
      shapeProblems(Object.fromEntries(Array.from({ length: 1001 }, (_, index) => [`a${index}`, 1])))
    ).toHaveLength(1);
    expect(shapeProblems({ a: ['\ud800'] })).toMatchObject([{ path: 'a' }]);
    expect(shapeProblems({ 'a..b': 1 })).toMatchObject([{ rule: 'shape' }]);
  });
});

describe('an overlay', () => {
  it('goes over the values of its revision, and nowhere else', () => {
    fc.assert(
      fc.property(values, values, (document, overlay) => {
        const result = overlaid(document, overlay);
        expect(Object.keys(result).sort()).toEqual(Object.keys(document).sort());
        for (const one of Object.keys(document)) {
          expect(result[one]).toEqual(Object.hasOwn(overlay, one) ? overlay[one] : document[one]);
        }
        expect(unmanaged(document, overlay).map((problem) => problem.path)).toEqual(
          Object.keys(overlay).filter((one) => !Object.hasOwn(document, one))
        );
      })
    );
  });
});

describe('differences', () => {
  it('are none between equal documents, and some between others', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        expect(differences(a, structuredClone(a))).toEqual([]);
        expect(differences(a, b).length > 0).toBe(canonicalJson(a) !== canonicalJson(b));
      })
    );
  });

  it('name the setting inside a section, sorted by path, cut to 200 characters', () => {
    const found = differences(
      { z: 1, a: { x: { y: 1 }, same: 2 }, long: `${'x'.repeat(198)}😀😀` },
      { a: { x: { y: 2 }, same: 2, more: null }, long: [1] }
    );
    expect(found).toEqual([
      { path: 'a.more', expected: NOT_SET, actual: 'null' },
      { path: 'a.x.y', expected: '1', actual: '2' },
      { path: 'long', expected: `"${'x'.repeat(198)}…`, actual: '[1]' },
      { path: 'z', expected: '1', actual: NOT_SET },
    ]);
    expect(
      found.every(({ expected, actual }) => expected.length <= 200 && actual.isWellFormed() && expected.isWellFormed())
    ).toBe(true);
  });

  it('cost no more where settings nest deep, nor where names are long', () => {
    const leaves = (text: string): Json =>
      Object.fromEntries(Array.from({ length: 6000 }, (_, index) => [`k${index}`, index === 9 ? text : 'some text']));
    const nested = (depth: number, name: string, inner: Json): ConfigValues => {
      for (let level = 0; level < depth; level++) inner = { [name]: inner };
      return { messages: inner };
    };
    const look = (depth: number) => (): void => {
      expect(differences(nested(depth, 'a', leaves('x')), nested(depth, 'a', leaves('y')))).toHaveLength(1);
    };
    expect(costRatio(look(1), look(29), 8)).toBeLessThan(8);

    const numbers = (add: number): Json =>
      Object.fromEntries(Array.from({ length: 999 }, (_, index) => [`k${index}`, index + add]));
    const name = 'long '.repeat(2_000);
    const long = (length: number) => (): void => {
      const cut = name.slice(0, length);
      expect(differences(nested(1, cut, numbers(0)), nested(1, cut, numbers(1)))).toHaveLength(999);
    };
    expect(costRatio(long(10), long(10_000), 8)).toBeLessThan(8);
    expect(
      differences({ a: { [`${name} password`]: { b: 'x' } } }, { a: { [`${name} password`]: { b: 'y' } } })
    ).toEqual([{ path: 'a.*.b', expected: '(redacted)', actual: '(redacted)' }]);
  });

  it('never show a secret, on either side, whatever it stands in', () => {
    fc.assert(
      fc.property(json, fc.boolean(), (other, turned) => {
        const hidden: ConfigValues = { a: { b: [SECRET, other] }, 'x.token': 'short-one' };
        const found = turned ? differences(hidden, { a: other }) : differences({ a: other }, hidden);
        expect(JSON.stringify(found)).not.toMatch(new RegExp(`${SECRET}|short-one`));
      })
    );
  });

  it('show nothing of what stands where a value with a secret is expected', () => {
    const reference = { $secretRef: 'x' };
    const found = differences({ a: [reference], b: { c: reference } }, { a: ['hunter2'], b: 'hunter2' });
    expect(found.map(({ actual }) => actual)).toEqual(['(redacted)', '(redacted)']);
  });

  it.each<[Json, string]>([
    ['ok', '(redacted)'],
    [['ok'], '(redacted)'],
    [7, '(redacted)'],
    [{ source: 'ok' }, '(redacted)'],
    ['', '""'],
    [null, 'null'],
    [{ $secretRef: 'other' }, '{"$secretRef":"other"}'],
  ])('show nothing of what stands where a secret is expected, but that it is none: %j', (actual, shown) => {
    expect(differences({ a: { b: { $secretRef: 'x' } } }, { a: { b: actual } })).toEqual([
      { path: 'a.b', expected: '{"$secretRef":"x"}', actual: shown },
    ]);
  });
});

describe('a report of a whole configuration', () => {
  const report: ConfigValues = {
    'messages.ackReaction': 'ok',
    'messages.queue.mode': 'steer',
    'gateway.port': 1,
    'channels.x.token': '__OPENCLAW_REDACTED__',
    list: { 'odd.key': 1 },
  };

  it('is read at the paths of any revision', () => {
    expect(
      reportedAt(report, ['messages', 'messages.queue', 'list.odd', 'nothing', 'messages.ackReaction.deeper'])
    ).toEqual({
      messages: { ackReaction: 'ok', queue: { mode: 'steer' } },
      'messages.queue': { mode: 'steer' },
    });
  });

  it('is read in time that grows with it and with the paths, not with one times the other', () => {
    const many = (count: number, name: string): string[] =>
      Array.from({ length: count }, (_, index) => `messages.${name}${index}.q.r.s.t`);
    const read = (count: number) => (): void => {
      const large = Object.fromEntries(many(count, 'p').map((one) => [one, 1]));
      expect(reportedAt(large, many(count, 'z'))).toEqual({});
      expect(adoptable(large, many(count, 'z')).absent).toHaveLength(count);
    };
    // Of a report there may be a thousand paths; more of them tell the square apart from the clock.
    expect(costRatio(read(500), read(2000), 8)).toBeLessThan(8);
  });

  it('is adopted without what no revision may manage, which is named', () => {
    const { values: taken, leftOut, absent } = adoptable(report, null);
    expect(Object.keys(taken)).toEqual(['messages.ackReaction', 'messages.queue.mode', 'list']);
    expect(leftOut.map(({ path: left, rule }) => [left, rule])).toEqual([
      ['gateway.port', 'denied'],
      ['channels.x.token', 'secret'],
    ]);
    expect(absent).toEqual([]);
    expect(documentProblems(taken)).toEqual([]);
  });

  it('is adopted in part, by path or by section', () => {
    expect(adoptable(report, ['messages.queue', 'nothing'])).toMatchObject({
      values: { 'messages.queue.mode': 'steer' },
      absent: [{ path: 'nothing', rule: 'not-reported' }],
    });
  });
});
