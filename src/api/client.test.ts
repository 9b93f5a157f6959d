import { describe, expect, it, jest } from '@jest/globals';
import type { ProblemName } from '@openclaw-fleet/contract';
import { PROBLEMS, problem, summarySchema } from '@openclaw-fleet/contract';
import { http, HttpResponse } from 'msw';
import { PROXY_URL } from '../constants.ts';
import { ORIGIN } from '../testing/backend.ts';
import { answers, asked, grafanaSays, mock, refuses, server } from '../testing/server.ts';
import { policyOf } from '../testing/fixtures/policies.ts';
import { call, failureOf, FleetError, queryString, READ_MS } from './client.ts';
import type { FailureKind } from './client.ts';

const failed = async (path = 'fleet/summary'): Promise<FleetError> => {
  const error: unknown = await call(path).then(
    () => null,
    (reason: unknown) => reason
  );
  if (error instanceof FleetError) return error;
  throw new Error('it did not fail');
};

describe('a query string', () => {
  it('repeats lists, and leaves out what says nothing', () => {
    expect(queryString({ zone: ['a', 'b&c'], q: '', limit: 0, up: false, none: null, un: undefined, empty: [] })).toBe(
      '?zone=a&zone=b%26c&limit=0&up=false'
    );
    expect(queryString({})).toBe('');
  });
});

describe('a call', () => {
  it('goes through the proxy with its version, its key and its body', async () => {
    answers(mock('changePolicy', policyOf('production')));
    const answer = await call('fleet/approver/policies/production', {
      method: 'PATCH',
      version: 7,
      idempotencyKey: 'ui-1',
      body: { owner: 'x' },
    });
    expect(answer).toMatchObject({ id: 'production' });
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ route: 'changePolicy', body: { owner: 'x' } });
    expect(asked[0]?.headers.get('if-match')).toBe('"7"');
    expect(asked[0]?.headers.get('idempotency-key')).toBe('ui-1');
  });

  it('sends neither where there is none', async () => {
    await call('fleet/summary');
    expect(asked[0]?.headers.has('if-match')).toBe(false);
    expect(asked[0]?.headers.has('idempotency-key')).toBe(false);
  });

  it('may be answered by nothing', async () => {
    answers(mock('denyProposal', null));
    await expect(call('fleet/approver/policies/p/proposals/x/deny', { method: 'POST', body: {} })).resolves.toBeNull();
  });

  it('waits for no collector that hangs: its connections are those of all of Grafana in this browser', async () => {
    jest.useFakeTimers();
    try {
      server.use(http.get(`${ORIGIN}${PROXY_URL}/fleet/summary`, () => new Promise<never>(() => undefined)));
      const failure = failed();
      await jest.advanceTimersByTimeAsync(READ_MS);
      const { kind, message } = await failure;
      expect(kind).toBe('unreachable');
      expect(message).toContain('did not answer within 10 s');
    } finally {
      jest.useRealTimers();
    }
  });

  it('ends when who asked no longer wants it', async () => {
    server.use(http.get(`${ORIGIN}${PROXY_URL}/fleet/summary`, () => new Promise<never>(() => undefined)));
    const leaving = new AbortController();
    const left = call('fleet/summary', { signal: leaving.signal });
    leaving.abort();
    await expect(left).rejects.toThrow(FleetError);
    await expect(call('fleet/summary', { signal: leaving.signal })).rejects.toThrow(FleetError);
  });

  it('takes no page of another program for an answer, even to a write that nobody looks into', async () => {
    server.use(http.all(`${ORIGIN}${PROXY_URL}/*`, () => new HttpResponse('<html>Log in</html>')));
    for (const method of ['GET', 'POST'] as const)
      await expect(call('fleet/summary', { method })).rejects.toMatchObject({
        kind: 'setup',
        status: 200,
        message: expect.stringMatching(/fleet\/summary is not the collector.* a page of HTML\. Check the URL/),
      });
  });

  it('takes no JSON of another program for an answer that somebody looks into, and asks it once', async () => {
    let times = 0;
    server.use(
      http.all(`${ORIGIN}${PROXY_URL}/*`, () => {
        times += 1;
        return HttpResponse.json({});
      })
    );
    await expect(call('fleet/summary', { shape: summarySchema })).rejects.toMatchObject({
      kind: 'setup',
      status: 200,
      message: expect.stringMatching(
        /fleet\/summary is not the collector.* JSON without the field "at"\. Check the URL/
      ),
    });
    expect(times).toBe(1);
  });
});

