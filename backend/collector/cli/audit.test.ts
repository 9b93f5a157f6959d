import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import Database from 'better-sqlite3';
import { initPki } from '../identity/pki.ts';
import { openStorage } from '../storage/index.ts';
import type { AuditEntry } from '../storage/types.ts';
import { run as main } from './main.ts';

// Each of these commands may start a database thread, on a machine that may be busy.
jest.setTimeout(120_000);

const DAY = 86_400_000;
const LONG_AGO = Date.now() - 500 * DAY;
const NOWHERE = { OPENCLAW_FLEET_DATA_DIR: '/nowhere/data', OPENCLAW_FLEET_PKI_DIR: '/nowhere/pki' };

let home: string;
let pin: string;
const at = (name: string): string => join(home, name);
const file = (): string => at('data/fleet.db');

const credentials = mkdtempSync(join(tmpdir(), 'fleet-audit-pki-'));
beforeAll(async () => {
  const options = { names: ['localhost'], authorityDays: 9, collectorDays: 9, force: true, nowMs: Date.now() };
  pin = (await initPki(credentials, options)).actions;
});
afterAll(() => rmSync(credentials, { recursive: true }));
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'fleet-audit-')));
  cpSync(credentials, at('pki'), { recursive: true });
});
afterEach(() => rmSync(home, { recursive: true }));

async function run(
  args: string,
  env: Record<string, string> = {}
): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const words = args.split(' ').map((word) => (word.startsWith('@') ? at(word.slice(1)) : word));
  const code = await main(
    words,
    { OPENCLAW_FLEET_DATA_DIR: at('data'), OPENCLAW_FLEET_PKI_DIR: at('pki'), ...env },
    { out: (text) => void (out += `${text}\n`), err: (text) => void (err += `${text}\n`) }
  );
  return { code, out, err };
}

const entry = (number: number, atMs: number): AuditEntry => ({
  actor: { name: 'grafana:ada', via: 'grafana-id-token' },
  action: 'run.approved',
  subject: `run-${number}`,
  reason: 'it hängs',
  atMs,
  data: { number },
});

/** Appends records, the first at `fromMs`, the others a day apart. */
async function record(count: number, fromMs: number): Promise<void> {
  const store = await openStorage({ file: file() });
  try {
    for (let number = 1; number <= count; number++) await store.appendAudit(entry(number, fromMs + (number - 1) * DAY));
  } finally {
    await store.close();
  }
}

function tamper(sql: string): void {
  const db = new Database(file());
  db.exec(sql);
  db.close();
}

const lines = (name: string): string[] => readFileSync(at(name), 'utf8').trimEnd().split('\n');

describe('audit verify', () => {
  it('finds a store whole, and says that its tail is unproven', async () => {
    await record(3, LONG_AGO);
    expect(await run('audit verify')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^The audit is whole: 3 records \(1 to 3\).*\nThe tail is unproven/),
      err: '',
    });
    expect(JSON.parse((await run('audit verify --json')).out)).toMatchObject({ ok: true, records: 3, provenTo: null });
  });

  it.each([
    ['update audit set reason = reason || 1 where seq = 2', /record 2 is not as it was sealed.*altered/],
    ['delete from audit where seq = 2', /record 2 is missing.*missing/],
    ['delete from audit where seq = 1', /record 1 is missing.*missing/],
    ['delete from audit where seq = 3', /record 3 is missing at the end.*truncated/],
    ['update audit_head set hash = (select hash from audit where seq = 2)', /record 3 is not the one.*rewritten/],
    ['update audit set data = null where seq = 2', null],
  ])('names the record broken by: %s', async (sql, words) => {
    await record(3, LONG_AGO);
    if (words === null) {
      expect(() => tamper(sql)).toThrow(/NOT NULL/);
      return;
    }
    tamper(sql);
    const { code, out } = await run('audit verify');
    expect([code, out]).toEqual([1, expect.stringMatching(words)]);
    for (const command of ['audit head', 'audit export --out @new.jsonl'])
      expect(await run(command)).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/Nothing is signed/) });
    expect(existsSync(at('new.jsonl'))).toBe(false);
  });

  it('finds by a head kept elsewhere what was cut off with all its traces', async () => {
    await record(3, LONG_AGO);
    writeFileSync(at('head.jws'), (await run('audit head')).out);
    await record(1, LONG_AGO + 9 * DAY);
    const later = await run('audit verify --head @head.jws');
    expect(later).toMatchObject({
      code: 0,
      out: expect.stringMatching(/up to record 3; the tail after it, records 4 to 4/),
    });
    tamper(
      `delete from audit where seq > 2; update audit_head set seq = 2, hash = (select hash from audit where seq = 2)`
    );
    expect((await run('audit verify')).code).toBe(0);
    expect(await run('audit verify --head @head.jws')).toMatchObject({
      code: 1,
      out: expect.stringMatching(/record 3 is missing at the end: the head names record 3/),
    });
  });

  it('reads the store while it is written to, and writes nothing', async () => {
    await record(1, LONG_AGO);
    const writer = startWriter();
    try {
      const seen = new Set<number>();
      for (let round = 0; seen.size < 4 && round < 1_000; round++) {
        await new Promise((resolve) => setImmediate(resolve));
        expect(writer.exitCode).toBeNull();
        const { code, out } = await run('audit verify --json');
        expect(code).toBe(0);
        seen.add((JSON.parse(out) as { records: number }).records);
      }
      expect(seen.size).toBe(4);
    } finally {
      writer.kill('SIGKILL');
    }
    tamper('update leader set epoch = 41');
    await run('audit verify');
    const db = new Database(file(), { readonly: true });
    expect(db.prepare('select epoch from leader').get()).toEqual({ epoch: 41 });
    db.close();
  });

  it('says what to do where there is no store, no file, or no key to know a head by', async () => {
    expect(await run('audit verify')).toMatchObject({ code: 1, err: expect.stringMatching(/fleet\.db.*--config/) });
    expect(existsSync(at('data'))).toBe(false);
    expect(await run('audit verify --file @none')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/cannot read the export/),
    });
    await record(1, LONG_AGO);
    expect(await run('audit verify --head @none')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/cannot read the signed head/),
    });
    expect(await run('audit verify --head @none', NOWHERE)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/--pin is missing/),
    });
    expect((await run('audit verify --head @none --pin sha256/x')).code).toBe(2);
    expect((await run('audit verify --previous @none')).code).toBe(2);
    expect((await run('audit verify extra')).code).toBe(2);
  });
});

