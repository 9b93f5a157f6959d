import { randomUUID } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  ACTION_PATHS,
  ACTION_TYPE,
  instructionSchema,
  PLAYBOOK_IDS,
  VERBS,
  type Problem,
  type RunPage,
} from '@openclaw-fleet/contract';
import fc from 'fast-check';
import { z } from 'zod';
import { signForNode } from '../../backend/collector/configurations/sign.ts';
import { loadPki } from '../../backend/collector/identity/pki.ts';
import { AcceptanceStage } from './support/acceptance-stage.ts';
import { API_LIST, OPEN_MEMBERS, STARTERS } from './support/api-list.ts';

const MINUTE = 60_000;
const root = resolve(import.meta.dirname, '..', '..');
const ID = 'gateway';
/** What a shell, a path or a template would make something of. */
const EVIL = [
  '$(reboot)',
  '`id`',
  'a;reboot',
  'a|sh',
  'a&&b',
  '../../etc/passwd',
  'a b',
  '-rf',
  "'",
  '"',
  'a\nb',
  '${A}',
];

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly properties?: Record<string, Schema>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly additionalProperties?: unknown;
}
interface Operation {
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly schema: { pattern?: string };
  }[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: Schema }> };
}
interface Document {
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, Schema> };
}

let stage: AcceptanceStage;
let document: Document;
beforeAll(async () => {
  stage = new AcceptanceStage([ID]);
  await stage.start(1, {});
  document = await stage.get<Document>('/openapi.json');
}, 3 * MINUTE);
afterAll(() => stage.close(), MINUTE);

const base = (path: string): string => path.replace(/^\/fleet\/(operator|approver)\//, '/fleet/');
const operations = () =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation }))
  );
/** Those with a body that are for callers of the API, not for nodes. */
const writes = () =>
  operations().flatMap(({ method, path, operation }) => {
    const content = Object.entries(operation.requestBody?.content ?? {});
    return content.length === 0 || path.startsWith('/openclaw/') ? [] : [{ method, path, content, operation }];
  });
const filled = (path: string, id = ID): string =>
  path
    .replace('{proposalId}', id === ID ? randomUUID() : '{proposalId}')
    .replaceAll(/\{\w+\}/g, encodeURIComponent(id));

