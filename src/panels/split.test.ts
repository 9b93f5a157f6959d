import { expect, it } from '@jest/globals';
import { split } from './split.ts';

it.each([
  ['eu, us ,', ['eu', 'us']],
  ['', []],
  [undefined, []],
  ['.*', []],
  ['eu,.*', []],
])('%j is %j', (text, parts) => expect(split(text)).toEqual(parts));