describe('audit export', () => {
  it('is verified anywhere, by its head and the pin alone', async () => {
    await record(4, LONG_AGO);
    const { code, out } = await run('audit export --out @all.jsonl');
    expect([code, out]).toEqual([0, expect.stringContaining(`--pin ${pin}`)]);
    expect(lines('all.jsonl').map((line) => (JSON.parse(line) as { seq: number }).seq)).toEqual([1, 2, 3, 4]);
    expect(statSync(at('all.jsonl')).mode & 0o777).toBe(0o600);
    expect(existsSync(at('all.jsonl.start.jws'))).toBe(false);
    const verify = `audit verify --file @all.jsonl --head @all.jsonl.head.jws --pin ${pin}`;
    expect(await run(verify, NOWHERE)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/proves it to its end, record 4/),
    });
    const whole = lines('all.jsonl');
    writeFileSync(at('all.jsonl'), `${whole.slice(0, 3).join('\n')}\n`);
    expect(await run(verify, NOWHERE)).toMatchObject({
      code: 1,
      out: expect.stringMatching(/record 4 is missing at the end/),
    });
    expect((await run('audit verify --file @all.jsonl', NOWHERE)).code).toBe(0);
    writeFileSync(at('all.jsonl'), whole.join('\n').replace('run-2', 'run-9'));
    expect(await run(verify, NOWHERE)).toMatchObject({
      code: 1,
      out: expect.stringMatching(/record 2 is not as it was sealed/),
    });
  });

  it('counts no head that another key signed', async () => {
    await record(1, LONG_AGO);
    await run('audit export --out @all.jsonl');
    const other = `sha256/${Buffer.alloc(32).toString('base64')}`;
    expect(await run(`audit verify --file @all.jsonl --head @all.jsonl.head.jws --pin ${other}`)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/proves nothing: it is signed by another key/),
    });
  });

  it('may be of a part, which follows on a signed head', async () => {
    await record(5, LONG_AGO);
    const from = new Date(LONG_AGO + DAY).toISOString();
    const to = new Date(LONG_AGO + 3 * DAY).toISOString();
    const { code } = await run(`audit export --out @part.jsonl --from ${from} --to ${to}`);
    expect([code, lines('part.jsonl').map((line) => (JSON.parse(line) as { seq: number }).seq)]).toEqual([0, [2, 3]]);
    const verify = `audit verify --file @part.jsonl --head @part.jsonl.head.jws --pin ${pin}`;
    expect(await run(`${verify} --previous @part.jsonl.start.jws`, NOWHERE)).toMatchObject({ code: 0 });
    expect(await run(verify, NOWHERE)).toMatchObject({ code: 1, out: expect.stringMatching(/record 1 is missing/) });
  });

  it('replaces nothing, and makes nothing of nothing', async () => {
    await record(1, LONG_AGO);
    writeFileSync(at('all.jsonl.head.jws'), 'mine');
    expect(await run('audit export --out @all.jsonl')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/is there already/),
    });
    expect(readFileSync(at('all.jsonl.head.jws'), 'utf8')).toBe('mine');
    expect(await run('audit export --out @none/all.jsonl')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/cannot write/),
    });
    expect(await run('audit export --out @new.jsonl --from 2200-01-01')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/no record/),
    });
    expect((await run('audit export --out @new.jsonl --from yesterday')).code).toBe(2);
    expect((await run('audit export')).code).toBe(2);
    rmSync(at('pki/actions.key'));
    expect((await run('audit export --out @new.jsonl')).code).toBe(1);
    expect(existsSync(at('new.jsonl'))).toBe(false);
  });
});