/** What a page makes of each problem there is. */
const KINDS: Partial<Record<ProblemName, FailureKind>> = {
  forbidden: 'not-permitted',
  'person-required': 'not-permitted',
  'grafana-identity': 'setup',
  'grafana-secret': 'setup',
  'grafana-unavailable': 'setup',
  'not-found': 'not-found',
  'feature-disabled': 'switched-off',
  conflict: 'refused',
  'in-use': 'refused',
  'read-only': 'refused',
  'repair-refused': 'refused',
  'approval-refused': 'refused',
  'precondition-failed': 'changed-meanwhile',
  'bad-request': 'invalid',
  'malformed-json': 'invalid',
  'too-large': 'invalid',
  'invalid-body': 'invalid',
  'rate-limited': 'busy',
  overloaded: 'busy',
  'not-ready': 'unreachable',
  'storage-unavailable': 'unreachable',
  'internal-error': 'failed',
  'method-not-allowed': 'failed',
  'precondition-required': 'failed',
};

describe('a failure', () => {
  it.each(Object.entries(KINDS) as [ProblemName, FailureKind][])('%s is %s', async (name, kind) => {
    answers(refuses('getSummary', name, `Words about ${name}.`));
    const error = await failed();
    expect(error).toMatchObject({ kind, status: PROBLEMS[name].status, message: `Words about ${name}.` });
    expect(error.problem?.type).toBe(`urn:openclaw-fleet:problem:${name}`);
  });

  it.each([
    [401, 'not-permitted', /session.*ended/],
    [403, 'not-permitted', /does not let you/],
    [404, 'setup', /URL of the collector/],
    [502, 'unreachable', /cannot reach the collector/],
  ] as const)('of Grafana itself: %i is %s', async (status, kind, words) => {
    answers(grafanaSays('getSummary', status));
    const error = await failed();
    expect(error).toMatchObject({ kind, status, problem: null });
    expect(error.message).toMatch(words);
  });

  it('of any other kind passes on what was said', () => {
    const said = failureOf({ status: 418, statusText: '', config: { url: '' }, data: { message: 'I am a teapot.' } });
    expect(said).toMatchObject({ kind: 'failed', message: 'I am a teapot.' });
    expect(failureOf({ status: 418, config: { url: '' }, data: '<html>' }).message).toMatch(/answered 418/);
    expect(failureOf({ status: 500, config: { url: '' }, data: null }).kind).toBe('failed');
  });

  it.each([
    [{ type: 7, message: { text: 'no' } }, /answered 500/],
    [{ type: 'urn:openclaw-fleet:problem:internal-error' }, /answered 500/],
    [{ type: 'urn:openclaw-fleet:problem:internal-error', detail: {} }, /answered 500/],
    ['It is broken', /answered 500/],
    [['no'], /answered 500/],
  ])('of another program, %j, is told in words', (data, words) => {
    const { kind, message } = failureOf({ status: 500, config: { url: '' }, data });
    expect({ kind, message }).toEqual({ kind: 'failed', message: expect.stringMatching(words) });
  });

  it('without an answer names what the browser says', () => {
    expect(failureOf(new TypeError('Failed to fetch'))).toMatchObject({ kind: 'unreachable', status: 0 });
    expect(failureOf(new TypeError('Failed to fetch')).message).toContain('Failed to fetch');
    expect(failureOf('odd').kind).toBe('unreachable');
  });

  it('stays what it is, and says what is wrong with a field', () => {
    const body = problem('invalid-body', 'no', [{ field: 'name', message: 'is missing' }]);
    const error = new FleetError('invalid', 422, 'no', body);
    expect(failureOf(error)).toBe(error);
    expect(error.fieldError('name')).toBe('is missing');
    expect(error.fieldError('owner')).toBeUndefined();
    expect(new FleetError('failed', 0, 'x').fieldError('name')).toBeUndefined();
  });
});
