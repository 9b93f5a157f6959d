import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ConfigValues, Json } from '@openclaw-fleet/contract';
import { managedConfigHash, managedValues } from '../gateway/config-hash.ts';
import { mergePatch } from './merge-patch.ts';
import type { JsonObject } from './merge-patch.ts';
import { objectionsTo, planChange, wordsOf } from './plan.ts';
import type { Plan } from './plan.ts';

const REDACTED = '__OPENCLAW_REDACTED__';
const planned = (current: JsonObject, values: ConfigValues): Plan => {
  const { plan, objections } = planChange(current, values);
  if (plan === null) throw new Error(JSON.stringify(objections));
  return plan;
};
const objections = (current: JsonObject, values: ConfigValues): unknown[] =>
  planChange(current, values).objections.map(({ refusal, path }) => [refusal, path]);

describe('mergePatch', () => {
  // RFC 7396, appendix A.
  it.each<[Json, Json, Json]>([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('%j with %j is %j', (target, patch, result) => expect(mergePatch(target, patch)).toEqual(result));
});

describe('a plan', () => {
  it('is empty when the gateway has what is wanted', () => {
    const plan = planned({ messages: { ackReaction: 'a' }, other: 1 }, { 'messages.ackReaction': 'a' });
    expect(plan).toMatchObject({ patch: {}, changes: [], replacePaths: [] });
  });

  it('changes what differs, member by member, and nothing beside it', () => {
    const current = { messages: { ackReaction: 'a', queue: { mode: 'x', cap: 3 } }, logging: { level: 'info' } };
    const plan = planned(current, { 'messages.queue': { mode: 'y', drop: 'old' }, 'logging.level': 'info' });
    expect(plan.patch).toEqual({ messages: { queue: { mode: 'y', cap: null, drop: 'old' } } });
    expect(plan.changes).toEqual([
      { path: 'messages.queue.mode', from: 'x', to: 'y' },
      { path: 'messages.queue.cap', from: 3 },
      { path: 'messages.queue.drop', to: 'old' },
    ]);
    expect(plan.expected).toEqual({
      messages: { ackReaction: 'a', queue: { mode: 'y', drop: 'old' } },
      logging: { level: 'info' },
    });
  });

  it('names the lists that are replaced or go, since OpenClaw would keep their items', () => {
    const current = { messages: { a: [1, 2], b: { list: [1], n: 1 } } };
    const plan = planned(current, { 'messages.a': [2], 'messages.b': { n: 1 } });
    expect([...plan.replacePaths].sort()).toEqual(['messages.a', 'messages.b.list']);
  });

  it('leaves a secret that the revision names, and takes none away', () => {
    const current = { channels: { telegram: { enabled: false, botToken: REDACTED } } };
    const reference = { $secretRef: 'telegram-bot' };
    const plan = planned(current, { 'channels.telegram': { enabled: true, botToken: reference } });
    expect(plan.patch).toEqual({ channels: { telegram: { enabled: true } } });
    expect(JSON.stringify(plan)).not.toContain('secretRef');
    expect(objections(current, { 'channels.telegram': { enabled: true } })).toEqual([
      ['revision-refused', 'channels.telegram.botToken'],
    ]);
    expect(objections({}, { 'channels.telegram.botToken': reference })).toEqual([
      ['revision-refused', 'channels.telegram.botToken'],
    ]);
    expect(objections({}, { 'channels.telegram': { botToken: reference } })).toEqual([
      ['revision-refused', 'channels.telegram'],
    ]);
    expect(objections({ a: { l: [REDACTED, 1] } }, { 'a.l': [reference, 2] })).toContainEqual([
      'revision-refused',
      'a.l',
    ]);
  });

  it('removes nothing that no revision may manage, not even by its absence', () => {
    const current = { channels: { telegram: { enabled: false, allowFrom: ['someone'] } } };
    expect(objections(current, { 'channels.telegram': { enabled: true } })).toEqual([
      ['denied-path', 'channels.telegram.allowFrom'],
    ]);
    const agents = { agents: { list: [{ id: 'a', tools: { deny: ['exec'] } }] } };
    expect(objections(agents, { 'agents.list': [{ id: 'a' }] })).toEqual([['denied-path', 'agents.list.tools']]);
    expect(planned(current, { 'channels.telegram.enabled': true }).patch).toEqual({
      channels: { telegram: { enabled: true } },
    });
  });

  it('cannot write null, go through what is no section, or manage a path twice', () => {
    expect(objections({}, { 'messages.a': null })).toEqual([['revision-refused', 'messages.a']]);
    expect(objections({}, { 'messages.a': { b: null } })).toEqual([['revision-refused', 'messages.a']]);
    expect(objections({ messages: [1] }, { 'messages.a': 1 })).toEqual([['revision-refused', 'messages.a']]);
    expect(objections({}, { messages: { a: 1 }, 'messages.a': 1 })).toEqual([['revision-refused', 'messages.a']]);
    expect(planned({ messages: { a: null } }, { 'messages.a': null }).patch).toEqual({});
    expect(planned({}, { 'messages.a': [null] }).patch).toEqual({ messages: { a: [null] } });
  });

  it.each([
    ['gateway.auth.token', 'x'],
    ['hooks.enabled', true],
    ['cron', { enabled: true }],
    ['agents.defaults.workspace', '/'],
    ['messages.prefix', '${OPENAI_API_KEY}'],
    ['messages.key', 'sk-proj-aaaaaaaaaaaaaaaaaaaaaaaa'],
    ['channels.telegram.botToken', 'plain'],
  ])('refuses %s, wherever the gateway stands', (path, value) => {
    const found = objectionsTo({ [path]: value });
    expect(found.map(({ refusal }) => refusal)).toContain('denied-path');
    expect(JSON.stringify(found)).not.toContain('sk-proj');
    expect(planChange({}, { [path]: value }).plan).toBeNull();
  });

  it('reads as a note without secrets or control characters', () => {
    expect(wordsOf({ path: 'messages.ackReaction', from: 'a', to: '\u0007b\u009f' }, 'hot')).toBe(
      'messages.ackReaction: "a" -> "\\u0007b?" (reloads hot)'
    );
    expect(wordsOf({ path: 'a.password', from: 'hunter2', to: 3 }, 'restart')).toMatch(
      /^a\.password: "__OPENCLAW_REDACTED__" -> "__OPENCLAW_REDACTED__" \(restarts the gateway\)$/
    );
    expect(wordsOf({ path: 'a.b', to: 'x'.repeat(5000) }, 'none').length).toBeLessThan(200);
  });
});

const names = ['alpha', 'beta', 'gamma', 'toString'];
const scalar = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.boolean(), fc.constantFrom('x', 'y', ''));
const { value } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    scalar,
    fc.array(scalar, { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...names), tie('value'), { maxKeys: 3 })
  ),
}));
const section = fc.dictionary<string, Json>(fc.constantFrom(...names), value, { maxKeys: 4 });
const paths = fc.uniqueArray(
  fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 3 }).map((steps) => steps.join('.')),
  { minLength: 1, maxLength: 4 }
);
const revision = paths.chain((all) =>
  fc.tuple(...all.map((path) => fc.tuple(fc.constant(path), value))).map((entries) => Object.fromEntries(entries))
);

