import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isSecretReference, plainSecrets, REDACTED, redactedValue, redactedValues } from './config-secrets.ts';
import { configValuesSchema, newRevisionSchema } from './configuration.ts';
import type { Json } from './configuration.ts';
import { canonicalJson } from './canonical-json.ts';

const joined = (...parts: string[]): string => parts.join('');
// Put together here, so that scanners of leaked secrets find none in this file.
const SECRETS = [
  joined('-----BEGIN PRIV', 'ATE KEY-----\nMIGHAgEAMBMGByqGSM49'),
  'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJuMSJ9.c2lnbmF0dXJl',
  joined('sk', '-ant-api03-abcdefgh'),
  joined('ghp', '_0123456789abcdefghij0123456789abcdef'),
  joined('xoxb', '-1234567890-abcdefgh'),
  joined('AKIA', 'IOSFODNN7EXAMPLE'),
  joined('123456789', ':AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0'),
  'Bearer abcdefghijkl',
  'https://user:hunter2@example.com/x',
  '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  'Zk9x2QpL7vRt4WmN8sYb3HcJ6dFg1TaE',
  'q7Jx+0Zr/5Ktm2W9LbV8nYp4Hd6CsXg1Ue3FaQiOzRk=',
];
const PLAIN = [
  'ok',
  'anthropic/claude-sonnet-4-5-20250929',
  'gpt-4o-mini-2024-07-18',
  '6f1c1e0a-8b7d-4a53-9a53-1f2e3d4c5b6a',
  'https://collector.example.com:8443/openclaw/availability',
  '/home/operator/.openclaw/agents/main/sessions',
  'Please answer in the language of the question, shortly and kindly, 24 hours a day.',
  'internationalization-and-localization',
  '2026-11-22T12:00:00.000Z',
];

describe('plainSecrets', () => {
  it.each(SECRETS)('knows a secret by its look: %s', (secret) => {
    expect(plainSecrets('messages.prefix', secret)).toEqual([{ path: 'messages.prefix', sign: 'shape' }]);
    expect(plainSecrets('messages', { a: [{ b: `see ${secret}` }] })).toEqual([
      { path: 'messages.a.b', sign: 'shape' },
    ]);
  });

  it.each(PLAIN)('lets pass what is none: %s', (text) => {
    expect(plainSecrets('messages.prefix', text)).toEqual([]);
  });

  it.each([
    'botToken',
    'password',
    'clientSecret',
    'apiKey',
    'api_key',
    'API-KEY',
    'privateKey',
    'credentials',
    'pass',
    'smtpPass',
    'db_pass',
    'botTokenProd',
    'TELEGRAM_BOT_TOKEN_2',
    'password2',
    'masterKey',
    'sharedKey',
    'hmacKey',
    'accountKey',
    'sessionKey',
    'clientKey',
    'privateKeyPem',
    'connectionString',
    'sentryDsn',
    'dsn',
    'jwt',
    'serviceJWT',
    'otp',
    'minioPassword',
    'bottoken',
  ])('knows a secret by its name: %s', (name) => {
    expect(plainSecrets(`channels.x.${name}`, 'short')).toEqual([{ path: `channels.x.${name}`, sign: 'name' }]);
    expect(plainSecrets('channels.x', { [name]: { deeper: ['short'] } })).toEqual([
      { path: `channels.x.${name}.deeper`, sign: 'name' },
    ]);
    expect(plainSecrets(`channels.x.${name}`, { $secretRef: 'x-token' })).toEqual([]);
    expect(plainSecrets(`channels.x.${name}`, '')).toEqual([]);
    expect(plainSecrets(`channels.x.${name}`, true)).toEqual([]);
  });

  it.each([
    'maxTokens',
    'max_output_tokens',
    'maxtokens',
    'reserveTokens',
    'contextTokens',
    'softThresholdTokens',
    'tokenLimit',
    'tokenizer',
    'passwordPolicy',
    'secretive',
    'compass',
    'bypass',
    'passive',
    'keyboard',
    'pinned',
    'publicKey',
    'mainKey',
    'sortKey',
    'declarationKey',
    'sessionKeyPrefix',
    'jwtIssuer',
    'otpLength',
    'connectionStringFormat',
    'connection',
    'default',
    'adopt',
  ])('takes no other name for a secret: %s', (name) => {
    expect(plainSecrets(`agents.${name}`, 4096)).toEqual([]);
    expect(plainSecrets(`agents.${name}`, 'text')).toEqual([]);
  });

  it('knows what was redacted, and a secret in the name of a member', () => {
    expect(plainSecrets('a', [REDACTED])).toEqual([{ path: 'a', sign: 'redacted' }]);
    expect(plainSecrets('a', { 'sk-abcdefghijklmnop': 1 })).toEqual([{ path: 'a.*', sign: 'shape' }]);
    expect(plainSecrets('a.sk-abcdefghijklmnop', 1)).toEqual([{ path: 'a.*', sign: 'shape' }]);
  });

  it('knows a secret that stands where its name belongs, and does not repeat it', () => {
    const reference = { $secretRef: joined('sk', '-ant-api03-abcdefgh') };
    expect(plainSecrets('channels.x', { botToken: [reference] })).toEqual([
      { path: 'channels.x.botToken.$secretRef', sign: 'shape' },
    ]);
    expect(redactedValue('channels.x', { botToken: reference }, undefined)).toEqual({ botToken: REDACTED });
    expect(plainSecrets('channels.x.botToken', { $secretRef: 'telegram-bot-2026-prod' })).toEqual([]);
  });

  it('does not take an object with more than a reference for one', () => {
    expect(isSecretReference({ $secretRef: 'x' })).toBe(true);
    expect(isSecretReference({ $secretRef: 'x', more: 1 })).toBe(false);
    expect(isSecretReference({ $secretRef: 'two words' })).toBe(false);
  });
});

