import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { GatewayState } from '@openclaw-fleet/contract';
import type { Sighting } from './probe.ts';
import type { GatewayInput, GatewayMemory } from './state.ts';
import { advance, judge, NOTHING_SEEN, STATE_LIMITS } from './state.ts';

const answer = (phase: 'started' | 'starting' | 'draining', more: Partial<Sighting> = {}): Sighting =>
  ({
    kind: 'answer',
    phase,
    pending: phase === 'starting' ? 'startup-sidecars' : null,
    ready: phase === 'started',
    failing: [],
    version: '2026.9.6',
    uptimeMs: null,
    eventLoop: [],
    ...more,
  }) as Sighting;

const started: GatewayInput = { kind: 'probed', sighting: answer('started') };
const starting: GatewayInput = { kind: 'probed', sighting: answer('starting') };
const draining: GatewayInput = { kind: 'probed', sighting: answer('draining') };
const refused: GatewayInput = { kind: 'probed', sighting: { kind: 'refused', code: 'ECONNREFUSED' } };
const timeout: GatewayInput = { kind: 'probed', sighting: { kind: 'timeout' } };
const foreign: GatewayInput = { kind: 'probed', sighting: { kind: 'unclear', reason: '/healthz answers 404' } };
const restart: GatewayInput = { kind: 'shutdown', reason: 'gateway restarting', expectedMs: 1500 };
const stop: GatewayInput = { kind: 'shutdown', reason: 'gateway stopping', expectedMs: null };
const connected: GatewayInput = { kind: 'connected', tickIntervalMs: 30_000 };
const disconnected: GatewayInput = { kind: 'disconnected' };
const tick: GatewayInput = { kind: 'tick' };
const suspended: GatewayInput = { kind: 'suspension', phase: 'prepared' };
const resumed: GatewayInput = { kind: 'suspension', phase: 'accepting' };

/** Steps are `[seconds, input, expected state, part of the first reason]`. */
type Step = readonly [number, GatewayInput, GatewayState, string?];

function after(steps: readonly (readonly [number, GatewayInput, ...unknown[]])[]): GatewayMemory {
  return steps.reduce((memory, [at, input]) => advance(memory, input, at * 1000), NOTHING_SEEN);
}