describe('any plan', () => {
  it('leads to exactly the revision’s hash, leaves the rest alone, and is not needed twice', () => {
    let plans = 0;
    fc.assert(
      fc.property(section, revision, (current, values) => {
        const { plan } = planChange(current, values);
        if (plan === null) return;
        plans += 1;
        const after = asObject(mergePatch(current, plan.patch));
        expect(after).toEqual(plan.expected);
        expect(managedConfigHash(managedValues(after, values))).toBe(managedConfigHash(values));
        expect(planChange(after, values).plan).toMatchObject({ patch: {}, changes: [] });
        const without = (document: JsonObject): Json => Object.keys(values).reduce<Json>(remove, document);
        expect(tidy(without(after))).toEqual(tidy(without(current)));
        const changed = plan.changes.map(({ path }) => path);
        for (const path of changed) {
          expect(Object.keys(values).some((managed) => path === managed || path.startsWith(`${managed}.`))).toBe(true);
        }
      }),
      { numRuns: 2000 }
    );
    expect(plans).toBeGreaterThan(500);
  });

  it('never throws, and never repeats a secret, whatever the gateway and the revision hold', () => {
    const secret = 'ghp_0123456789abcdefghij';
    const wild = fc.letrec<{ value: Json }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom<Json>(null, 1, secret, REDACTED, '${HOME}', { $secretRef: 'a' }),
        fc.array(tie('value'), { maxLength: 2 }),
        fc.dictionary(fc.constantFrom('a', 'token', 'allowFrom', 'env', secret, '__proto__'), tie('value'), {
          maxKeys: 3,
        })
      ),
    })).value;
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('a', 'messages', 'channels'), wild, { maxKeys: 3 }),
        fc.dictionary(fc.constantFrom('a', 'a.a', 'messages.token', 'channels.a', 'env.a'), wild, { maxKeys: 3 }),
        (current, values) => {
          const { plan, objections: found } = planChange(current, values);
          expect(JSON.stringify(found)).not.toContain(secret);
          const notes = (plan?.changes ?? []).map((change) => wordsOf(change, 'hot')).join('\n');
          expect(notes).not.toContain(secret);
          expect(JSON.stringify(plan?.patch ?? {})).not.toMatch(/secretRef":"|ghp_|REDACTED|\$\{/);
        }
      ),
      { numRuns: 2000 }
    );
  });
});

const asObject = (document: Json): JsonObject => document as JsonObject;

/** Without the value at a path. */
function remove(document: Json, path: string): Json {
  const [step = '', ...rest] = path.split('.');
  if (typeof document !== 'object' || document === null || Array.isArray(document)) return document;
  return Object.fromEntries(
    Object.entries(document).flatMap(([name, inner]): [string, Json][] => {
      if (name !== step) return [[name, inner]];
      return rest.length === 0 ? [] : [[name, remove(inner, rest.join('.'))]];
    })
  );
}

/** Without empty sections: a plan makes those around its paths. */
function tidy(document: Json): Json | undefined {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) return document;
  const members = Object.entries(document)
    .map(([name, inner]): [string, Json | undefined] => [name, tidy(inner)])
    .filter((member): member is [string, Json] => member[1] !== undefined);
  return members.length === 0 ? undefined : Object.fromEntries(members);
}