describe('audit cut', () => {
  const before = (days: number): string => new Date(LONG_AGO + days * DAY).toISOString();
  const cut = (days: number, name: string): ReturnType<typeof run> =>
    run(`audit cut --before ${before(days)} --export @${name} --reason retention`);

  it('leaves a chain that verifies, and an export that proves what was before it', async () => {
    await record(6, LONG_AGO);
    expect(await cut(4, 'first.jsonl')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^Cut 4 records, 1 to 4\./),
    });
    expect(await run('audit verify')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/3 records \(5 to 7\).*\nRecords 1 to 4 were cut/),
    });
    expect(await run(`audit verify --file @first.jsonl --head @first.jsonl.head.jws`)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/proves it to its end, record 4/),
    });
    expect(await run(`audit verify --head @first.jsonl.head.jws`)).toMatchObject({ code: 0 });
    await run('audit export --out @rest.jsonl');
    const [, , last = ''] = lines('rest.jsonl');
    expect(JSON.parse(last)).toMatchObject({ action: 'audit.cut', subject: '1-4', reason: 'retention' });
    expect(await cut(5, 'second.jsonl')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^Cut 1 records, 5 to 5\./),
    });
    expect((await run('audit verify --file @second.jsonl --previous @second.jsonl.start.jws')).code).toBe(0);
    expect(await run('audit verify')).toMatchObject({ code: 0, out: expect.stringMatching(/3 records \(6 to 8\)/) });
    writeFileSync(at('whole.jsonl'), [...lines('first.jsonl'), ...lines('rest.jsonl'), ''].join('\n'));
    expect(await run('audit verify --file @whole.jsonl')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/7 records/),
    });
  });

  it('takes everything that is old enough, and its own record begins what follows', async () => {
    await record(2, LONG_AGO);
    expect((await cut(50, 'all.jsonl')).code).toBe(0);
    expect(await run('audit verify')).toMatchObject({ code: 0, out: expect.stringMatching(/1 records \(3 to 3\)/) });
  });

  it('is not hidden by a cut that says otherwise', async () => {
    await record(6, LONG_AGO);
    await cut(3, 'first.jsonl');
    tamper('delete from audit where seq = 4');
    expect(await run('audit verify')).toMatchObject({
      code: 1,
      out: expect.stringMatching(/no later record says that they were cut/),
    });
  });

  it('keeps what must be kept, what is broken, and what it cannot export', async () => {
    await record(3, LONG_AGO);
    const soon = new Date(Date.now() - 399 * DAY).toISOString();
    expect(await run(`audit cut --before ${soon} --export @x.jsonl --reason r`)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/kept for 400 days/),
    });
    expect((await run(`audit cut --before ${before(2)} --export @x.jsonl`)).code).toBe(2);
    expect(await cut(0, 'x.jsonl')).toMatchObject({ code: 1, err: expect.stringMatching(/nothing to cut/) });
    expect((await cut(2, 'none/x.jsonl')).code).toBe(1);
    expect(existsSync(at('x.jsonl'))).toBe(false);
    expect((await run('audit verify --json')).out).toContain('"records": 3');
    tamper(`update audit set subject = 'x' where seq = 3`);
    expect(await cut(2, 'x.jsonl')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/record 3 is not as it was sealed/),
    });
    expect(existsSync(at('x.jsonl'))).toBe(false);
  });
});

describe('the store’s own cut', () => {
  it('refuses to take what is not what was exported', async () => {
    await record(3, LONG_AGO);
    const store = await openStorage({ file: file() });
    const [, second] = await store.auditRecords({ newestFirst: false, limit: 9 });
    const through = { seq: 1, hash: second?.hash ?? '' };
    await expect(store.cutAudit(through, entry(9, 1))).rejects.toThrow(/not the one that was exported/);
    await expect(store.cutAudit({ seq: 9, hash: through.hash }, entry(9, 1))).rejects.toThrow(/not the one/);
    expect(await store.auditHead()).toMatchObject({ seq: 3 });
    expect(await store.auditRecords({ newestFirst: false, limit: 9 })).toHaveLength(3);
    await store.close();
  });
});

/** A process that appends to the audit until it is killed. */
function startWriter(): ChildProcess {
  const script = `
    import { openStorage } from ${JSON.stringify(new URL('../storage/index.ts', import.meta.url).href)};
    const store = await openStorage({ file: ${JSON.stringify(file())} });
    const actor = { name: 'system', via: 'system' };
    for (let n = 0; ; n++) await store.appendAudit({ actor, action: 'a', subject: String(n), reason: null, atMs: n, data: {} });`;
  writeFileSync(at('writer.mjs'), script);
  return spawn(process.execPath, [at('writer.mjs')], { stdio: 'ignore' });
}