const UNLIKE = `${REDACTED}unlike`;
const anyJson = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<Json>;

describe('redactedValue', () => {
  it('leaves no secret, wherever it stands', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...SECRETS),
        fc.array(fc.string(), { maxLength: 4 }),
        anyJson,
        (secret, steps, other) => {
          const value = steps.reduce<Json>((inner, step) => ({ [step]: [inner, other] }), secret);
          expect(JSON.stringify(redactedValue('messages', value, undefined))).not.toContain(JSON.stringify(secret));
          expect(JSON.stringify(redactedValue('messages', { [secret]: 1 }, undefined))).toBe('{}');
        }
      )
    );
  });

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(anyJson, (value) => {
        const once = redactedValue('a.token', value, undefined);
        expect(redactedValue('a.token', once, undefined)).toEqual(once);
      })
    );
  });

  it('keeps what equals the value wanted, so that both sides hash alike', () => {
    fc.assert(
      fc.property(anyJson, (value) => {
        expect(canonicalJson(redactedValue('a.token', structuredClone(value), value))).toBe(canonicalJson(value));
      })
    );
  });

  it('puts the name of a wanted secret where one is there', () => {
    const wanted = { on: true, bot: { $secretRef: 'bot' } };
    expect(redactedValue('c', { on: true, bot: REDACTED }, wanted)).toEqual(wanted);
    expect(redactedValue('c', { on: true, bot: { source: 'env', provider: 'default', id: 'X' } }, wanted)).toEqual(
      wanted
    );
    expect(redactedValue('c', { on: true }, wanted)).toEqual({ on: true });
    expect(redactedValue('c', { on: true, bot: '' }, wanted)).toEqual({ on: true, bot: '' });
  });

  const reference = { $secretRef: 'bot' };
  // What is wanted, what is there, and what anybody may read of it.
  it.each<[Json, Json, Json]>([
    [reference, ['hunter2'], UNLIKE],
    [reference, 123456, UNLIKE],
    [reference, { user: 'me', words: 'hunter2' }, UNLIKE],
    [reference, { $secretRef: 'other' }, UNLIKE],
    [reference, [], UNLIKE],
    [reference, null, null],
    [reference, '', ''],
    [reference, false, false],
    [reference, 'hunter2', reference],
    [reference, reference, reference],
    [{ on: true, bot: reference }, 'hunter2', UNLIKE],
    [{ on: true, bot: reference }, ['hunter2'], UNLIKE],
    [[reference], 'hunter2', UNLIKE],
    [[reference], { a: 'hunter2' }, UNLIKE],
    [[reference], ['hunter2', 'swordfish'], [reference, UNLIKE]],
    [
      ['first', reference],
      ['hunter2', 'first'],
      [UNLIKE, reference],
    ],
    [[{ id: 'a', code: reference }], [{ id: 'b', code: 7 }, { code: 'x' }], [{ id: 'b', code: UNLIKE }, UNLIKE]],
    [['plain'], ['other', 'more'], ['other', 'more']],
  ])('where %j is wanted, %j shows as %j', (wanted, there, shown) => {
    const once = redactedValue('messages.codes', there, wanted);
    expect(once).toEqual(shown);
    // The collector does it again with what the bridge did, and must not take it for what is wanted.
    expect(redactedValue('messages.codes', once, wanted)).toEqual(shown);
  });

  it('agrees with itself the second time, and keeps what is wanted, whatever is wanted and there', () => {
    const { value } = fc.letrec<{ value: Json }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom<Json[]>(reference, { $secretRef: 'b' }, REDACTED, 'x', '', 7, null, true, []),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom('a', 'b', 'token'), tie('value'))
      ),
    }));
    fc.assert(
      fc.property(value, value, (there, wanted) => {
        const once = redactedValue('a', there, wanted);
        expect(redactedValue('a', once, wanted)).toEqual(once);
        expect(redactedValue('a', structuredClone(wanted), wanted)).toEqual(wanted);
      })
    );
  });

  it('does not let a member called as one of every object pass for wanted', () => {
    const value = JSON.parse('{"constructor":"x","password":"y"}') as Json;
    expect(redactedValues({ a: value }, {})).toEqual({ a: { constructor: 'x', password: REDACTED } });
  });
});

