import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  heartbeatReplySchema,
  MAX_HEARTBEAT_BYTES,
  problemSchema,
  PROBLEM_TYPE_PREFIX,
  PROBLEMS,
  type ProblemName,
} from '@openclaw-fleet/contract';
import { UnsecuredJWT } from 'jose';
import { Authority, createAuthority } from '../identity/authority.ts';
import { newKeyPair } from '../identity/keys.ts';
import { SIGNATURE_HEADER } from './signature.ts';
import { AUDIENCE, Door, SEED_BODY, type Answer, type TestNode } from './testing/door.ts';

let door: Door;
beforeEach(async () => {
  door = await Door.open();
});
afterEach(async () => door.close());

function expectProblem(answer: Answer, name: ProblemName): void {
  expect({ status: answer.status, type: answer.body['type'] }).toEqual({
    status: PROBLEMS[name].status,
    type: PROBLEM_TYPE_PREFIX + name,
  });
  const body = problemSchema.parse(answer.body);
  expect(body.message).toBe(body.detail);
  expect(answer.headers['content-type']).toBe('application/problem+json');
}

describe('a heartbeat', () => {
  it('as in seed 004, byte for byte, is accepted and recorded, long past: so the node is expired', async () => {
    const node = await door.node('uuid-1234');
    const answer = await node.send({ body: SEED_BODY });
    expect(answer.status).toBe(200);
    expect(heartbeatReplySchema.parse(answer.body)).toEqual({ status: 'accepted', next_heartbeat_seconds: 60 });
    const recorded = door.fleet.get('uuid-1234')!;
    expect(recorded.report).toEqual(JSON.parse(SEED_BODY));
    expect(door.fleet.liveness(recorded, door.nowMs).state).toBe('expired');
  });

  it('with the present time is online', async () => {
    const node = await door.node('uuid-1234');
    expect((await node.send()).body['status']).toBe('accepted');
    expect(door.fleet.liveness(door.fleet.get('uuid-1234')!, door.nowMs).state).toBe('online');
  });

  it('is stored before it is acknowledged', async () => {
    const node = await door.node();
    await node.send();
    expect(await door.stored()).toMatchObject([{ nodeId: node.id, rev: 1 }]);
  });

  it('sent twice is a duplicate, and changes nothing', async () => {
    const node = await door.node();
    const body = node.beat();
    await node.send({ body });
    const before = await door.stored();
    door.nowMs += 5_000;
    const answer = await node.send({ body });
    expect(answer).toMatchObject({ status: 200, body: { status: 'duplicate' } });
    expect(await door.stored()).toEqual(before);
  });

  it('with a time used before and another body is a conflict', async () => {
    const node = await door.node();
    await node.send();
    const before = await door.stored();
    expectProblem(await node.send({ body: node.beat({ version: '9.9.9' }) }), 'heartbeat-conflict');
    expect(await door.stored()).toEqual(before);
  });

  it('drops and counts what the contract does not know, and stores none of it', async () => {
    const node = await door.node();
    const body = node.beat({
      secret_token: 'x',
      publisher: { success_total: 1, failure_total: {}, email: 'a@b.example' },
    });
    expect((await node.send({ body })).status).toBe(200);
    expect(door.dropped).toBe(2);
    const [row] = (await door.stored()) as { report: string }[];
    expect(row!.report).not.toMatch(/secret_token|example/);
  });

  it('is held to two an interval and a burst of three; replays have an allowance of their own', async () => {
    const node = await door.node();
    const statuses: number[] = [];
    for (let sent = 0; sent < 4; sent++) {
      door.nowMs += 1;
      statuses.push((await node.send()).status);
    }
    expect(statuses).toEqual([200, 200, 200, 429]);
    const refused = await node.send();
    expectProblem(refused, 'rate-limited');
    const retry = Number(refused.headers['retry-after']);
    expect(retry).toBeGreaterThanOrEqual(30);
    expect(retry).toBeLessThanOrEqual(46);
    const old = node.beat({ last_heartbeat: new Date(door.nowMs - 60_000).toISOString() });
    const replays = [];
    for (let sent = 0; sent < 21; sent++) replays.push((await node.send({ body: old })).status);
    expect(replays).toEqual([...Array<number>(20).fill(200), 429]);
    door.nowMs += 31_000;
    expect((await node.send()).status).toBe(200);
  });

  it('that says goodbye gets through right after a burst', async () => {
    const node = await door.node();
    for (let sent = 0; sent < 3; sent++) {
      door.nowMs += 1;
      await node.send();
    }
    door.nowMs += 1;
    expect((await node.send()).status).toBe(429);
    expect((await node.send({ body: node.beat({ goodbye: 'shutdown' }) })).status).toBe(200);
    expect(door.fleet.get(node.id)?.state).toBe('stopped');
  });

  it('is shed before it is read when too many are under way', async () => {
    const busy = await Door.open({ maxInFlight: 0 });
    const answer = await (await busy.node()).send({ body: 'not even read' });
    expectProblem(answer, 'overloaded');
    expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(2);
    await busy.close();
  });

  it('that cannot be stored is not taken, and says so', async () => {
    const node = await door.node();
    await door.storage.close();
    const answer = await node.send();
    expect(answer.status).toBe(503);
    expect(door.fleet.get(node.id)).toBeUndefined();
  });
});

