import { describe, expect, it } from '@jest/globals';
import { checkDocument } from './document.ts';

describe('a document that is typed', () => {
  it('is taken with its values', () => {
    const { values, error, problems } = checkDocument('{"messages.ackReaction": "eyes", "a.b": {"$secretRef": "x"}}');
    expect([error, problems]).toEqual([null, []]);
    expect(values).toEqual({ 'messages.ackReaction': 'eyes', 'a.b': { $secretRef: 'x' } });
  });

  it.each([
    ['{\n  "a.b": 1,\n  "c.d" 2\n}', /^Line 3 is not JSON/],
    ['{\n  "a.b": 1,', /^Line 2 is not JSON/],
    ['', /^Line 1 is not JSON/],
    ['[1]', /must be an object/],
    ['null', /must be an object/],
    ['{}', /at least one path/],
  ])('is none when it is %j', (text, why) => {
    const { values, error } = checkDocument(text);
    expect(values).toBeNull();
    expect(error).toMatch(why);
  });

  it('names each path that is no path', () => {
    const [problem, ...others] = checkDocument('{"a b": 1, "messages.x": 1}').problems;
    expect(problem?.path).toBe('a b');
    expect(problem?.message).toMatch(/dotted path/);
    expect(others).toEqual([]);
  });

  it('names what no revision may manage, and why', () => {
    const { problems } = checkDocument('{"gateway.port": 1, "agents.main.tools": [], "messages.x": "${HOME}"}');
    expect(problems.map(({ path }) => path)).toEqual(['gateway.port', 'agents.main.tools', 'messages.x']);
    expect(problems[0]?.message).toMatch(/it decides who can reach the gateway/);
  });

  it('names secrets in plain without showing them', () => {
    const { problems } = checkDocument('{"channels.telegram.botToken": "123456789:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}');
    expect(problems.map(({ path }) => path)).toEqual(['channels.telegram.botToken']);
    expect(problems[0]?.message).toMatch(/looks like a secret/);
  });
});