describe('what the API takes', () => {
  it('is what is on a list, and nothing else', () => {
    const found: Record<string, Set<string>> = {};
    for (const { method, path } of operations()) (found[method] ??= new Set()).add(base(path));
    expect(Object.fromEntries(Object.entries(found).map(([method, paths]) => [method, [...paths].sort()]))).toEqual(
      API_LIST
    );
  });

  it('is JSON of a closed form: a member of any name may stand where it is listed, and nowhere else', () => {
    const open = new Set<string>();
    const look = (schema: Schema, at: string): void => {
      if (schema.$ref !== undefined) {
        const name = schema.$ref.split('/').at(-1) ?? '';
        look(document.components.schemas[name] ?? {}, name);
        return;
      }
      if (schema.type === 'object' && schema.additionalProperties !== false) open.add(at);
      for (const [name, each] of Object.entries(schema.properties ?? {})) look(each, `${at}/${name}`);
      if (schema.items !== undefined) look(schema.items, at);
      for (const each of schema.anyOf ?? []) look(each, at);
    };
    for (const { method, path, content } of writes()) {
      expect(content.map(([type]) => type)).toEqual(['application/json']);
      for (const [, { schema }] of content) look(schema, `${method} ${path}`);
    }
    expect([...open].sort()).toEqual(Object.keys(OPEN_MEMBERS).sort());
  });

  it('refuses a member that it does not know, at every address with a body', async () => {
    const all = writes().filter(({ path }) => path !== '/alertmanager/webhook');
    expect(all.length).toBeGreaterThan(50);
    for (const { method, path } of all) {
      const body = { reason: 'to see', command: 'reboot' };
      const answer = await stage.call<Problem>('ben', method, filled(path), body, { 'if-match': '"1"' });
      const named = answer.body.errors?.map(({ field, message }) => `${field} ${message}`).join() ?? '';
      expect([method, path, answer.status, named.includes('command')]).toEqual([method, path, 422, true]);
    }
  });

  it.each(EVIL)('refuses %j as an id, a revision and a playbook, and stores nothing', async (evil) => {
    for (const { method, path, operation } of operations()) {
      if (!path.includes('{') || path.startsWith('/openclaw/')) continue;
      const body = operation.requestBody === undefined ? undefined : { reason: 'to see' };
      const { status } = await stage.call('ben', method, filled(path, evil), body, { 'if-match': '"1"' });
      expect([method, path, [400, 404, 422].includes(status)]).toEqual([method, path, true]);
    }
    const wrong: [string, string, object][] = [
      ['PATCH', `/fleet/targets/${ID}/desired-state`, { configRevision: evil }],
      ['POST', `/fleet/targets/${ID}/reconcile`, { playbook: evil }],
      ['POST', `/fleet/targets/${ID}/reconcile`, { idempotencyKey: evil }],
      ['POST', '/fleet/remediations/batches', { playbook: 'BridgeStuck', targetIds: [evil] }],
      ['POST', '/fleet/policies', { id: evil, name: 'evil' }],
      ['POST', `/fleet/targets/${ID}/clear-quarantine`, { fault: evil }],
    ];
    for (const [method, path, body] of wrong) {
      const answer = await stage.call<Problem>(
        'ben',
        method,
        path,
        { ...body, reason: 'to see' },
        { 'if-match': '"1"' }
      );
      expect([path, answer.status, answer.body.type]).toEqual([path, 422, 'urn:openclaw-fleet:problem:invalid-body']);
    }
    expect((await stage.get<RunPage>('/fleet/remediations/runs')).total).toBe(0);
  });

  it.each([
    ['plugins.load.paths', ['/tmp/evil']],
    ['hooks.internal.enabled', true],
    ['tools.exec.security', 'full'],
    ['env.vars.NODE_OPTIONS', '--import=/tmp/evil.mjs'],
    ['mcp.servers.evil', { command: 'sh' }],
    ['gateway.bind', 'lan'],
    ['agents.defaults.cliBackends', { evil: { command: 'sh' } }],
    ['agents.defaults.sandbox.mode', 'off'],
  ])('refuses a revision that would have a gateway run or open something: %s', async (path, value) => {
    const body = { title: 'evil', values: { [path]: value }, reason: 'to see' };
    for (const [method, address, what] of [
      ['POST', '/fleet/configs', body],
      ['PUT', `/fleet/targets/${ID}/overlay`, { values: body.values, reason: body.reason }],
    ] as const) {
      const answer = await stage.call<Problem>('ben', method, address, what, { 'if-match': '"0"' });
      expect([answer.status, JSON.stringify(answer.body.errors)]).toEqual([422, expect.stringContaining(path)]);
    }
  });
});

