import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  ACTION_TYPE,
  isEnded,
  NODE_REVISION_TYPE,
  TIMINGS,
  type AuditPage,
  type Batch,
  type Plan,
  type Problem,
  type Role,
  type Run,
  type RunDetail,
} from '@openclaw-fleet/contract';
import { verifyRevision } from '../../backend/bridge/configuration/verify.ts';
import { pinOf } from '../../backend/bridge/signed.ts';
import { signForNode } from '../../backend/collector/configurations/sign.ts';
import { ActingNode } from './support/acting-node.ts';
import { TestCollector } from './support/collector.ts';
import { askDoor, asking, give, look, signed, stolen, stolenSigner } from './support/thief.ts';
import { waitFor } from './support/wait.ts';

const MINUTE = 60_000;
const why = { reason: 'a test of thieves' };

let collector: TestCollector;
const nodes: ActingNode[] = [];
const pki = (name: string): string => join(collector.folder, 'pki', name);
async function node(id: string): Promise<ActingNode> {
  const started = await ActingNode.start(collector, id);
  nodes.push(started);
  return started;
}

function begin(): void {
  collector = new TestCollector({
    OPENCLAW_FLEET_TIMINGS: 'demo',
    OPENCLAW_FLEET_DURATIONS_GRACE: String(TIMINGS.production.grace / 1000),
    // What is tested is who may ask, not how bad it is.
    OPENCLAW_FLEET_DURATIONS_RUNTIME_DRIFT_CRITICAL_AFTER: '900',
    // A token is made by a program of its own, which takes its time.
    OPENCLAW_FLEET_DURATIONS_APPROVAL_EXPIRY: String(TIMINGS.production.approvalExpiry / 1000),
    OPENCLAW_FLEET_DURATIONS_EXECUTION_EXPIRY: String(TIMINGS.production.executionExpiry / 1000),
  });
}
async function end(): Promise<void> {
  for (const one of nodes.splice(0)) await one.stop();
  await collector.close();
}

