import { spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import Database from 'better-sqlite3';
import { settingsMarkdown } from '../config-docs.ts';
import { verifyApiToken } from '../identity/tokens.ts';
import { openssl } from '../identity/testing/workshop.ts';
import { openStorage } from '../storage/index.ts';
import type { TrustSnapshot } from '../storage/types.ts';
import { run as main } from './main.ts';
import { expiry } from './token.ts';

// Each of these commands starts a database thread, on a machine that may be busy.
jest.setTimeout(120_000);

const LAUNCHER = join(import.meta.dirname, 'openclaw-fleet.mjs');
/** Makes a process believe that it is an older Node. */
const OLD_NODE = [
  '--import',
  'data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.1.0"}})',
];

interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

function execute(
  args: readonly string[],
  cwd: string,
  env: Record<string, string> = {},
  onOutput?: (pid: number) => void
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd,
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      onOutput?.(child.pid ?? 0);
    });
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, out, err }));
  });
}

let home: string;
/** As a person runs it. */
const runProcess = (...args: string[]): Promise<Outcome> => execute([LAUNCHER, ...args], home);

/** The same within this process, which spares its start. */
async function run(...args: string[]): Promise<Outcome> {
  return runWith({ OPENCLAW_FLEET_DATA_DIR: at('data'), OPENCLAW_FLEET_PKI_DIR: at('pki') }, ...args);
}

async function runWith(env: Record<string, string>, ...args: string[]): Promise<Outcome> {
  let [out, err] = ['', ''];
  const code = await main(args, env, {
    out: (text) => {
      out += `${text}\n`;
    },
    err: (text) => {
      err += `${text}\n`;
    },
  });
  return { code, signal: null, out, err };
}
const at = (...parts: string[]): string => join(home, '.openclaw-fleet', ...parts);

async function trust(): Promise<TrustSnapshot> {
  const storage = await openStorage({ file: at('data', 'fleet.db') });
  try {
    return await storage.trustSnapshot();
  } finally {
    await storage.close();
  }
}

function auditLog(): string {
  const db = new Database(at('data', 'fleet.db'), { readonly: true });
  const table = db
    .prepare<[], { name: string }>("select name from sqlite_master where type = 'table' and name like '%audit%'")
    .get();
  const rows = db.prepare(`select * from ${table?.name ?? 'audit'}`).all();
  db.close();
  return JSON.stringify(rows);
}

