import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createPlainServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer as createTcpServer } from 'node:net';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startApi, waitFor } from '../../api/testing/harness.ts';
import type { Harness } from '../../api/testing/harness.ts';
import { Authority, createAuthority } from '../../identity/authority.ts';
import { newKeyPair, privatePem } from '../../identity/keys.ts';
import { openclawFleet } from '../testing/terminal.ts';
import type { Said } from '../testing/terminal.ts';
import { ApiClient } from './client.ts';
import { connectionOf } from './connection.ts';
import { follow } from './stream.ts';
import type { FollowOptions, Streamed } from './stream.ts';

let api: Harness;
let folder: string;
beforeAll(async () => {
  api = await startApi();
  folder = mkdtempSync(join(tmpdir(), 'fleet-terminal-'));
});
afterAll(async () => {
  await api.stop();
  rmSync(folder, { recursive: true });
});

function listening(server: Server): Promise<number> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));
}

/** A port where nobody listens. */
async function closedPort(): Promise<number> {
  const server = createTcpServer();
  const port = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function file(name: string, text: string, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode });
  chmodSync(path, mode);
  return path;
}

const status = (env: Record<string, string>, ...args: string[]): Promise<Said> =>
  openclawFleet(['status', ...args], env);
const shell = () => ({ OPENCLAW_FLEET_URL: api.origin, OPENCLAW_FLEET_TOKEN: api.tokenOf.viewer });

describe('being let in', () => {
  it('is by a token of the environment, of a file it names, or of a file that the option names', async () => {
    const token = api.tokenOf.viewer;
    const good = file('good', `${token}\n`);
    const bad = file('bad', 'ocf_000000000000_0');
    for (const [env, args] of [
      [{ OPENCLAW_FLEET_TOKEN: token }, []],
      [{ OPENCLAW_FLEET_TOKEN_FILE: good, OPENCLAW_FLEET_TOKEN: 'ocf_000000000000_0' }, []],
      [{ OPENCLAW_FLEET_TOKEN_FILE: bad }, ['--token-file', good]],
    ] as const)
      expect((await status(env, '--url', api.origin, ...args)).code).toBe(0);
  });

  it.each<[string, () => Record<string, string>, RegExp]>([
    ['no token', () => ({}), /an API token is needed: make one with openclaw-fleet token create .*--role viewer/],
    [
      'a token that is none',
      () => ({ OPENCLAW_FLEET_TOKEN: 'ocf_000000000000_0' }),
      /the collector does not take this token: .* make one with openclaw-fleet token create/,
    ],
    [
      'a file that is not there',
      () => ({ OPENCLAW_FLEET_TOKEN_FILE: join(folder, 'nowhere') }),
      /the token file .*nowhere is not there: check the path/,
    ],
    [
      'a file that others can read',
      () => ({ OPENCLAW_FLEET_TOKEN_FILE: file('open', 'x', 0o644) }),
      /can be used by others \(mode 0644\): run chmod 600/,
    ],
    [
      'a file that holds more than a token',
      () => ({ OPENCLAW_FLEET_TOKEN_FILE: file('more', 'a secret\r\nX-Evil: 1') }),
      /more does not hold a token alone/,
    ],
  ])('with %s fails with what to do', async (_, env, message) => {
    const { code, out, err } = await status({ ...env(), OPENCLAW_FLEET_URL: api.origin });
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(message);
    expect(err).not.toContain('secret');
    expect(err.trimEnd()).not.toContain('\n');
  });

  it.each([
    ['http://10.0.0.1:8080', /would send the token over the network for all to read: use https/],
    ['http://127.0.0.1.example.com', /would send the token over the network/],
    ['ftp://127.0.0.1', /--url must be an address such as/],
    ['nonsense', /--url must be an address such as/],
    ['https://ana:secret@fleet.example.com', /--url must not hold a name or password/],
    ['http://127.0.0.1:1/?token=x', /--url must end before any \?/],
  ])('is not tried at %s', async (url, message) => {
    const { code, err } = await status({ OPENCLAW_FLEET_TOKEN: 'ocf_x', OPENCLAW_FLEET_URL: url });
    expect([code, err]).toEqual([2, expect.stringMatching(message)]);
    expect(err).not.toContain('secret');
  });

  it('is no setting of the collector', async () => {
    expect(await openclawFleet(['config', '--json'], { ...shell(), OPENCLAW_FLEET_CA_FILE: 'x' })).toMatchObject({
      code: 0,
    });
    expect(await openclawFleet(['config'], { OPENCLAW_FLEET_TOKENS: 'x' })).toMatchObject({ code: 1 });
  });
});