const stories: Record<string, readonly Step[]> = {
  'a healthy gateway': [
    [0, started, 'running'],
    [10, started, 'running'],
  ],
  'nothing listens': [[0, refused, 'dead', 'connection refused for 0 s: nothing listens']],
  'killed: refused is believed at once': [
    [0, started, 'running'],
    [10, refused, 'dead', 'connection refused'],
    [70, refused, 'dead', 'connection refused for 60 s'],
  ],
  'hung: three timeouts in a row, and back': [
    [0, started, 'running'],
    [12, timeout, 'running', 'no answer within 2 s, once in a row (3 mean hung)'],
    [24, timeout, 'running'],
    [36, timeout, 'hung', 'no answer within 2 s, 3 times in a row'],
    [48, started, 'running'],
  ],
  'two timeouts and an answer are no hang': [
    [0, started, 'running'],
    [12, timeout, 'running'],
    [24, timeout, 'running'],
    [36, started, 'running'],
    [48, timeout, 'running'],
    [60, timeout, 'running'],
  ],
  'hung from the first look on': [
    [2, timeout, 'unknown'],
    [12, timeout, 'unknown'],
    [22, timeout, 'hung'],
  ],
  'an announced restart, as measured': [
    [0, started, 'running'],
    [1, restart, 'draining', 'draining before the restart it announced (gateway-restarting)'],
    [1.1, draining, 'draining'],
    [1.2, refused, 'restarting', 'it announced "gateway-restarting" 0 s ago'],
    [6, starting, 'restarting', 'starting for 0 s, waiting for startup-sidecars'],
    [9, started, 'running'],
    [10, refused, 'dead', 'connection refused'],
  ],
  'an announced restart that never comes back': [
    [0, started, 'running'],
    [1, restart, 'draining'],
    [2, refused, 'restarting'],
    [180, refused, 'restarting'],
    [183, refused, 'dead', 'did not come back: it announced "gateway-restarting" 182 s ago'],
  ],
  'an announced restart that crashes while it starts, again and again': [
    [0, started, 'running'],
    [1, restart, 'draining'],
    [60, starting, 'restarting'],
    [61, refused, 'restarting'],
    [120, starting, 'restarting'],
    [184, refused, 'dead', 'did not come back'],
  ],
  'a drain of minutes does not use up the allowance of the restart': [
    [0, started, 'running'],
    [1, restart, 'draining'],
    [300, draining, 'draining'],
    [310, refused, 'restarting'],
  ],
  'an announced stop': [
    [0, started, 'running'],
    [1, stop, 'draining', 'draining before the stop it announced'],
    [2, refused, 'dead', 'stopped: it announced "gateway-stopping"'],
    [60, starting, 'starting', 'starting for 0 s'],
    [61, refused, 'dead', 'connection refused for 0 s: nothing listens'],
  ],
  'an announcement that nothing comes of is forgotten': [
    [0, started, 'running'],
    [1, restart, 'draining'],
    [100, started, 'draining'],
    [182, started, 'running'],
  ],
  'silence during an announced restart is no hang': [
    [0, started, 'running'],
    [1, restart, 'draining'],
    [5, timeout, 'restarting'],
    [10, timeout, 'restarting'],
    [15, timeout, 'restarting'],
    [20, timeout, 'restarting'],
  ],
  'a start that blocks for a while': [
    [0, refused, 'dead'],
    [10, timeout, 'starting'],
    [20, timeout, 'starting'],
    [30, timeout, 'starting'],
    [40, starting, 'starting', 'starting for 30 s'],
    [50, timeout, 'starting'],
    [60, timeout, 'starting'],
    [70, timeout, 'starting'],
    [100, started, 'running'],
  ],
  'a start that never ends': [
    [0, starting, 'starting'],
    [180, starting, 'starting'],
    [181, starting, 'hung', 'not started after 181 s, waiting for startup-sidecars'],
    [190, started, 'running'],
  ],
  'a start that accepts and stays silent': [
    [0, refused, 'dead'],
    [10, timeout, 'starting'],
    [100, timeout, 'starting'],
    [191, timeout, 'hung'],
  ],
  'a migration may take long': [
    [0, { kind: 'probed', sighting: answer('starting', { pending: 'state-migration' }) }, 'starting'],
    [900, { kind: 'probed', sighting: answer('starting', { pending: 'state-migration' }) }, 'starting'],
  ],
  'suspended by its operator': [
    [0, started, 'running'],
    [1, suspended, 'running'],
    [2, draining, 'draining', 'suspended by its operator'],
    [600, draining, 'draining', 'suspended by its operator'],
    [610, timeout, 'draining'],
    [620, timeout, 'draining'],
    [630, timeout, 'draining', 'suspended by its operator'],
    [640, resumed, 'hung'],
    [650, started, 'running'],
  ],
  'a suspension whose lease is over excuses nothing': [
    [0, draining, 'draining'],
    [1, suspended, 'draining'],
    [100, timeout, 'draining'],
    [120, timeout, 'draining'],
    [132, timeout, 'hung'],
  ],
  'draining for no announced reason': [
    [0, draining, 'draining', 'draining: it takes no new work'],
    [1, refused, 'dead'],
  ],
  'a drain that never ends': [
    [0, draining, 'draining'],
    [330, draining, 'draining'],
    [331, draining, 'hung', 'still draining after 331 s'],
    [340, started, 'running'],
  ],
  'no tick for 90 s': [
    [0, started, 'running'],
    [0, connected, 'running'],
    [30, tick, 'running'],
    [120, started, 'running'],
    [121, started, 'hung', 'no tick on its event stream for 91 s, although it answers probes'],
    [122, tick, 'running'],
    [130, disconnected, 'running'],
    [900, started, 'running'],
  ],
  'stopped for minutes and back: it owes its ticks from then on': [
    [0, started, 'running'],
    [0, connected, 'running'],
    [100, timeout, 'hung'],
    [110, timeout, 'hung'],
    [120, timeout, 'hung'],
    [130, started, 'running'],
    [215, started, 'running'],
    [221, started, 'hung'],
  ],
  'something else listens there': [
    [0, started, 'running'],
    [10, foreign, 'unknown', 'the probe is unclear: /healthz answers 404'],
    [20, started, 'running'],
  ],
};

