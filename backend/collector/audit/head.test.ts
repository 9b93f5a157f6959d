import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { signForNode } from '../configurations/sign.ts';
import { HeadRefused, signHead, verifyHead } from './head.ts';
import { GENESIS } from './testing/records.ts';

describe('a signed head', () => {
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const is = (expected: KeyObject) => (publicKey: KeyObject) => publicKey.equals(expected);
  const point = { seq: 7, hash: 'ab'.repeat(32) };

  it('says what was signed, by a key that is trusted', async () => {
    const jws = await signHead(point, 1_700_000_000_123, key);
    expect(await verifyHead(`${jws}\n`, is(key.publicKey))).toEqual({ ...point, atMs: 1_700_000_000_123 });
    expect(jws).not.toContain('\n');
  });

  it('counts for nothing when it is altered, of another key, or made for something else', async () => {
    const jws = await signHead(point, 1, key);
    const [header, , signature] = jws.split('.') as [string, string, string];
    const forged = Buffer.from(JSON.stringify({ ...point, seq: 8, at: new Date(1).toISOString() })).toString(
      'base64url'
    );
    for (const text of [
      `${header}.${forged}.${signature}`,
      jws.slice(0, -4),
      'no head',
      '',
      await signHead(point, 1, other),
      await signForNode('openclaw-action+jws', { ...point, at: new Date(1).toISOString() }, key),
      await signForNode('openclaw-audit-head+jws', { ...GENESIS }, key),
    ])
      await expect(verifyHead(text, is(key.publicKey))).rejects.toThrow(HeadRefused);
  });
});
