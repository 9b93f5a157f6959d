import { describe, expect, it } from '@jest/globals';
import { parseScenario } from './faults.ts';
import { SCENARIO_NAMES, scenarioOf, SCENARIOS } from './scenarios.ts';

const fault = { kind: 'silence', from: 1, for: 2, nodes: { node: 0 } };
const withFault = (changes: object) => ({ name: 'x', description: 'x', faults: [{ ...fault, ...changes }] });

describe('a scenario from a file', () => {
  it.each(SCENARIO_NAMES)('may be all that %s is', (name) => {
    expect(parseScenario(JSON.parse(JSON.stringify(SCENARIOS[name])))).toEqual(SCENARIOS[name]);
  });

  it.each<[string, unknown, string]>([
    ['no object', [], 'scenario must be an object'],
    ['an unknown field', { ...withFault({}), speed: 2 }, 'scenario.speed is not known here'],
    ['no name', { description: 'x', faults: [] }, 'scenario.name must be a text'],
    ['no faults', { name: 'x', description: 'x' }, 'scenario.faults must be a list'],
    [
      'a bad repeat',
      { ...withFault({}), repeatBeats: 0 },
      'scenario.repeatBeats must be a number of beats over 0; it is 0',
    ],
    ['an unknown kind', withFault({ kind: 'fire' }), 'scenario.faults[0].kind must be one of silence'],
    [
      'a missing setting',
      withFault({ kind: 'clock-skew' }),
      'scenario.faults[0].beats must be a number of beats other than 0; it is missing',
    ],
    [
      'a ratio over 1',
      withFault({ kind: 'job-failures', ratio: 2 }),
      'scenario.faults[0].ratio must be over 0 and at most 1; it is 2',
    ],
    ['a setting of another kind', withFault({ ratio: 0.5 }), 'scenario.faults[0].ratio is not known here'],
    ['a negative start', withFault({ from: -1 }), 'scenario.faults[0].from must be a number of beats from 0; it is -1'],
    [
      'an endless text',
      withFault({ for: 'ever' }),
      'scenario.faults[0].for must be a number of beats over 0; it is "ever"',
    ],
    [
      'a way to repair that there is not',
      withFault({ kind: 'config-drift', repair: 'prays' }),
      'scenario.faults[0].repair must be one of recovers, stuck, worse, rolls-back, lies, silent',
    ],
    [
      'a restart that is taken back',
      withFault({ kind: 'gateway-hang', repair: 'rolls-back' }),
      'scenario.faults[0].repair must be one of recovers, stuck, worse, lies, silent.',
    ],
    ['a repair of what no verb is for', withFault({ repair: 'stuck' }), 'scenario.faults[0].repair is not known here'],
    ['no selection', withFault({ nodes: {} }), 'scenario.faults[0].nodes must have exactly one of'],
    [
      'two selections',
      withFault({ nodes: { node: 1, share: 1 } }),
      'scenario.faults[0].nodes must have exactly one of',
    ],
    ['half a node', withFault({ nodes: { node: 0.5 } }), 'scenario.faults[0].nodes.node must be the index of a node'],
    ['a zone loss of one node', withFault({ kind: 'zone-loss' }), 'must name a zone, as in {"zone": 0}'],
  ])('is refused with the field named: %s', (_, value, message) => {
    expect(() => parseScenario(value)).toThrow(message);
  });

  it('is found by name or read from a .json file', () => {
    const read = (path: string) => (path === 'my.json' ? JSON.stringify(withFault({})) : '{');
    expect(scenarioOf('demo', read)).toBe(SCENARIOS.demo);
    expect(scenarioOf('my.json', read)).toEqual(withFault({}));
    expect(() => scenarioOf('toString', read)).toThrow('There is no scenario "toString". Use steady, demo');
    expect(() => scenarioOf('bad.json', read)).toThrow('The scenario bad.json cannot be read');
  });
});