describe('what a node can be asked', () => {
  it('is six verbs, by three playbooks', () => {
    expect(VERBS).toEqual(['restart', 'reload', 'reconcile', 'throttle', 'resume', 'doctor']);
    expect(PLAYBOOK_IDS).toEqual(['BridgeStuck', 'ConfigDrift', 'FailureBurst']);
    const schema = z.toJSONSchema(instructionSchema) as unknown as {
      oneOf: (Schema & { properties: { verb: { const: string } } })[];
    };
    expect(schema.oneOf.map(({ properties }) => properties.verb.const)).toEqual([...VERBS]);
  });

  it('takes no parameter that a shell or a path would make something of, and none that it does not know', () => {
    const hash = 'a'.repeat(64);
    const good = [
      { verb: 'restart', what: 'gateway' },
      { verb: 'reload' },
      { verb: 'reconcile', apply: { revision: hash, configHash: hash, allowRestart: false } },
      { verb: 'throttle', jobs: ['job-1'] },
      { verb: 'resume', jobs: ['job-1'], check: false },
      { verb: 'doctor' },
    ];
    expect(good.map(({ verb }) => verb)).toEqual([...VERBS]);
    const takes = (value: unknown): boolean => instructionSchema.safeParse(value).success;
    expect(good.every(takes)).toBe(true);
    const meta = fc.constantFrom(...Array.from('$`;|&<>(){}[]*?!~#%^=+,/\\\'" \t\r\n\0'));
    const evil = fc
      .tuple(fc.string({ maxLength: 20 }), meta, fc.string({ maxLength: 20 }))
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(evil, fc.string({ minLength: 1 }), (text, name) => {
        for (const jobs of [[text], ['job-1', text]])
          for (const verb of ['throttle', 'resume']) expect(takes({ verb, jobs, check: false })).toBe(false);
        expect(takes({ verb: 'restart', what: text })).toBe(false);
        expect(takes({ verb: text })).toBe(false);
        const apply = { revision: hash, configHash: hash, allowRestart: false };
        for (const field of ['revision', 'configHash'])
          expect(takes({ verb: 'reconcile', apply: { ...apply, [field]: text } })).toBe(false);
        for (const one of good) if (!(name in one)) expect(takes({ ...one, [name]: text })).toBe(false);
      })
    );
  });

  it('is refused at its own door when it is anything else, though the collector’s own key signed it', async () => {
    const credentials = loadPki(join(stage.collector.folder, 'pki'));
    const [host = '', port = ''] = (stage.door(ID) ?? '').split(':');
    const ask = async (change: object, instruction: object): Promise<{ status: number; text: string }> => {
      const action = {
        action_id: randomUUID(),
        node_id: ID,
        run_id: 'run-1',
        step: 'step-1',
        instruction,
        gateway_boot_id: null,
        issued_at: new Date().toISOString(),
        expires_at: new Date(Date.now() + MINUTE).toISOString(),
        ...change,
      };
      const body = JSON.stringify({ jws: await signForNode(ACTION_TYPE, action, credentials.actionsKey) });
      return new Promise((done, reject) => {
        const { ca, client } = credentials;
        const tls = { ca, cert: client.certificate, key: client.privateKey, checkServerIdentity: () => undefined };
        const headers = { 'content-length': Buffer.byteLength(body) };
        const options = { host, port, method: 'POST', path: ACTION_PATHS.actions, agent: false as const, headers };
        request({ ...options, ...tls }, (response) => {
          let text = '';
          response.on('data', (chunk: Buffer) => (text += chunk.toString()));
          response.on('end', () => done({ status: response.statusCode ?? 0, text }));
        })
          .on('error', reject)
          .end(body);
      });
    };
    expect((await ask({}, { verb: 'doctor' })).status).toBeLessThan(300);
    const wrong: [object, object][] = [
      [{}, { verb: 'exec', command: 'reboot' }],
      [{}, { verb: 'doctor', command: 'reboot' }],
      [{ command: 'reboot' }, { verb: 'doctor' }],
      ...EVIL.map((evil): [object, object] => [{}, { verb: 'throttle', jobs: [evil] }]),
      ...EVIL.map((evil): [object, object] => [
        {},
        { verb: 'reconcile', apply: { revision: evil, configHash: 'a'.repeat(64), allowRestart: true } },
      ]),
      ...EVIL.map((evil): [object, object] => [{ action_id: evil }, { verb: 'doctor' }]),
    ];
    for (const [change, instruction] of wrong) {
      const { status, text } = await ask(change, instruction);
      expect([instruction, change, status >= 400 && status < 500]).toEqual([instruction, change, true]);
      expect(text).not.toMatch(/reboot|passwd/);
    }
  });
});

describe('the product’s own code', () => {
  const files = ['backend/{client,bridge,collector,contract}/**/*.{ts,mjs}'];
  const sources = globSync(files, { cwd: root }).filter((path) => !/\.test\.ts$|\/(testing|simulation)\//.test(path));
  const holding = (pattern: RegExp): string[] =>
    sources.filter((path) => pattern.test(readFileSync(join(root, path), 'utf8'))).sort();

  it('starts programs in few places, each with a word on what it starts', () => {
    expect(sources.length).toBeGreaterThan(200);
    expect(holding(/child_process/)).toEqual(Object.keys(STARTERS).sort());
  });

  it('has no shell, and evaluates no text', () => {
    expect(holding(/shell: *(true|')|['"](\/bin\/)?(ba)?sh['"]/)).toEqual([]);
    // `exec` takes a line for a shell; `execFile` and `spawn` take arguments.
    expect(holding(/\bexec(Sync)?\b.*from 'node:child_process'/)).toEqual([]);
    expect(holding(/\beval\(|new Function\(|node:vm['"]/)).toEqual([]);
  });
});
