import { describe, expect, it } from '@jest/globals';
import { problem } from '@openclaw-fleet/contract';
import type { Problem, ProblemName } from '@openclaw-fleet/contract';
import { callersOf } from '../../../backend/collector/api/callers.ts';
import { summaryOf } from '../../testing/fixtures/fleet.ts';
import { diagnose, FAULTS } from './diagnose.ts';
import type { Answer, FaultCode, Probe } from './diagnose.ts';
import { adviceOf } from './finding-words.ts';

const came = (status: number, data: unknown): Answer => ({ came: true, status, data, ms: 7 });
const ME = {
  actor: 'grafana:bg517nevytuyod',
  name: 'Ann',
  role: 'approver',
  kind: 'person',
  person: 'bg517nevytuyod',
  version: '0.1.0',
};
const probe = (me: Answer | null, summary: Answer | null = came(200, summaryOf())): Probe => ({
  url: 'http://collector:8080',
  secretSet: true,
  me,
  summary,
});
const refused = (name: ProblemName, detail = 'why'): Answer => {
  const body = problem(name, detail);
  return came(body.status, body);
};
const SECRET_WORDS =
  'Grafana sent another secret than the collector has: give its app the secret that is in grafana.secretFile.';
describe('diagnose', () => {
  it('is content, and says who we are, how many targets and which timings', () => {
    expect(diagnose(probe(came(200, ME), came(200, summaryOf({ total: 12, timings: 'demo' }))))).toEqual({
      code: 'ok',
      me: ME,
      summary: { total: 12, timings: 'demo' },
      ms: 14,
    });
  });

  it('looks at what is saved before anything else', () => {
    const away: Answer = { came: false, why: 'Failed to fetch' };
    expect(diagnose({ ...probe(away), url: ' ' }).code).toBe('no-url');
    expect(diagnose({ ...probe(away), secretSet: false }).code).toBe('no-secret');
  });

  const cases: readonly (readonly [string, Answer, FaultCode])[] = [
    ['Grafana is away', { came: false, why: 'Failed to fetch' }, 'grafana-away'],
    ['no settings in this organization', came(500, { message: 'Failed to fetch plugin settings' }), 'not-saved'],
    ['the route is denied', came(403, { message: 'plugin proxy route access denied' }), 'role'],
    ['the collector wants a higher role', refused('forbidden'), 'role'],
    ['another plugin.json is loaded', came(404, { message: 'plugin route match not found' }), 'app-outdated'],
    [
      'the plugin is gone',
      came(404, { message: 'Plugin not found, no installed plugin with that id' }),
      'app-outdated',
    ],
    ['nothing listens', came(502, ''), 'unreachable'],
    ['nothing listens, in JSON', came(502, { message: 'Bad Gateway' }), 'unreachable'],
    ['nothing answers in time', came(504, null), 'timeout'],
    ['a page with a 404', came(404, '<html>nginx</html>'), 'not-collector'],
    ['a start page', came(200, '<html>hello</html>'), 'not-collector'],
    ['another program’s JSON', came(200, { status: 'success' }), 'not-collector'],
    ['nothing at all', came(200, null), 'not-collector'],
    ['a list', came(200, []), 'not-collector'],
    ['another program’s 404', came(404, { message: 'Not found' }), 'not-collector'],
    ['another program’s 403', came(403, { message: 'Forbidden' }), 'not-collector'],
    ['another program’s error', came(500, 'oops'), 'not-collector'],
    ['a redirect', came(307, ''), 'not-collector'],
    ['a log-in', came(401, { message: 'Unauthorized' }), 'logged-out'],
    ['another secret', refused('grafana-secret', SECRET_WORDS), 'wrong-secret'],
    ['an issuer that differs', refused('grafana-identity', 'The claim iss of Grafana’s ID token'), 'identity'],
    ['keys that cannot be read', refused('grafana-unavailable'), 'keys'],
    ['a collector that starts', refused('not-ready'), 'not-ready'],
    ['a full disk', refused('storage-unavailable'), 'not-ready'],
    ['too much to do', refused('overloaded'), 'busy'],
    ['the flag is off', refused('feature-disabled'), 'flag-off'],
    ['an older collector', refused('not-found'), 'collector-outdated'],
    ['a fault of the collector', refused('internal-error'), 'failed'],
  ];
  it.each(cases)('%s', (_, answer, code) => {
    expect(diagnose(probe(answer)).code).toBe(code);
    // What only the second question meets counts as much.
    expect(diagnose(probe(came(200, ME), answer)).code).toBe(code);
  });

  it('passes on what the collector said, and Grafana', () => {
    expect(diagnose(probe(refused('grafana-identity', 'The claim iss is wrong.')))).toMatchObject({
      said: 'The claim iss is wrong.',
      status: 403,
    });
    expect(diagnose(probe(came(404, { message: 'Not found' })))).toMatchObject({ said: 'Not found', status: 404 });
    expect(diagnose(probe(came(502, { message: 'Bad Gateway' })))).toMatchObject({ said: null });
  });

  it('tells a collector that takes nothing from Grafana by the words that it says itself', async () => {
    const refuse = () => problem('unauthenticated', 'no token');
    const identify = callersOf({ authenticate: () => Promise.resolve(refuse()), grafana: null });
    const words = (await identify({ 'x-openclaw-fleet-secret': 'x' })) as Problem;
    expect(diagnose(probe(came(words.status, words)))).toMatchObject({ code: 'no-grafana', said: words.detail });
    const other = (await identify({ 'x-grafana-context': '{}' })) as Problem;
    expect(diagnose(probe(came(other.status, other))).code).toBe('wrong-secret');
  });

  it('has a test for each fault there is', () => {
    const tested = new Set<string>([...cases.map(([, , code]) => code), 'no-url', 'no-secret', 'no-grafana']);
    expect([...tested].sort()).toEqual([...FAULTS].sort());
  });
});

describe('the advice', () => {
  const scene = { url: 'http://collector:8080', grafanaUrl: 'http://grafana:3000/', status: 404 };
  it.each(FAULTS)('on %s has a title and something to do', (code) => {
    const { title, steps } = adviceOf(code, scene);
    expect(title).not.toBe('');
    expect(steps.length).toBeGreaterThan(0);
    expect([title, ...steps].join(' ')).not.toContain('{{');
  });
  it.each([
    ['unreachable', 'http://collector:8080/healthz'],
    ['not-collector', 'answered 404'],
    ['no-grafana', 'grafana.url (here http://grafana:3000/)'],
    ['wrong-secret', 'grafana.secretFile'],
    ['identity', 'root_url, here http://grafana:3000/'],
    ['keys', '/api/signing-keys/keys'],
    ['flag-off', 'SMART_FLEET_V2_ENABLED'],
    ['not-ready', 'http://collector:8080/readyz'],
    ['role', 'openclaw-fleet-app.fleet:read'],
  ] as const)('on %s names %s', (code, words) => {
    expect(adviceOf(code, scene).steps.join(' ')).toContain(words);
  });
});