describe('a collector that does not answer as one', () => {
  it('refuses connections: the error says where one is expected', async () => {
    const port = await closedPort();
    const { code, err } = await status(shell(), '--url', `http://127.0.0.1:${port}`);
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(
        new RegExp(
          `^openclaw-fleet: http://127\\.0\\.0\\.1:${port} refuses connections: start the collector .*--url.*\\n$`
        )
      ),
    ]);
  });

  it.each<[string, (url: string) => { status: number; headers: Record<string, string>; body: string }, RegExp]>([
    ['a page', () => ({ status: 200, headers: {}, body: '<html>' }), /answered something else than a collector/],
    [
      'other JSON',
      () => ({ status: 200, headers: {}, body: '{"total":1}' }),
      /answered something else than a collector/,
    ],
    [
      'a page for an error',
      () => ({ status: 502, headers: {}, body: '<html>' }),
      /answered 502, and not as a collector does/,
    ],
    [
      'a way elsewhere',
      () => ({ status: 302, headers: { location: 'https://login.example.com/\u001b[2J' }, body: '' }),
      /sends on to https:\/\/login\.example\.com\/.*: give that as --url/,
    ],
    [
      'a problem that would take over the terminal',
      () => ({
        status: 503,
        headers: {},
        body: JSON.stringify({ type: 'a', title: 'b', status: 503, detail: 'down\u001b[2J\u202e\nfake', message: '' }),
      }),
      /the collector answered 503: down\ufffd fake$/m,
    ],
  ])('sends %s', async (_, answer, message) => {
    const server = createPlainServer((_request, response) => {
      const { status: code, headers, body } = answer('');
      const safe = Object.entries(headers).map(([name, value]) => [
        name,
        Buffer.from(value).toString('latin1').replaceAll('\u001b', '%1b'),
      ]);
      response.writeHead(code, Object.fromEntries(safe) as Record<string, string>).end(body);
    });
    const port = await listening(server);
    const { code, err } = await status(shell(), '--url', `http://127.0.0.1:${port}`);
    expect([code, err]).toEqual([1, expect.stringMatching(message)]);
    expect(err.trimEnd()).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('without the smart fleet says why there is nothing', async () => {
    const off = await startApi({ api: { smartFleet: false } });
    const { code, err } = await status({ OPENCLAW_FLEET_URL: off.origin, OPENCLAW_FLEET_TOKEN: off.tokenOf.viewer });
    await off.stop();
    expect([code, err]).toEqual([1, expect.stringContaining('SMART_FLEET_V2_ENABLED')]);
  });
});

describe('over TLS', () => {
  let port: number;
  let close: () => Promise<unknown>;
  let ca: string;
  beforeAll(async () => {
    const { certificate, keys } = await createAuthority(1, Date.now());
    const authority = new Authority(certificate, keys);
    const pair = newKeyPair();
    const leaf = { publicKey: pair.publicKey, names: ['localhost'], days: 1, nowMs: Date.now() };
    const issued = await authority.issueCollector('server', leaf);
    const server = createTlsServer({ cert: issued.certificate, key: privatePem(pair.privateKey) }, api.app);
    port = await listening(server);
    ca = file('ca.crt', authority.bundle, 0o644);
    close = () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    };
  });
  afterAll(() => close());

  it('trusts the authority that it is told to, and no other', async () => {
    const url = `https://localhost:${port}`;
    expect(await status(shell(), '--url', url, '--ca', ca)).toMatchObject({ code: 0, err: '' });
    expect((await status({ ...shell(), OPENCLAW_FLEET_CA_FILE: ca }, '--url', url)).code).toBe(0);
    const untrusted = await status(shell(), '--url', url);
    expect([untrusted.code, untrusted.err]).toEqual([
      1,
      expect.stringMatching(/has a certificate of an authority that is not trusted here: name its file with --ca/),
    ]);
  });

  it('says what does not fit together', async () => {
    const said = async (url: string, ...args: string[]) => {
      const { code, err } = await status(shell(), '--url', url, ...args);
      return `${code} ${err}`;
    };
    expect(await said(`https://127.0.0.1:${port}`, '--ca', ca)).toMatch(/^1 .*has a certificate for other names/);
    expect(await said(`http://127.0.0.1:${port}`)).toMatch(/^1 .*try --url with https/);
    expect(await said(`https://127.0.0.1:${api.port}`)).toMatch(/^1 .*does not speak TLS: try --url with http/);
    expect(await said(api.origin, '--ca', ca)).toMatch(/^2 .*--ca goes with an https address/);
    expect(await said(`https://localhost:${port}`, '--ca', file('none.crt', 'x'))).toMatch(/^1 .*holds no certificate/);
  });
});

