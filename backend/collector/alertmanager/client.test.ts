import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createAlertmanager } from './client.ts';
import { AlertmanagerError, type AlertmanagerSession } from './types.ts';

const SILENCE = {
  id: '928baf7c-b41e-4019-9a4d-284b509d1e61',
  status: { state: 'active' },
  createdBy: 'openclaw-fleet',
  comment: 'Repair run-1 acts on n1: x',
  matchers: [
    { name: 'target', value: 'n1', isRegex: false, isEqual: true },
    { name: 'kind', value: 'symptom', isRegex: false, isEqual: true },
  ],
  startsAt: '2026-02-06T12:00:00.000Z',
  endsAt: '2026-02-06T14:30:00.000+02:00',
  updatedAt: '2026-02-06T12:00:00.000Z',
};

let folder: string;
const servers: Server[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fleet-am-'));
});
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  rmSync(folder, { recursive: true });
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const answer =
  (status: number, body: unknown, headers = {}): RequestListener =>
  (_request, response) =>
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
async function failure(promise: Promise<unknown>): Promise<AlertmanagerError> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason
  );
  expect(error).toBeInstanceOf(AlertmanagerError);
  return error as AlertmanagerError;
}
const open = (...urls: string[]): Promise<AlertmanagerSession> => createAlertmanager({ urls, timeoutMs: 5000 }).open();

describe('the client of Alertmanager', () => {
  it('reads silences below the path of its address', async () => {
    const asked: string[] = [];
    const url = await serve((request, response) => {
      asked.push(request.url ?? '');
      answer(200, [SILENCE])(request, response);
    });
    const { silences } = await open(`${url}/am`);
    expect(asked).toEqual(['/am/api/v2/silences?filter=kind%3D%22symptom%22']);
    const { id, status, createdBy, comment, matchers, startsAt, updatedAt } = SILENCE;
    expect(silences).toEqual([
      {
        ...{ id, createdBy, comment, matchers },
        state: status.state,
        startsMs: Date.parse(startsAt),
        endsMs: Date.parse('2026-02-06T12:30:00Z'),
        updatedMs: Date.parse(updatedAt),
      },
    ]);
  });

  it('sends its token, and a new one once the file has another', async () => {
    const tokens: unknown[] = [];
    const url = await serve((request, response) => {
      tokens.push(request.headers.authorization);
      answer(200, [])(request, response);
    });
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, 'first\n', { mode: 0o600 });
    const client = createAlertmanager({ urls: [url], tokenFile });
    await client.open();
    writeFileSync(tokenFile, 'second');
    await client.open();
    expect(tokens).toEqual(['Bearer first', 'Bearer second']);
    writeFileSync(tokenFile, 'two\r\nlines: x');
    await expect(client.open()).rejects.toThrow(/one token and nothing else/);
    chmodSync(tokenFile, 0o644);
    expect(() => createAlertmanager({ urls: [url], tokenFile })).toThrow(/chmod 600/);
    expect(() => createAlertmanager({ urls: [url], tokenFile: join(folder, 'none') })).toThrow(
      /alertmanager.tokenFile/
    );
  });

  it('takes the first that answers', async () => {
    const broken = await serve(answer(503, 'no quorum'));
    const other = await serve(answer(200, [SILENCE]));
    expect((await open('http://127.0.0.1:1', broken, other)).silences).toHaveLength(1);
    const none = await failure(open('http://127.0.0.1:1', broken));
    expect(none.message).toBe(`http://127.0.0.1:1 does not answer (ECONNREFUSED); ${broken} answered 503: no quorum`);
    expect(none.unreachable).toBe(true);
  });

  it('follows no redirect, and says what to set', async () => {
    let led = 0;
    const there = await serve((request, response) => {
      led++;
      answer(200, [])(request, response);
    });
    const error = await failure(open(await serve(answer(302, '', { location: there }))));
    expect(error.message).toContain('set where it leads as alertmanager.url');
    expect(led).toBe(0);
  });

  it('asks no proxy of the environment', async () => {
    const url = await serve(answer(200, []));
    const before = process.env['http_proxy'];
    process.env['http_proxy'] = 'http://127.0.0.1:1';
    try {
      expect((await open(url)).silences).toEqual([]);
    } finally {
      if (before === undefined) delete process.env['http_proxy'];
      else process.env['http_proxy'] = before;
    }
  });

  it('reads no answer without end', async () => {
    const url = await serve((_request, response) => {
      const chunk = Buffer.alloc(1024 * 1024, 32);
      const more = (): void => {
        while (response.write(chunk));
        response.once('drain', more);
      };
      more();
    });
    expect((await failure(open(url))).message).toMatch(/answered more than 8 MiB: .*--data\.retention/);
  });

  it('reads nothing of silences that cannot be ours, whatever they look like', async () => {
    const odd = { ...SILENCE, startsAt: 'never', status: null };
    const foreign = [
      { ...odd, createdBy: 'anna' },
      { ...odd, createdBy: null },
      { ...odd, matchers: [] },
      { ...odd, matchers: Array.from({ length: 1000 }, () => 0) },
    ];
    const { silences } = await open(await serve(answer(200, [...foreign, SILENCE, ...foreign])));
    expect(silences.map(({ id }) => id)).toEqual([SILENCE.id]);
  });

  it('gives up at the first that is no silence, of however many', async () => {
    const url = await serve(answer(200, `[${'{},'.repeat(2_700_000)}{}]`));
    expect((await failure(open(url))).message).toContain('no Alertmanager');
  });

  it('waits for no answer for ever, and for none once it is closed', async () => {
    const url = await serve(() => undefined);
    const slow = createAlertmanager({ urls: [url], timeoutMs: 50 });
    expect((await failure(slow.open())).message).toContain('nothing within 0.05 s');
    const closed = createAlertmanager({ urls: [url] });
    const asked = closed.open();
    closed.close();
    await failure(asked);
  });

  it.each([
    ['something else', 200, { status: 'success' }, 'no Alertmanager'],
    ['half of a list', 200, '[{', 'no Alertmanager'],
    ['a silence that is none', 200, [{ ...SILENCE, endsAt: 'soon' }], 'no Alertmanager'],
    ['silences of nobody', 200, [{}], 'no Alertmanager'],
    ['that it lets us in by another token', 401, 'who?', 'alertmanager.tokenFile'],
    ['that there is nothing', 404, 'not\u0000 \u001b[2Jfound', 'not [2Jfound'],
  ])('says what is wrong when it answers %s', async (_case, status, body, words) => {
    expect((await failure(open(await serve(answer(status, body))))).message).toContain(words);
  });

  it('takes a silence that is gone as ended, and tells of any other failure', async () => {
    const url = await serve((request, response) => {
      const [status, body] =
        request.method === 'GET' ? [200, []] : request.url?.endsWith('/gone') ? [404, ''] : [500, 'x'];
      answer(status, body)(request, response);
    });
    const session = await open(url);
    await session.expire('gone');
    await expect(session.expire('other')).rejects.toThrow(/answered 500: x/);
  });
});
