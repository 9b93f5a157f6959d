import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createPlainServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApi } from '../../api/testing/harness.ts';
import type { Harness } from '../../api/testing/harness.ts';
import { Authority, createAuthority } from '../../identity/authority.ts';
import { newKeyPair, privatePem } from '../../identity/keys.ts';
import { closedPort, listening } from '../testing/network.ts';
import { openclawFleet } from '../testing/terminal.ts';
import type { Said } from '../testing/terminal.ts';

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