/** What stands between, such as a network that fails: it can cut what goes through it, or let nothing more through. */
async function network(target: number) {
  const sockets = new Set<Socket>();
  let through = true;
  const server = createTcpServer((near) => {
    const far = connect(target, '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on('data', (bytes) => through && other.write(bytes));
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
  const port = await listening(server);
  return {
    port,
    cut: () => {
      for (const socket of sockets) socket.destroy();
      sockets.clear();
    },
    let: (open: boolean) => (through = open),
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

describe('following events', () => {
  const clientAt = (port: number, token: string): ApiClient =>
    new ApiClient(connectionOf({ url: `http://127.0.0.1:${port}` }, { OPENCLAW_FLEET_TOKEN: token }), Date.now);
  /** Follows until `until` events came. */
  function following(client: ApiClient, until: number, more: Partial<FollowOptions> = {}) {
    const seen: Streamed[] = [];
    const lost: string[] = [];
    const waits: number[] = [];
    const end = follow(client, {
      after: null,
      onEvent: (event) => seen.push(event) < until,
      onLost: (what) => lost.push(what),
      sleep: (ms) => {
        if (waits.push(ms) > 100) throw new Error('connecting again and again in vain');
        return new Promise((resolve) => setTimeout(resolve, 10));
      },
      ...more,
    });
    return { seen, lost, waits, end };
  }
  const subscribed = (harness: Harness, count: number) =>
    waitFor(() => harness.instruments.stream.subscribers === count, `${count} subscribers`);

  // Those of the test before are gone.
  beforeEach(() => subscribed(api, 0));

  it('sees each event once, also those of while it was cut off', async () => {
    const between = await network(api.port);
    const { seen, lost, waits, end } = following(clientAt(between.port, api.tokenOf.viewer), 6);
    await subscribed(api, 1);
    await api.commitEvents(2);
    await waitFor(() => seen.length === 2, 'the first events');
    between.cut();
    await api.commitEvents(2);
    await waitFor(() => seen.length === 4, 'the events of while it was cut off');
    between.cut();
    await api.commitEvents(2);
    await end;
    const first = seen[0]!.id;
    expect(seen.map(({ id }) => id)).toEqual([0, 1, 2, 3, 4, 5].map((at) => first + at));
    expect(lost[0]).toMatch(/^the stream was cut; connecting again in 3 s$/);
    expect(waits.every((ms) => ms >= 3000)).toBe(true);
    between.cut();
    await between.close();
  });

  it('takes silence for a cut', async () => {
    const between = await network(api.port);
    const { seen, lost, end } = following(clientAt(between.port, api.tokenOf.viewer), 2, { silenceMs: 300 });
    await subscribed(api, 1);
    await api.commitEvents(1);
    await waitFor(() => seen.length === 1, 'the first event');
    between.let(false);
    await waitFor(() => lost.length > 0, 'that the silence is noticed');
    between.let(true);
    await api.commitEvents(1);
    await end;
    expect(seen[1]!.id).toBe(seen[0]!.id + 1);
    between.cut();
    await between.close();
  });

  it('ends with what to do once the token is revoked', async () => {
    const own = await startApi();
    const { seen, end } = following(clientAt(own.port, own.tokenOf.viewer), 2);
    await subscribed(own, 1);
    await own.commitEvents(1);
    await waitFor(() => seen.length === 1, 'the event');
    own.revokeAll();
    own.tick();
    await expect(end).rejects.toThrow(/does not take this token: .*revoked.*openclaw-fleet token create/);
    await own.stop();
  });

  it('says when events are missing', async () => {
    const { seen, end } = following(clientAt(api.port, api.tokenOf.viewer), 1, { after: 1_000_000 });
    await end;
    expect(seen[0]).toMatchObject({ name: 'stream-reset', data: { reason: expect.stringContaining('starts anew') } });
  });

  it('fails at once where nobody is', async () => {
    const { lost, end } = following(clientAt(await closedPort(), 'x'), 1);
    await expect(end).rejects.toThrow(/refuses connections/);
    expect(lost).toEqual([]);
  });

  it('waits longer and longer for one that is gone', async () => {
    const between = await network(api.port);
    const client = clientAt(between.port, api.tokenOf.viewer);
    let tries = 0;
    let seen = 0;
    const waits: number[] = [];
    const end = follow(client, {
      after: null,
      onEvent: () => ++seen > 0,
      onLost: () => undefined,
      sleep: (ms) => {
        waits.push(ms);
        if (++tries === 6) throw new Error('enough');
        return Promise.resolve();
      },
    });
    await subscribed(api, 1);
    await api.commitEvents(1);
    await waitFor(() => seen === 1, 'the event');
    between.cut();
    await between.close();
    await expect(end).rejects.toThrow('enough');
    expect(waits).toEqual([3000, 6000, 12_000, 24_000, 30_000, 30_000]);
  });
});