describe('a sender that misbehaves', () => {
  const opened = async (node: TestNode): Promise<TLSSocket> => {
    const socket = connect({ ...node.agent.options, host: '127.0.0.1', port: door.port });
    await once(socket, 'secureConnect');
    return socket;
  };
  const head = (token: string, length: number): string =>
    `POST /openclaw/availability HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nAuthorization: Bearer ${token}\r\nContent-Length: ${length}\r\n\r\n`;
  const until = async (condition: () => boolean): Promise<void> => {
    for (let turn = 0; turn < 5000 && !condition(); turn++) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(condition()).toBe(true);
  };

  it('leaves nothing behind when it hangs up, whenever that is', async () => {
    const node = await door.node();
    for (const body of ['', '{"node_id":', node.beat()]) {
      for (const token of [await node.token(), await node.token({ jti: body.length })]) {
        const socket = await opened(node);
        const answered = door.outcomes.length;
        socket.write(head(token, 500) + body);
        socket.destroy();
        await until(() => door.outcomes.length > answered || door.server.connections === 0);
      }
    }
    await until(() => door.handler.inFlight === 0 && door.server.connections === 0);
    expect((await node.send()).status).toBe(200);
  });

  it('takes no place from others while its body is on the way', async () => {
    const busy = door;
    door = await Door.open({ maxInFlight: 1 });
    const [slow, other] = [await door.node(), await door.node()];
    const socket = await opened(slow);
    socket.write(head(await slow.token(), 500) + '{');
    expect((await other.send()).status).toBe(200);
    socket.destroy();
    await busy.close();
  });

  it('has a bounded number of connections', async () => {
    const node = await door.node();
    const sockets = await Promise.all(Array.from({ length: 20 }, () => opened(node)));
    await until(() => door.server.connections <= 16 && sockets.filter((socket) => socket.closed).length === 4);
    for (const socket of sockets) socket.destroy();
  });

  it('keeps its own places, while a certificate of its id that was revoked has one', async () => {
    const stolen = await door.node('gw-1');
    const owner = await door.node('gw-1');
    door.revoked.add(stolen.fingerprint);
    const sockets = await Promise.all(Array.from({ length: 20 }, () => opened(stolen)));
    await until(() => sockets.filter((socket) => socket.closed).length === 19);
    expect(door.server.connections).toBe(1);
    expect((await owner.send()).status).toBe(200);
    for (const socket of sockets) socket.destroy();
    await until(() => door.server.connections === 1);
    expectProblem(await stolen.send(), 'revoked');
  });

  it('is not held up by what was refused of a certificate of its id that was revoked', async () => {
    const stolen = await door.node('gw-1');
    const owner = await door.node('gw-1');
    door.revoked.add(stolen.fingerprint);
    for (let sent = 0; sent < 20; sent++) expectProblem(await stolen.send(), 'revoked');
    expectProblem(await stolen.send(), 'rate-limited');
    expect((await owner.send()).status).toBe(200);
  });

  it.each(['/openclaw/availability/', '/openclaw/availability?', '/openclaw/availability?x=1'])(
    'may come to %s',
    async (path) => {
      expect((await (await door.node()).send({ path })).status).toBe(200);
    }
  );

  it.each(['/openclaw/availabilityx', '/openclaw/availability/x', '/OPENCLAW/availability', '/'])(
    'may not come to %s',
    async (path) => {
      expect((await (await door.node()).send({ path })).status).toBe(404);
    }
  );

  it('is told when its headers are too large', async () => {
    const node = await door.node();
    expectProblem(await node.send({ headers: { 'x-much': 'a'.repeat(20_000) } }), 'headers-too-large');
  });

  it('is told to wait once too much of what it sent was refused', async () => {
    const node = await door.node();
    const statuses: number[] = [];
    for (let sent = 0; sent < 25; sent++) statuses.push((await node.send({ body: '{' })).status);
    expect(statuses).toEqual([...Array<number>(20).fill(400), ...Array<number>(5).fill(429)]);
    expectProblem(await node.send(), 'rate-limited');
    door.nowMs += 3_000;
    expect((await node.send()).status).toBe(200);
  });

  it('is told that it was too slow, and closed', async () => {
    const quick = await Door.open({ requestTimeoutMs: 100 });
    const busy = door;
    door = quick;
    const node = await door.node();
    const socket = await opened(node);
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.write(head(await node.token(), 500) + '{');
    await once(socket, 'close');
    expect(answer).toMatch(/^HTTP\/1.1 408 .*urn:openclaw-fleet:problem:request-timeout/s);
    await busy.close();
  });

  it('is refused on an open connection once its certificate has expired', async () => {
    const node = await door.node();
    expect((await node.send()).status).toBe(200);
    door.nowMs += 60_000;
    door.serverNowMs = Date.now() + 2 * 86_400_000;
    expectProblem(await node.send(), 'certificate-required');
    expect((await node.send({ path: '/openclaw/token' })).status).toBe(403);
  });
});