describe('the life of a fleet’s credentials, on the command line', () => {
  beforeAll(() => {
    home = realpathSync(mkdtempSync(join(tmpdir(), 'fleet-cli-')));
  });
  afterAll(() => rmSync(home, { recursive: true }));

  it('enrols nobody before there is an authority', async () => {
    const { code, err } = await runProcess('enroll', 'gw-1');
    expect(code).toBe(1);
    expect(err).toMatch(/^openclaw-fleet: .*ca\.crt is not there: run openclaw-fleet pki init.*\n$/);
  });

  it('pki init makes the authority, once', async () => {
    const first = await runProcess('pki', 'init', '--name', 'fleet.example.com');
    expect([first.code, first.err]).toEqual([0, '']);
    expect(first.out).toContain('Next: npx openclaw-fleet enroll');
    expect(first.out).not.toContain('PRIVATE KEY');
    expect(statSync(at('pki', 'authority.key')).mode & 0o777).toBe(0o600);
    const key = readFileSync(at('pki', 'authority.key'), 'utf8');
    const second = await runProcess('pki', 'init');
    expect(second.code).toBe(1);
    expect(second.err).toMatch(/^openclaw-fleet: .* holds ca\.crt, .* already: .*--force.*\n$/);
    expect(readFileSync(at('pki', 'authority.key'), 'utf8')).toBe(key);
  });

  it('enroll makes a node whose certificate verifies, prints both pins, and says what to do next', async () => {
    const { code, out, err } = await runProcess(
      'enroll',
      'gw-1',
      '--zone',
      'eu',
      '--dns',
      'gw-1.example.com',
      '--require-signature'
    );
    expect([code, err]).toEqual([0, '']);
    const env = parseEnv(readFileSync(at('nodes', 'gw-1', 'node.env'), 'utf8'));
    expect(out).toContain(`server pin  ${env['OPENCLAW_SERVER_PIN'] ?? '?'}`);
    expect(out).toContain(`client pin  ${env['OPENCLAW_CLIENT_PIN'] ?? '?'}`);
    expect(out).toContain('Next: copy the folder');
    expect(out).toContain('Warning: OPENCLAW_ENDPOINT is https://localhost:8443, which is right on this host alone');
    for (const mend of ['--endpoint https://', 'intake.publicUrl', 'OPENCLAW_FLEET_INTAKE_PUBLIC_URL'])
      expect(out).toContain(mend);
    expect(env).toMatchObject({
      OPENCLAW_ENDPOINT: 'https://localhost:8443',
      OPENCLAW_TAGS: 'region:eu',
      OPENCLAW_SIGN_PAYLOAD: 'true',
    });
    expect(openssl('verify', '-CAfile', at('pki', 'ca.crt'), at('nodes', 'gw-1', 'node.crt')) ?? 'OK').toContain('OK');
    const { enrolments } = await trust();
    expect(enrolments).toMatchObject([
      { nodeId: env['OPENCLAW_NODE_ID'], name: 'gw-1', requireSignature: true, revokedMs: null },
    ]);
    expect(auditLog()).toMatch(/cli:[^"\\]+@[^"\\]+/);
  });

  it('enroll warns when nodes will not find the name they call in the server’s certificate', async () => {
    const unknown = await run('enroll', 'gw-2', '--endpoint', 'https://other.example.com', '--json');
    expect(JSON.parse(unknown.out)).toMatchObject({
      endpoint: 'https://other.example.com',
      warning: expect.stringContaining('rotate --name other.example.com'),
    });
    const known = await run('enroll', 'gw-3', '--endpoint', 'https://fleet.example.com', '--id', 'uuid-1234', '--json');
    expect(JSON.parse(known.out)).toMatchObject({ nodeId: 'uuid-1234', warning: null });
    const own = await run('enroll', 'gw-local', '--endpoint', 'https://localhost:8443', '--json');
    expect(JSON.parse(own.out)).toMatchObject({ warning: null });
    await run('revoke', 'gw-local', '--reason', 'tried');
  });

  it('rotate renews the collector’s certificates, its keys, and a node', async () => {
    const certificate = readFileSync(at('pki', 'server.crt'), 'utf8');
    expect((await run('rotate')).code).toBe(0);
    expect(readFileSync(at('pki', 'server.crt'), 'utf8')).not.toBe(certificate);
    const keys = await run('rotate', '--keys');
    for (const pin of ['SERVER', 'CLIENT', 'ACTIONS'])
      expect(keys.out).toMatch(new RegExp(`OPENCLAW_${pin}_PIN=sha256/[^,]+,sha256/`));
    const before = (await trust()).enrolments.find((one) => one.name === 'gw-1');
    const node = await run('rotate', 'gw-1', '--revoke-current', '--reason', 'laptop lost');
    expect([node.code, node.err]).toEqual([0, '']);
    const { enrolments, revokedCertificates } = await trust();
    expect(enrolments.find((one) => one.name === 'gw-1')?.fingerprint).not.toBe(before?.fingerprint);
    expect(revokedCertificates).toEqual([before?.fingerprint]);
    const names =
      openssl('x509', '-in', at('nodes', 'gw-1', 'node.crt'), '-noout', '-ext', 'subjectAltName') ??
      'DNS:gw-1.example.com';
    expect(names).toContain('DNS:gw-1.example.com');
  });

  it('rotate --keys cuts nobody off that got no files since the last time, unless forced', async () => {
    const pinned = ['server.key', 'client.key', 'actions.key', 'server.next.key', 'tokens.key'];
    const keys = (): string => pinned.map((name) => readFileSync(at('pki', name), 'utf8')).join('');
    const before = keys();
    const refused = await run('rotate', '--keys');
    expect([refused.code, refused.out]).toEqual([1, '']);
    expect(refused.err).toContain('this cuts off 2 nodes that got no new files since keys were last rotated, 20');
    expect(refused.err).toMatch(/: gw-2 \([0-9a-f-]{36}\), gw-3 \(uuid-1234\)\n/);
    for (const mend of ['OPENCLAW_SERVER_PIN=sha256/', 'openclaw-fleet rotate <node>', '--force'])
      expect(refused.err).toContain(mend);
    expect(keys()).toBe(before);
    for (const node of ['gw-2', 'gw-3']) expect((await run('rotate', node)).code).toBe(0);
    expect(await run('rotate', '--keys')).toMatchObject({ code: 0, err: '' });
    const forced = await run('rotate', '--keys', '--force');
    expect(forced.code).toBe(0);
    expect(forced.err).toContain('this cuts off 3 nodes');
    const audited = auditLog();
    expect(audited.match(/keys\.rotated/g)).toHaveLength(3);
    expect(audited).toContain('\\"forced\\":true,\\"withoutPins\\":3');
  });

  it('rotate <node> says where its address is right, when it has to write it', async () => {
    const out = ['--out', at('nodes', 'elsewhere')];
    expect((await run('rotate', 'gw-3', ...out)).out).toContain('Warning: OPENCLAW_ENDPOINT is https://localhost:8443');
    expect((await run('rotate', 'gw-3', ...out)).out).not.toContain('Warning');
  });

  it('revoke locks a node out for good, with a reason', async () => {
    expect(await run('revoke', 'gw-2')).toMatchObject({ code: 2, err: expect.stringContaining('--reason is missing') });
    expect((await runProcess('revoke', 'gw-2', '--reason', 'sold to a museum')).code).toBe(0);
    expect((await trust()).enrolments.find((one) => one.name === 'gw-2')?.revokedMs).not.toBeNull();
    expect(auditLog()).toContain('sold to a museum');
    expect(await run('revoke', 'gw-2', '--reason', 'again')).toMatchObject({
      code: 1,
      err: expect.stringContaining('is revoked already'),
    });
    expect(await run('revoke', 'nobody', '--reason', 'r')).toMatchObject({
      code: 1,
      err: expect.stringContaining('openclaw-fleet nodes lists all'),
    });
    expect(await run('revoke', '--certificate', 'xyz', '--reason', 'r')).toMatchObject({ code: 2 });
    const nodes = await run('nodes');
    expect(nodes.out).toMatch(/gw-2 .* revoked 20/);
    expect(JSON.parse((await run('nodes', '--json')).out)).toHaveLength(4);
  });

  it('revoke --certificate ends one that was issued here, the newest or an older one, and says whose it is', async () => {
    const gw3 = async () => (await trust()).enrolments.find(({ name }) => name === 'gw-3')!;
    const older = (await gw3()).fingerprint;
    await run('rotate', 'gw-3');
    const newest = (await gw3()).fingerprint;
    const colons = older.toUpperCase().replace(/..(?=.)/g, '$&:');
    const first = await run('revoke', '--certificate', colons, '--reason', 'old laptop');
    expect(first).toMatchObject({ code: 0, err: '' });
    expect(first.out).toContain(`Revoked the certificate ${older} of gw-3 (uuid-1234).`);
    expect(first.out).not.toContain('newest');
    const second = await run('revoke', '--certificate', newest, '--reason', 'new laptop');
    expect(second.out).toContain('locked out until it has the files of: npx openclaw-fleet rotate uuid-1234');
    expect((await trust()).revokedCertificates).toEqual(expect.arrayContaining([older, newest]));
  });

  it('revoke --certificate takes no fingerprint that was never issued here for one, unless forced', async () => {
    const { enrolments, revokedCertificates } = await trust();
    const right = enrolments[0]?.fingerprint ?? '';
    const wrong = right.slice(0, -1) + (right.endsWith('0') ? '1' : '0');
    const refused = await run('revoke', '--certificate', wrong, '--reason', 'r');
    expect([refused.code, refused.out]).toEqual([1, '']);
    expect(refused.err).toMatch(/no certificate [0-9a-f]{64} was issued here.*nothing is revoked.*--force/);
    expect((await trust()).revokedCertificates).toEqual(revokedCertificates);
    const forced = await run('revoke', '--certificate', wrong, '--reason', 'r', '--force');
    expect(forced).toMatchObject({ code: 0, err: expect.stringContaining('it is revoked all the same') });
    expect((await trust()).revokedCertificates).toContain(wrong);
    // A fingerprint does not become one of ours by having been revoked.
    expect((await run('revoke', '--certificate', wrong, '--reason', 'r')).code).toBe(1);
  });

  it('token create shows a token once that works until it is revoked', async () => {
    const made = await runProcess(
      'token',
      'create',
      '--name',
      'ana',
      '--role',
      'approver',
      '--kind',
      'person',
      '--person',
      'user-3',
      '--expires',
      '90d'
    );
    const text = /^ocf_\S+/.exec(made.out)?.[0] ?? '';
    const id = text.slice(4, 16);
    const check = async () => {
      const { tokens } = await trust();
      return verifyApiToken(
        `Bearer ${text}`,
        { token: (wanted) => tokens.find((one) => one.id === wanted) },
        Date.now()
      );
    };
    expect(await check()).toMatchObject({ ok: true, role: 'approver', kind: 'person', person: 'user-3' });
    for (const file of ['fleet.db', 'fleet.db-wal']) {
      if (existsSync(at('data', file))) expect(readFileSync(at('data', file)).includes(text.slice(17))).toBe(false);
    }
    const list = await run('token', 'list');
    expect(list.out).toContain(id);
    const json = await run('token', 'list', '--json');
    for (const secret of [text.slice(17), 'hash']) expect(list.out + json.out).not.toContain(secret);
    expect((await runProcess('token', 'revoke', id, '--reason', 'left')).code).toBe(0);
    expect(await check()).toMatchObject({ ok: false, reason: expect.stringContaining('revoked') });
    expect(await run('token', 'revoke', id, '--reason', 'left')).toMatchObject({
      code: 1,
      err: expect.stringContaining('revoked already'),
    });
    expect(await run('token', 'revoke', 'nope', '--reason', 'left')).toMatchObject({
      code: 1,
      err: expect.stringContaining('token list'),
    });
  });

  it('uses no key that others can read', async () => {
    chmodSync(at('pki', 'authority.key'), 0o644);
    const { code, err } = await run('enroll', 'gw-9');
    chmodSync(at('pki', 'authority.key'), 0o600);
    expect(code).toBe(1);
    expect(err).toMatch(/^openclaw-fleet: .*authority\.key can be used by others \(mode 0644\): run chmod 600 .*\n$/);
    expect((await trust()).enrolments.some((one) => one.name === 'gw-9')).toBe(false);
  });
});

