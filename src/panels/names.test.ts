import { describe, expect, it } from '@jest/globals';
import { dashboardWith } from '../testing/variables.ts';
import { namesOf } from './names.ts';

const ODD = ['Frankfurt, DE', ' eu ', 'R&D', 'a`b"c\'d\\', '.*', '$zone', '{x}', '7'];

describe('the names in a list', () => {
  it.each([
    [' eu, us-east ,,', ['eu', 'us-east']],
    ['', []],
    [undefined, []],
    ['.*', []],
    ['eu,.*', []],
    ['$zone', ODD],
    ['${zone}', ODD],
    ['us, $zone', ['us', ...ODD]],
    ['$one', ['a, b']],
    ['eu-$one', ['eu-a, b']],
    ['$none', []],
    ['$all', []],
    ['us, $all', []],
    ['${few:csv}', ['eu', 'us']],
  ])('%j are %j', (text, names) => {
    const replace = dashboardWith({ zone: ODD, few: ['eu', 'us'], one: 'a, b', none: [], all: ['$__all'] });
    expect(namesOf(text, replace)).toEqual(names);
  });
});