interface Answer<T> {
  readonly status: number;
  readonly body: T;
}
async function call<T>(token: string, method: string, path: string, body?: object): Promise<Answer<T>> {
  const response = await fetch(`http://127.0.0.1:${collector.apiPort}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: JSON.parse((await response.text()) || 'null') as T };
}
const nameOf = ({ status, body }: Answer<Problem>) => [status, body.type.split(':').at(-1)];

function person(name: string, role: Role): { token: string; id: string } {
  const made = collector.cli(
    ...['token', 'create', '--name', `${name} ${role}`.replace(' ', '-'), '--role', role],
    ...['--kind', 'person', '--person', name, '--json']
  );
  return JSON.parse(made) as { token: string; id: string };
}

describe('a captured or forged request at a real door', () => {
  let victim: ActingNode;
  let other: ActingNode;
  beforeAll(async () => {
    begin();
    [victim, other] = [await node('victim'), await node('other')];
  }, 2 * MINUTE);
  afterAll(end, MINUTE);
  beforeEach(async () => {
    await victim.renew();
    await other.renew();
  });

  const client = () => stolen(join(collector.folder, 'pki'), 'client');
  const signer = () => stolenSigner(pki('actions.key'));
  const untouched = (): void => expect([victim.carried, other.carried]).toEqual([[], []]);
  async function ended(actionId: string): Promise<object> {
    const path = `/v1/actions/${actionId}`;
    const answer = () => askDoor(victim.port, client(), 'GET', path);
    return await waitFor(async () => {
      const { body } = await answer();
      return body['state'] === 'running' ? null : body;
    }, 'the action to end');
  }

  it('with a stolen certificate of a node: no door opens, its own neither, whatever it brings', async () => {
    const captured = await signed(asking(victim.id), signer());
    for (const thief of [other, victim]) {
      const shown = stolen(thief.folder, 'node');
      expect((await look(victim.port, shown)).status).toBe(403);
      expect((await give(victim.port, shown, captured)).status).toBe(403);
      const own = stolenSigner(join(thief.folder, 'node.key'));
      expect((await give(victim.port, shown, await signed(asking(victim.id), own))).status).toBe(403);
      expect((await askDoor(victim.port, shown, 'GET', '/v1/actions/12345678')).status).toBe(403);
    }
    expect([victim.looks, other.looks]).toEqual([0, 0]);
    untouched();
  });

  it('with the collector’s client key alone: it looks, and has nothing done', async () => {
    expect((await look(victim.port, client())).status).toBe(200);
    const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    for (const key of [own, stolenSigner(pki('client.key')), stolenSigner(pki('tokens.key'))]) {
      expect(await give(victim.port, client(), await signed(asking(victim.id), key))).toMatchObject({
        status: 403,
        body: { refusal: 'not-signed' },
      });
    }
    untouched();
  });

  it('with actions.key alone, or the authority’s server face: no door opens', async () => {
    const jws = await signed(asking(victim.id), signer());
    await expect(give(victim.port, null, jws)).rejects.toThrow();
    await expect(give(victim.port, stolen(join(collector.folder, 'pki'), 'server'), jws)).rejects.toThrow();
    untouched();
  });

  it('with both keys: the verbs, and no more often than the node allows', async () => {
    const first = asking(victim.id);
    await give(victim.port, client(), await signed(first, signer()));
    expect(await ended(first.action_id)).toMatchObject({ state: 'succeeded' });
    expect(await give(victim.port, client(), await signed(asking(victim.id), signer()))).toMatchObject({
      body: { state: 'refused', refusal: 'restart-limit' },
    });
    const command = { ...asking(victim.id), instruction: { verb: 'exec', command: 'id' } };
    expect(await give(victim.port, client(), await signed(command, signer()))).toMatchObject({
      status: 422,
      body: { refusal: 'not-declared' },
    });
    expect(victim.carried).toEqual([first.action_id]);
  });

  it('sent again: the first receipt, and nothing done; elsewhere: for another node; later: expired', async () => {
    const request = asking(victim.id);
    const jws = await signed(request, signer());
    await give(victim.port, client(), jws);
    const receipt = await ended(request.action_id);
    expect(await give(victim.port, client(), jws)).toEqual({ status: 200, body: receipt });
    expect(await give(other.port, client(), jws)).toMatchObject({ status: 422, body: { refusal: 'wrong-node' } });
    const held = asking(victim.id);
    await victim.shut();
    await victim.open(2 * MINUTE);
    expect(await give(victim.port, client(), await signed(held, signer()))).toMatchObject({
      body: { state: 'refused', refusal: 'expired' },
    });
    const changed = await signed({ ...request, run_id: 'run-2' }, signer());
    expect(await give(victim.port, client(), changed)).toMatchObject({
      status: 409,
      body: { refusal: 'altered-repeat' },
    });
    expect([victim.carried, other.carried]).toEqual([[request.action_id], []]);
  });

  it('sent again after its receipt was deleted, and the bridge started anew: nothing done', async () => {
    const request = asking(victim.id, { instruction: { verb: 'doctor' } });
    const jws = await signed(request, signer());
    await give(victim.port, client(), jws);
    const receipt = await ended(request.action_id);
    victim.loseReceipts();
    expect(await give(victim.port, client(), jws)).toEqual({ status: 200, body: receipt });
    await victim.shut();
    await victim.open();
    expect(await give(victim.port, client(), jws)).toMatchObject({ status: 200, body: { state: 'outcome_unknown' } });
    expect(victim.carried).toEqual([request.action_id]);
  });

  it('altered in any part, or signed in any other way, it is not signed', async () => {
    const key = signer();
    const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwk = key.publicKey.export({ format: 'jwk' });
    const ownJwk = own.publicKey.export({ format: 'jwk' });
    const request = asking(victim.id);
    const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const [header, payload, signature] = (await signed(request, key)).split('.') as [string, string, string];
    const fields = JSON.parse(Buffer.from(header, 'base64url').toString()) as object;
    const es256 = (head: object, privateKey: typeof own.privateKey, body = payload): string => {
      const text = `${encode(head)}.${body}`;
      const made = sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' });
      return `${text}.${made.toString('base64url')}`;
    };
    const hs256 = (secret: string | Buffer): string => {
      const text = `${encode({ ...fields, alg: 'HS256' })}.${payload}`;
      return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
    };
    const spki = key.publicKey.export({ type: 'spki', format: 'der' });
    const forged: Record<string, string> = {
      'another payload': `${header}.${encode({ ...request, node_id: victim.id, step: 'b' })}.${signature}`,
      'another header': `${encode({ ...fields, kid: 'x' })}.${payload}.${signature}`,
      'alg none': `${encode({ ...fields, alg: 'none' })}.${payload}.`,
      'alg none with a signature': `${encode({ ...fields, alg: 'none' })}.${payload}.${signature}`,
      'HS256 with the public key, DER': hs256(spki),
      'HS256 with the public key, PEM': hs256(key.publicKey.export({ type: 'spki', format: 'pem' }).toString()),
      'HS256 with the public key, JWK': hs256(JSON.stringify(jwk)),
      'another key': es256({ ...fields, jwk: ownJwk }, own.privateKey),
      'another key under the known one’s name': es256(fields, own.privateKey),
      'the known signature under another key': `${encode({ ...fields, jwk: ownJwk })}.${payload}.${signature}`,
      'no key': es256({ alg: 'ES256', typ: ACTION_TYPE }, key.privateKey),
      'the key elsewhere': es256({ ...fields, jwk: undefined, x5c: [spki.toString('base64')] }, key.privateKey),
      'an extension that changes what is signed': es256({ ...fields, b64: false, crit: ['b64'] }, key.privateKey),
      'no type': es256({ ...fields, typ: undefined }, key.privateKey),
      'a signature of zeros': `${header}.${payload}.${Buffer.alloc(64).toString('base64url')}`,
      'a signature in DER': `${header}.${payload}.${sign('sha256', Buffer.from(`${header}.${payload}`), key.privateKey).toString('base64url')}`,
      'a revision': await signForNode(NODE_REVISION_TYPE, request, key),
      'a head of the audit': await signForNode('openclaw-audit-head+jws', request, key),
    };
    const seen: Record<string, unknown> = {};
    for (const [what, jws] of Object.entries(forged)) {
      const { status, body } = await give(victim.port, client(), jws);
      seen[what] = [status, body['refusal']];
    }
    expect(seen).toEqual(Object.fromEntries(Object.keys(forged).map((what) => [what, [403, 'not-signed']])));
    untouched();
    const asRevision = await signed(
      { revision: 'a'.repeat(64), node_id: victim.id, config_hash: 'a'.repeat(64), values: {} },
      key
    );
    expect(() => verifyRevision(asRevision, { nodeId: victim.id, pins: [pinOf(key.publicKey)] })).toThrow(/header/);
  });

  it('by a key that was rotated away: not once the node has the new pins', async () => {
    const old = signer();
    const request = (): ReturnType<typeof asking> => asking(other.id, { instruction: { verb: 'doctor' } });
    collector.cli('rotate', '--keys');
    const next = signer();
    // The waiting key's pin was there from the enrolment on, of both keys.
    expect((await give(other.port, client(), await signed(request(), next))).status).toBe(202);
    await waitFor(async () => (await look(other.port, client())).body['busy'] === null, 'its end');
    expect((await give(other.port, client(), await signed(request(), old))).status).toBe(202);
    collector.cli('rotate', other.id, '--out', other.folder, '--endpoint', 'https://localhost');
    await other.shut();
    await other.open();
    expect((await give(other.port, client(), await signed(request(), old))).body).toMatchObject({
      refusal: 'not-signed',
    });
    expect((await give(other.port, client(), await signed(request(), next))).status).toBe(202);
  });
});

describe('a running collector', () => {
  let operator: string;
  let victim: ActingNode;
  /** Of what somebody sent to an address where no node is. */
  let received = '';
  const listener = createServer((socket) => {
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}');
    });
    socket.on('error', () => undefined);
  });

  beforeAll(async () => {
    begin();
    operator = person('ann', 'operator').token;
    await collector.start();
    victim = await broken('victim');
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  }, 2 * MINUTE);
  afterAll(async () => {
    listener.close();
    await end();
  }, MINUTE);

  async function broken(id: string, change: (one: ActingNode) => void = () => undefined): Promise<ActingNode> {
    const one = await node(id);
    change(one);
    one.publish();
    await waitFor(async () => (await collector.get(`/fleet/targets/${id}`)).status === 200, `${id} to be seen`);
    return one;
  }
  const request = (id: string) =>
    call<Run & Problem>(operator, 'POST', `/fleet/targets/${id}/reconcile`, { ...why, playbook: 'BridgeStuck' });
  async function repair(id: string): Promise<RunDetail> {
    const { body } = await waitFor(
      async () => {
        const answer = await request(id);
        return answer.status === 201 ? answer : null;
      },
      `a repair of ${id}`,
      MINUTE,
      500
    );
    const run = (): Promise<{ body: RunDetail }> => call(operator, 'GET', `/fleet/remediations/runs/${body.id}`);
    await waitFor(async () => isEnded((await run()).body.state), `the run on ${id} to end`, 2 * MINUTE, 250);
    return (await run()).body;
  }
  const address = (listening: { port: number }): string => `127.0.0.1:${listening.port}`;

  it.each<[string, string, () => string, RegExp]>([
    ['another node’s door', 'at-victim', () => address(victim), /is the node victim, not at-victim/],
    ['the collector’s intake', 'at-intake', () => `127.0.0.1:${collector.intakePort}`, /is a collector, not at-intake/],
    ['the collector’s API', 'at-api', () => `127.0.0.1:${collector.apiPort}`, /did not prove to be a node/],
    ['no node', 'at-nobody', () => address(listener.address() as AddressInfo), /did not prove|nobody|in time|connect/],
    ['outside of the networks', 'at-large', () => '203.0.113.7:9465', /bridges\.networks/],
    ['the metadata of a cloud', 'at-cloud', () => '169.254.169.254:80', /no node's/],
  ])(
    'is told by a stolen node that its door is at %s: nothing is sent, and nothing done',
    async (_where, id, where, says) => {
      const thief = await broken(id, (one) => (one.address = where()));
      const run = await repair(id);
      expect([run.state, JSON.stringify(run)]).toEqual(['unreachable', expect.stringMatching(says)]);
      expect(run.steps.filter(({ kind, state }) => kind === 'verb' && state !== 'skipped')).toEqual([]);
      expect([victim.looks, victim.carried, thief.looks]).toEqual([0, [], 0]);
      expect(received).not.toMatch(/GET|POST|jws|observation/);
    },
    2 * MINUTE
  );

  it(
    'is lied to by a stolen node that nothing is wrong: it does nothing, there or elsewhere',
    async () => {
      const thief = await broken('liar', (one) => (one.sees = {}));
      const run = await repair('liar');
      expect(run.state).toBe('no_fault');
      expect([thief.carried, victim.carried, victim.looks]).toEqual([[], [], 0]);
    },
    2 * MINUTE
  );

  it(
    'goes to no door of a node that is revoked',
    async () => {
      const gone = await broken('gone');
      await waitFor(
        async () =>
          (await call<object>(operator, 'POST', '/fleet/targets/gone/reconcile', { ...why, dryRun: true })).status ===
          200,
        'it to be repairable'
      );
      collector.cli('revoke', 'gone', '--reason', 'stolen');
      await waitFor(async () => (await gone.beat().catch(() => null))?.status === 403, 'the revocation');
      const run = await repair('gone');
      expect([run.state, JSON.stringify(run)]).toEqual(['unreachable', expect.stringMatching(/revoked/)]);
      expect([gone.looks, gone.carried]).toEqual([0, []]);
    },
    2 * MINUTE
  );

  it('takes no node’s certificate or token for a reader, and not its own client key for a node', async () => {
    const stranger = victim.node.token();
    for (const path of ['/fleet/summary', '/fleet/targets/victim', '/fleet/remediations/runs', '/fleet/audit'])
      expect((await call(stranger, 'GET', path)).status).toBe(401);
    expect((await call(stranger, 'POST', '/fleet/targets/victim/reconcile', why)).status).toBe(401);
    const client = stolen(join(collector.folder, 'pki'), 'client');
    const beat = victim.node.beat();
    for (const path of ['/openclaw/availability', '/openclaw/token', '/openclaw/renew'])
      expect([401, 403]).toContain((await askDoor(collector.intakePort, client, 'POST', path, beat)).status);
  });

  describe('and a stolen token', () => {
    let batch: Batch;
    const of = `/fleet/remediations/batches`;
    const ask = async (token: string): Promise<Batch> => {
      const body = { ...why, playbook: 'BridgeStuck', targetIds: ['x', 'y'] };
      const made = await waitFor(
        async () => {
          const answer = await call<Batch>(token, 'POST', of, body);
          return answer.status === 201 ? answer : null;
        },
        'the batch',
        MINUTE,
        500
      );
      expect([made.body.state, made.body.plan.approvalsNeeded]).toEqual(['pending_approval', 1]);
      return made.body;
    };
    const decide = async (token: string, what: string, body: object = why) =>
      call<Plan & Problem>(token, 'POST', `${of}/${batch.id}/${what}`, body);
    const service = (role: Role): string => collector.tokenOf(role);

    beforeAll(async () => {
      await broken('x');
      await broken('y');
      batch = await ask(operator);
    }, 2 * MINUTE);

    const forbidden = async (token: string, paths: readonly (readonly [string, string, object?])[]): Promise<void> => {
      for (const [method, path, body] of paths)
        expect([path, ...nameOf(await call<Problem>(token, method, path, body))]).toEqual([path, 403, 'forbidden']);
    };
    const approvers = (): readonly (readonly [string, string, object?])[] => [
      ['POST', `${of}/${batch.id}/approve`, why],
      ['POST', `${of}/${batch.id}/approve`, { ...why, breakGlass: true }],
      ['POST', `${of}/${batch.id}/deny`, why],
      ['POST', '/fleet/policies', { id: 'mine', name: 'Mine', ...why }],
      ['PATCH', '/fleet/targets/x/desired-state', { ...why, maxSyncLagMs: 1 }],
      ['POST', '/fleet/configs', { title: 't', values: {}, ...why }],
      ['POST', '/fleet/targets/x/clear-quarantine', why],
      ['POST', '/fleet/targets/x/lift-isolation', why],
      ['GET', '/fleet/audit'],
    ];

    it('of a viewer asks for nothing, stops nothing, decides nothing and reads no audit', async () => {
      await forbidden(person('vic', 'viewer').token, [
        ...approvers(),
        ['POST', '/fleet/targets/x/reconcile', why],
        ['POST', of, { ...why, playbook: 'BridgeStuck', targetIds: ['x', 'y'] }],
        ['POST', `${of}/${batch.id}/cancel`, why],
        ['POST', '/fleet/targets/x/pause', why],
      ]);
    });

    it.each([
      ['a service', () => service('operator')],
      ['a person', () => operator],
    ])('of an operator, %s, decides nothing, changes no policy and reads no audit', async (_who, token) => {
      await forbidden(token(), approvers());
    });

    it('of a service decides nothing, whatever its role', async () => {
      const token = service('approver');
      for (const [what, body] of [
        ['approve', why],
        ['approve', { ...why, breakGlass: true }],
        ['approve', { ...why, person: 'ben' }],
        ['deny', why],
      ] as const) {
        const answer = await decide(token, what, body);
        expect([403, 422]).toContain(answer.status);
        expect(nameOf(answer)[1]).toMatch(/^(person-required|invalid-body)$/);
      }
    });

    it('of the person that asked approves nothing, by no other token of that person', async () => {
      const second = person('ann', 'approver').token;
      await call(operator, 'POST', `${of}/${batch.id}/cancel`, why);
      batch = await ask(operator);
      const answer = await decide(second, 'approve');
      expect(nameOf(answer)).toEqual([409, 'approval-refused']);
      expect(answer.body.detail).toContain('who asks never approves');
    });

    it('that was revoked does nothing', async () => {
      const carl = person('carl', 'approver');
      await waitFor(async () => (await collector.get('/fleet/summary', carl.token)).status === 200, 'the token');
      collector.cli('token', 'revoke', carl.id, '--reason', 'stolen');
      await waitFor(async () => (await collector.get('/fleet/summary', carl.token)).status === 401, 'its end');
      expect((await decide(carl.token, 'approve')).status).toBe(401);
    });

    it('of a person counts once, by however many tokens', async () => {
      const tokens = [person('ben', 'approver').token, person('ben', 'approver').token];
      await call(operator, 'POST', `${of}/${batch.id}/cancel`, why);
      batch = await ask(operator);
      const answers = await Promise.all(tokens.map((token) => decide(token, 'approve')));
      // The second finds it approved, or begun already.
      expect(answers).toContainEqual(expect.objectContaining({ status: 200 }));
      const { body } = await call<Batch>(operator, 'GET', `${of}/${batch.id}`);
      expect(body.plan.approvals.map((approval) => approval.person)).toEqual(['ben']);
      await call(operator, 'POST', `${of}/${batch.id}/cancel`, why);
    });

    it(
      'of an approver alone gets nothing done but by breaking the glass, which everything says',
      async () => {
        const { token } = person('dora', 'approver');
        await waitFor(async () => {
          const { body } = await call<Batch>(token, 'GET', `${of}/${batch.id}`);
          return body.runs.every(({ state }) => isEnded(state));
        }, 'the first batch to end');
        batch = await ask(token);
        const plain = await decide(token, 'approve');
        expect(nameOf(plain)).toEqual([409, 'approval-refused']);
        expect(plain.body.detail).toContain('who asks never approves');
        const { body } = await decide(token, 'approve', { ...why, breakGlass: true });
        expect([body.breakGlass, body.approvals.map(({ decision }) => decision)]).toEqual([true, ['break-glass']]);
        await call(operator, 'POST', `${of}/${batch.id}/cancel`, why);
        const { body: audit } = await call<AuditPage>(token, 'GET', '/fleet/audit?action=remediation.break-glass');
        expect(audit.items).toEqual([
          expect.objectContaining({ subject: batch.plan.id, reason: why.reason, via: 'api-token' }),
        ]);
      },
      2 * MINUTE
    );
  });
});