describe('configValuesSchema', () => {
  const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth));

  it('refuses what nests too deep without walking it by recursion', () => {
    expect(configValuesSchema.safeParse({ a: nested(32) }).success).toBe(true);
    expect(configValuesSchema.safeParse({ a: nested(33) }).success).toBe(false);
    expect(configValuesSchema.safeParse({ a: nested(100_000) }).error?.issues[0]?.message).toMatch(/at most 32 deep/);
  });

  it('refuses what has too many values, wherever they stand', () => {
    const values = (count: number): unknown => ({ a: Array(count - 3).fill(1), b: { c: null } });
    expect(configValuesSchema.safeParse(values(5000)).success).toBe(true);
    expect(configValuesSchema.safeParse(values(5001)).error?.issues[0]?.message).toMatch(/at most 5000 values/);
  });

  it('names each path once, however much of it is none', () => {
    const bad = JSON.parse(`{"a":[${'1e999,'.repeat(9999)}1],"b":1e999,"c":1}`) as unknown;
    expect(configValuesSchema.safeParse(bad).error?.issues.map(({ path, code }) => [path, code])).toEqual([
      [['a'], 'custom'],
      [['b'], 'custom'],
    ]);
  });

  it('refuses a title with control characters', () => {
    const document = { values: {}, reason: 'a test' };
    expect(newRevisionSchema.safeParse({ ...document, title: 'Größe 1' }).success).toBe(true);
    expect(newRevisionSchema.safeParse({ ...document, title: 'a\u001b[31m' }).success).toBe(false);
  });

  it('refuses members that reach a prototype, and numbers that are none', () => {
    expect(configValuesSchema.safeParse({ a: JSON.parse('{"b":{"__proto__":1}}') as unknown }).success).toBe(false);
    expect(configValuesSchema.safeParse({ a: JSON.parse('1e999') as unknown }).success).toBe(false);
    expect(configValuesSchema.safeParse({ 'a.__proto__.b': 1 }).success).toBe(false);
  });
});

describe('the cost of looking for secrets', () => {
  const UNITS = [
    'a',
    'A',
    '1',
    '-',
    ' ',
    'eyJ-',
    'eyJa.',
    'eyJ..',
    'a.',
    '://',
    '://a:',
    'http://a:',
    'a:',
    '-----BEGIN ',
    '-----BEGIN A',
    'Bearer ',
    'Basic\n',
    'sk-',
    'xoxa-',
    '1234567:-',
    'ya29.SG.AIza',
    'a1-',
  ];

  /** What one run costs, in microseconds of this thread alone: other processes take turns with it. */
  function cost(run: () => void): number {
    const began = process.threadCpuUsage();
    run();
    const { user, system } = process.threadCpuUsage(began);
    return user + system;
  }

  it.each(UNITS)('grows with the length of a text of %j alone', (unit) => {
    const text = (length: number): string => unit.repeat(Math.ceil(length / unit.length)).slice(0, length);
    const [short, long] = [text(62_500), text(250_000)];
    const look = (value: string) => (): void => {
      plainSecrets('messages.prefix', value);
      plainSecrets('messages', { [value]: 1 });
    };
    // Four times for what grows with the length, sixteen for its square. What else happens can only add, so the least counts.
    let [shortest, longest] = [Infinity, Infinity];
    for (let round = 0; round < 20 && !(longest < 8 * shortest); round++) {
      shortest = Math.min(shortest, Math.max(5_000, cost(look(short))));
      longest = Math.min(longest, cost(look(long)));
      // What takes this long will not become linear.
      if (longest > 2_000_000) break;
    }
    expect(longest).toBeLessThan(8 * shortest);
  });
});