describe('the command line', () => {
  beforeEach(() => {
    home = realpathSync(mkdtempSync(join(tmpdir(), 'fleet-cli-')));
  });
  afterEach(() => rmSync(home, { recursive: true }));

  it.each<[string, string[], RegExp]>([
    ['an unknown command', ['enrol', 'x'], /no command "enrol"; did you mean enroll\?/],
    ['half a command', ['token'], /"token" needs one more word: token create, token list, token revoke/],
    ['an unknown option', ['nodes', '--verbose'], /--verbose/],
    ['an argument too many', ['enroll', 'a', 'b'], /"b" is one argument too many/],
    ['a missing argument', ['enroll'], /<name> is missing/],
    [
      'a role that there is not',
      ['token', 'create', '--name', 'x', '--role', 'root'],
      /--role must be viewer, operator, approver/,
    ],
    [
      'a person without a name',
      ['token', 'create', '--name', 'x', '--role', 'viewer', '--kind', 'person'],
      /--person is missing/,
    ],
    [
      'a service with a person',
      ['token', 'create', '--name', 'x', '--role', 'viewer', '--person', 'p'],
      /--person goes with --kind person/,
    ],
    [
      'an end that is over',
      ['token', 'create', '--name', 'x', '--role', 'viewer', '--expires', '2020-01-01'],
      /--expires must be a time to come/,
    ],
    ['force for a node', ['revoke', 'x', '--reason', 'r', '--force'], /--force goes with --certificate/],
    ['a node option without a node', ['rotate', '--dns', 'x'], /--dns goes with <node>/],
    ['a collector option with a node', ['rotate', 'x', '--keys'], /--keys does not go with <node>/],
    ['a relative folder on the node', ['enroll', 'a', '--node-dir', 'etc'], /--node-dir must be an absolute path/],
  ])('refuses %s with 2 and one line', async (_, args, message) => {
    const { code, out, err } = await run(...args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(message);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
    expect(existsSync(at())).toBe(false);
  });

  it('stops at a bad setting and names it', async () => {
    const env = { OPENCLAW_FLEET_INTAKE_PROT: '1', OPENCLAW_FLEET_API_PORT: 'x' };
    const { code, err } = await runWith(env, 'config');
    expect(code).toBe(1);
    expect(err).toContain(
      'OPENCLAW_FLEET_INTAKE_PROT: there is no such setting; did you mean OPENCLAW_FLEET_INTAKE_PORT?'
    );
    expect(err).toContain('OPENCLAW_FLEET_API_PORT = "x": must be a port');
  });

  it('start without credentials says what to do, and nothing else', async () => {
    const { code, out, err } = await runProcess('start');
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/^openclaw-fleet: .*ca\.crt is not there: run openclaw-fleet pki init.*\n$/);
  });

  it('config prints every setting with value and origin, from the file that --config names', async () => {
    writeFileSync(join(home, 'fleet.yaml'), 'storage: { linger: 9 }\n');
    const rows = JSON.parse((await run('config', '--json', '--config', join(home, 'fleet.yaml'))).out) as {
      key: string;
    }[];
    expect(rows.find(({ key }) => key === 'storage.linger')).toMatchObject({ value: '9', origin: 'file' });
    expect((await run('config', '--config', join(home, 'fleet.yaml'))).out).toContain(
      'storage.linger = 9 ms  (file)\n    How long'
    );
    expect((await run('config', '--markdown')).out).toBe(settingsMarkdown());
  });

  it('helps', async () => {
    expect((await run('help')).out).toMatch(/pki init .*\n {2}enroll /);
    expect((await run('help', 'revoke')).out).toContain('--reason <text>');
    expect((await run('enroll', '--help')).out).toContain('--require-signature');
    expect((await runProcess('version')).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each([
    ['90d', 90 * 86_400_000],
    ['12h', 12 * 3_600_000],
    ['2w', 14 * 86_400_000],
  ])('reads the end of a token: %s', (text, ms) => {
    expect(expiry(text, 1000)).toBe(1000 + ms);
    expect(() => expiry(`${text}x`, 1000)).toThrow(/--expires/);
    expect(() => expiry('0d', 1000)).toThrow(/--expires/);
  });
});

describe('the launcher on an older Node', () => {
  let launcher: string;
  beforeEach(() => {
    home = realpathSync(mkdtempSync(join(tmpdir(), 'fleet-cli-')));
    mkdirSync(join(home, 'package', 'cli'), { recursive: true });
    launcher = join(home, 'package', 'cli', 'openclaw-fleet.mjs');
    for (const file of ['openclaw-fleet.mjs', 'heap.mjs'])
      copyFileSync(join(import.meta.dirname, file), join(home, 'package', 'cli', file));
  });
  afterEach(() => rmSync(home, { recursive: true }));

  function install(script: string): void {
    mkdirSync(join(home, 'node_modules', 'node', 'bin'), { recursive: true });
    writeFileSync(join(home, 'node_modules', 'node', 'bin', 'node'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }

  it('runs on the Node of the repository', async () => {
    const { code, out } = await execute([...OLD_NODE, LAUNCHER, 'version'], home);
    expect([code, out]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\n$/)]);
  });

  it('hands on arguments and the exit code', async () => {
    install('echo "$@"; exit 7');
    expect(await execute([...OLD_NODE, launcher, 'enroll', 'a b'], home)).toMatchObject({
      code: 7,
      out: `${launcher} enroll a b\n`,
    });
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('hands on %s, and waits for the end', async (signal) => {
    install(`trap 'echo got ${signal}; exit 3' ${signal.slice(3)}; echo ready; while :; do sleep 0.05; done`);
    let sent = false;
    const outcome = await execute([...OLD_NODE, launcher, 'start'], home, {}, (pid) => {
      if (!sent) process.kill(pid, signal);
      sent = true;
    });
    expect(outcome).toMatchObject({ code: 3, out: `ready\ngot ${signal}\n` });
  });

  it('ends by the signal that ended what it ran', async () => {
    install('kill -TERM $$');
    expect(await execute([...OLD_NODE, launcher], home)).toMatchObject({ code: null, signal: 'SIGTERM' });
  });

  it('says which Node is needed when there is none, and does not run in circles', async () => {
    expect(await execute([...OLD_NODE, launcher], home)).toMatchObject({
      code: 1,
      err: expect.stringContaining('Node 24 or newer is needed and this is 20.1.0: run npm install'),
    });
    install(`exec "${process.execPath}" ${OLD_NODE.map((part) => `'${part}'`).join(' ')} "$@"`);
    expect(await execute([...OLD_NODE, launcher], home)).toMatchObject({
      code: 1,
      err: expect.stringContaining('Node 24 or newer is needed'),
    });
  });
});