describe('the payload signature', () => {
  it('gets nobody past the places in flight', async () => {
    const busy = await Door.open({ maxInFlight: 1 });
    const nodes = await Promise.all(Array.from({ length: 8 }, () => busy.node()));
    const sending = nodes.map(async (node) => {
      const body = node.beat();
      // Connected and known first, so that all come at once.
      await node.send({ body: node.beat({ last_heartbeat: new Date(Date.now() - 60_000).toISOString() }) });
      return { node, body, headers: { [SIGNATURE_HEADER]: await node.signature(body) } };
    });
    const ready = await Promise.all(sending);
    const answers = await Promise.all(ready.map(({ node, body, headers }) => node.send({ body, headers })));
    expect(answers.filter(({ status }) => status === 503).length).toBeGreaterThan(0);
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
    await busy.close();
  });

  it('is verified when there', async () => {
    const node = await door.node();
    const body = node.beat();
    expect((await node.send({ body, headers: { [SIGNATURE_HEADER]: await node.signature(body) } })).status).toBe(200);
    door.nowMs += 60_000;
    const other = node.beat();
    expectProblem(
      await node.send({ body: other, headers: { [SIGNATURE_HEADER]: await node.signature(body) } }),
      'invalid-signature'
    );
    const thief = await door.node();
    expectProblem(
      await node.send({ body: other, headers: { [SIGNATURE_HEADER]: await thief.signature(other) } }),
      'invalid-signature'
    );
  });

  it('is demanded where it is required', async () => {
    const node = await door.node();
    door.mustSign.add(node.id);
    const body = node.beat();
    expectProblem(await node.send({ body }), 'signature-required');
    expect((await node.send({ body, headers: { [SIGNATURE_HEADER]: await node.signature(body) } })).status).toBe(200);
  });
});

describe('the canary', () => {
  it('goes all the way to storage, and is no target', async () => {
    const canary = await door.canary();
    expect(await canary.send()).toMatchObject({ status: 200, body: { status: 'accepted' } });
    expect(door.fleet.size).toBe(0);
    await door.storage.close();
    expect((await canary.send()).status).toBe(503);
  });

  it('cannot beat for a node, nor a node for it', async () => {
    const [canary, node] = [await door.canary(), await door.node()];
    expectProblem(await canary.send({ body: node.beat() }), 'identity-mismatch');
    expectProblem(await node.send({ body: canary.beat() }), 'identity-mismatch');
  });
});

describe('a connection', () => {
  it('that shows no certificate, or one of another authority, is refused in the handshake', async () => {
    const { certificate, keys } = await createAuthority(1, Date.now());
    const stranger = await door.node('stranger', new Authority(certificate, keys));
    await expect(stranger.send()).rejects.toThrow();
    stranger.agent.options.cert = undefined;
    stranger.agent.options.key = undefined;
    await expect(stranger.send()).rejects.toThrow();
    expect(door.outcomes).toEqual([]);
  });

  it('already open is refused after a revocation, and can be cut', async () => {
    const node = await door.node();
    expect((await node.send()).status).toBe(200);
    const open = door.server.connections;
    door.revoked.add(node.id);
    expectProblem(await node.send(), 'revoked');
    expect(door.server.connections).toBe(open);
    door.server.dismiss((peer) => peer.id === node.id);
    for (let turn = 0; turn < 1000 && door.server.connections > 0; turn++) await new Promise(setImmediate);
    expect(door.server.connections).toBe(0);
  });

  it('resumed from a ticket keeps its identity', async () => {
    const node = await door.node();
    node.agent.options.keepAlive = false;
    for (let sent = 0; sent < 3; sent++) {
      door.nowMs += 60_000;
      expect((await node.send({ headers: { connection: 'close' } })).status).toBe(200);
    }
  });
});

