import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { createAuthority } from '../client/testing/certificates.ts';
import { parseEnv, readAllCredentials, readCredentials } from './credentials.ts';

const root = mkdtempSync(join(tmpdir(), 'simulator-credentials-'));
afterAll(() => rmSync(root, { recursive: true }));
const authority = createAuthority();

function enrol(name: string, uri: string, env: string): string {
  const folder = join(root, name);
  mkdirSync(folder, { recursive: true });
  const { cert, key } = authority.issue({ uri });
  const files = { 'node.crt': cert, 'node.key': key, 'ca.crt': authority.cert, 'node.env': env };
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  return folder;
}

describe('credentials of an enrolled node', () => {
  it('are read from its folder, the id from its certificate', () => {
    const folder = enrol(
      'one/a',
      'openclaw://node/uuid-1234',
      'OPENCLAW_TOKEN_AUDIENCE=fleet-x\nOPENCLAW_ENDPOINT="https://localhost:1"\n'
    );
    expect(readCredentials(folder)).toMatchObject({
      id: 'uuid-1234',
      audience: 'fleet-x',
      endpoint: 'https://localhost:1',
      ca: authority.cert,
    });
  });

  it('are read for many nodes in order of their folders, as many as wanted', () => {
    for (const name of ['c', 'a', 'b']) enrol(`many/${name}`, `openclaw://node/${name}`, '');
    writeFileSync(join(root, 'many', 'readme'), '');
    expect(readAllCredentials(join(root, 'many'), 2).map(({ id }) => id)).toEqual(['a', 'b']);
    expect(() => readAllCredentials(join(root, 'many'), 4)).toThrow('4 nodes need 4 credentials, but');
    expect(() => readAllCredentials(join(root, 'nowhere'), 1)).toThrow('nowhere cannot be read (ENOENT)');
  });

  it('are refused when a file is missing, is no certificate or names no node', () => {
    const folder = enrol('bad/a', 'openclaw://collector/server', '');
    expect(() => readCredentials(folder)).toThrow('names no node');
    writeFileSync(join(folder, 'node.crt'), 'x');
    expect(() => readCredentials(folder)).toThrow('is not a PEM certificate');
    rmSync(join(folder, 'node.crt'));
    expect(() => readCredentials(folder)).toThrow('node.crt cannot be read (ENOENT). Enrol the node');
  });

  it.each([
    ['A=1\nB=two words\n', { A: '1', B: 'two words' }],
    ['# A=1\n\nexport B="x y"\nC=\'z\'\n', { B: 'x y', C: 'z' }],
    ['A=b=c', { A: 'b=c' }],
  ])('parses %j', (text, expected) => {
    expect(parseEnv(text)).toEqual(expected);
  });
});