describe('the gateway state', () => {
  it('is unknown before the first probe', () => {
    expect(judge(NOTHING_SEEN, 0)).toEqual({ state: 'unknown', reasons: ['not probed yet'] });
  });

  it.each(Object.entries(stories))('%s', (_name, steps) => {
    steps.forEach(([at, , state, reason], index) => {
      const judgement = judge(after(steps.slice(0, index + 1)), at * 1000);
      expect({ at, state: judgement.state }).toEqual({ at, state });
      if (reason !== undefined) expect(judgement.reasons[0]).toContain(reason);
    });
  });

  it('takes an uptime shorter than the announcement for a new start', () => {
    const again: GatewayInput = {
      kind: 'probed',
      sighting: answer('started', { uptimeMs: 2_000 }),
    };
    const old: GatewayInput = {
      kind: 'probed',
      sighting: answer('started', { uptimeMs: 90_000 }),
    };
    expect(
      judge(
        after([
          [0, started],
          [1, restart],
          [11, old],
        ]),
        11_000
      ).state
    ).toBe('draining');
    expect(
      judge(
        after([
          [0, started],
          [1, restart],
          [11, again],
        ]),
        11_000
      ).state
    ).toBe('running');
  });

  it('never repeats what the gateway calls its reason unless it is a code', () => {
    const loud: GatewayInput = { kind: 'shutdown', reason: 'ask "Jo" <jo@example.org>', expectedMs: null };
    expect(
      JSON.stringify(
        judge(
          after([
            [0, started],
            [1, loud],
            [2, refused],
          ]),
          2_000
        )
      )
    ).not.toContain('example.org');
  });

  const inputs = [
    started,
    starting,
    draining,
    refused,
    timeout,
    foreign,
    restart,
    stop,
    connected,
    disconnected,
    tick,
    suspended,
  ];
  const history = fc.array(fc.tuple(fc.integer({ min: 0, max: 200 }), fc.constantFrom(...inputs)), { maxLength: 40 });

  function play(gaps: readonly (readonly [number, GatewayInput])[]): { memory: GatewayMemory; at: number } {
    let at = 0;
    const steps = gaps.map(([gap, input]) => [(at += gap), input] as const);
    return { memory: after(steps), at };
  }

  it('whatever came before, an answer "started" ends in running once an announcement has aged', () => {
    fc.assert(
      fc.property(history, (gaps) => {
        const { memory, at } = play(gaps);
        const later = at + STATE_LIMITS.start / 1000 + 1;
        const back = advance(advance(memory, disconnected, later * 1000), started, later * 1000);
        expect(judge(back, later * 1000).state).toBe('running');
      })
    );
  });

  it('whatever came before, lasting refusal ends in dead and lasting silence in hung', () => {
    fc.assert(
      fc.property(
        history,
        fc.constantFrom([refused, 'dead'] as const, [timeout, 'hung'] as const),
        (gaps, [input, end]) => {
          let { memory, at } = play(gaps);
          for (let round = 0; round < 40; round += 1) memory = advance(memory, input, (at += 10) * 1000);
          expect(judge(memory, at * 1000).state).toBe(end);
        }
      )
    );
  });

  it('gives a reason for every state but running', () => {
    fc.assert(
      fc.property(history, (gaps) => {
        const { memory, at } = play(gaps);
        const { state, reasons } = judge(memory, at * 1000);
        if (state !== 'running') expect(reasons.length).toBeGreaterThan(0);
      })
    );
  });
});