describe('what is refused', () => {
  interface Attack {
    readonly name: string;
    readonly problem: ProblemName;
    readonly send: (victim: TestNode, thief: TestNode, turn: number) => Promise<Answer>;
  }
  const withToken = (
    name: string,
    problem: ProblemName,
    token: (victim: TestNode, thief: TestNode) => Promise<string> | string
  ): Attack => ({
    name,
    problem,
    send: async (victim, thief) => victim.send({ token: await token(victim, thief) }),
  });
  const attacks: Attack[] = [
    {
      name: 'truncated JSON',
      problem: 'malformed-json',
      send: (v, _t, turn) => v.send({ body: v.beat().slice(0, 20 + turn) }),
    },
    { name: 'no body', problem: 'malformed-json', send: (v) => v.send({ body: Buffer.alloc(0) }) },
    { name: 'an array', problem: 'invalid-body', send: (v) => v.send({ body: `[${v.beat()}]` }) },
    {
      name: 'a field of the wrong type',
      problem: 'invalid-body',
      send: (v, _t, turn) => v.send({ body: v.beat({ tags: turn }) }),
    },
    {
      name: 'a missing field',
      problem: 'invalid-body',
      send: (v) => v.send({ body: v.beat({ hostname: undefined }) }),
    },
    {
      name: 'control characters',
      problem: 'invalid-body',
      send: (v) => v.send({ body: v.beat({ hostname: 'a\u001b[2Jb' }) }),
    },
    {
      name: 'a negative count',
      problem: 'invalid-body',
      send: (v) => v.send({ body: v.beat({ capacity: { workers: -1 } }) }),
    },
    {
      name: 'too many tags',
      problem: 'invalid-body',
      send: (v, _t, turn) => v.send({ body: v.beat({ tags: Array<string>(65 + turn).fill('a') }) }),
    },
    { name: 'a long tag', problem: 'invalid-body', send: (v) => v.send({ body: v.beat({ tags: ['a'.repeat(129)] }) }) },
    {
      name: 'a time without a zone',
      problem: 'invalid-body',
      send: (v) => v.send({ body: v.beat({ last_heartbeat: '2026-11-22T12:00:00' }) }),
    },
    {
      name: 'deep nesting',
      problem: 'invalid-body',
      send: (v) => v.send({ body: `{"x":${'['.repeat(900)}${']'.repeat(900)},${v.beat().slice(1)}` }),
    },
    {
      name: 'an oversized body',
      problem: 'too-large',
      send: (v) => v.send({ body: v.beat({ note: 'x'.repeat(MAX_HEARTBEAT_BYTES) }) }),
    },
    {
      name: 'an oversized body without a length',
      problem: 'too-large',
      send: (v) =>
        v.send({
          body: v.beat({ note: 'x'.repeat(MAX_HEARTBEAT_BYTES) }),
          headers: { 'transfer-encoding': 'chunked' },
        }),
    },
    {
      name: 'another media type',
      problem: 'unsupported-media-type',
      send: (v) => v.send({ headers: { 'content-type': 'text/plain' } }),
    },
    {
      name: 'a compressed body',
      problem: 'unsupported-media-type',
      send: (v) => v.send({ headers: { 'content-encoding': 'gzip' } }),
    },
    {
      name: 'a clock far ahead',
      problem: 'clock-ahead',
      send: (v, _t, turn) =>
        v.send({ body: v.beat({ last_heartbeat: new Date(door.nowMs + 300_001 + turn * 1000).toISOString() }) }),
    },
    { name: 'no token', problem: 'unauthenticated', send: (v) => v.send({ token: null }) },
    {
      name: 'another scheme',
      problem: 'unauthenticated',
      send: (v) => v.send({ token: null, headers: { authorization: 'Basic YTpi' } }),
    },
    withToken('a token that is none', 'invalid-token', () => 'abc'),
    withToken('an expired token', 'invalid-token', (v) => v.token({ exp: Math.floor(door.nowMs / 1000) - 31 })),
    withToken('a token that lives too long', 'invalid-token', (v) => v.token({}, { lifetime: 3700 })),
    withToken('a token without an end', 'invalid-token', (v) => v.token({ exp: undefined })),
    withToken('a token for somebody else', 'invalid-token', (v) => v.token({ aud: 'another' })),
    withToken('a token of an unknown issuer', 'invalid-token', (v) => v.token({ iss: 'https://idp.example' })),
    withToken('an unsigned token', 'invalid-token', (v) =>
      new UnsecuredJWT({
        iss: `openclaw://node/${v.id}`,
        sub: v.id,
        aud: AUDIENCE,
        exp: Math.floor(door.nowMs / 1000) + 60,
      }).encode()
    ),
    withToken('a token signed with another key', 'invalid-token', (v) => v.token({}, { keys: newKeyPair() })),
    withToken('a token of a weak algorithm', 'invalid-token', (v) =>
      v.token({}, { alg: 'PS256', keys: generateKeyPairSync('rsa', { modulusLength: 2048 }) })
    ),
    withToken('another node’s token', 'invalid-token', (_v, thief) => thief.token()),
    withToken('a token naming another node', 'identity-mismatch', (v, thief) => v.token({ sub: thief.id })),
    withToken('a token bound to another certificate', 'identity-mismatch', (v) =>
      v.token({ cnf: { 'x5t#S256': 'A'.repeat(43) } })
    ),
    {
      name: 'a stolen credential beating for another node',
      problem: 'identity-mismatch',
      send: (v, thief) => thief.send({ body: v.beat() }),
    },
    {
      name: 'a stolen credential whose token claims another node',
      problem: 'identity-mismatch',
      send: async (v, thief) => thief.send({ body: v.beat(), token: await thief.token({ sub: v.id }) }),
    },
    {
      name: 'a stolen credential whose token claims another issuer',
      problem: 'invalid-token',
      send: async (v, thief) =>
        thief.send({ body: v.beat(), token: await thief.token({ sub: v.id, iss: `openclaw://node/${v.id}` }) }),
    },
    {
      name: 'a signature over another body',
      problem: 'invalid-signature',
      send: async (v) => v.send({ headers: { [SIGNATURE_HEADER]: await v.signature('{}') } }),
    },
    {
      name: 'a signature that is none',
      problem: 'invalid-signature',
      send: (v) => v.send({ headers: { [SIGNATURE_HEADER]: 'a.b.c' } }),
    },
    {
      name: 'a revoked node',
      problem: 'revoked',
      send: async () => {
        const node = await door.node();
        door.revoked.add(node.id);
        return node.send();
      },
    },
    {
      name: 'a revoked certificate',
      problem: 'revoked',
      send: async () => {
        const node = await door.node();
        door.revoked.add(node.fingerprint);
        return node.send();
      },
    },
    {
      name: 'a node that is not enrolled',
      problem: 'not-enrolled',
      send: async () => {
        const node = await door.node();
        door.enrolled.delete(node.id);
        return node.send();
      },
    },
  ];

  it.each(attacks)('$name: $problem', async ({ problem, send }) => {
    const [victim, thief] = [await door.node(), await door.node()];
    expectProblem(await send(victim, thief, 1), problem);
    expect(door.outcomes).toEqual([problem]);
    expect(await door.stored()).toEqual([]);
    expect(door.errors).toEqual([]);
  });

  it('changes nothing, 200 times over', async () => {
    const [victim, thief] = [await door.node(), await door.node()];
    const captured = victim.beat();
    await victim.send({ body: captured });
    await thief.send();
    const all: Attack[] = [
      ...attacks,
      {
        name: 'a captured heartbeat with another body',
        problem: 'heartbeat-conflict',
        send: (v, _t, turn) => v.send({ body: captured.replace('chimera-01.prod', `chimera-${turn}`) }),
      },
    ];
    const before = await door.stored();
    const online = JSON.stringify([...door.fleet.nodes()].map((node) => [node.id, node.markMs, node.seenMs, node.rev]));
    for (let turn = 0; turn < 200; turn++) {
      const { problem, send } = all[turn % all.length]!;
      door.nowMs += 60_000;
      expectProblem(await send(victim, thief, turn), problem);
      if (turn % all.length > 0) continue;
      expect(await victim.send({ body: captured })).toMatchObject({ status: 200, body: { status: 'duplicate' } });
    }
    expect(await door.stored()).toEqual(before);
    expect(JSON.stringify([...door.fleet.nodes()].map((node) => [node.id, node.markMs, node.seenMs, node.rev]))).toBe(
      online
    );
  });
});
