import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FakeGateway } from '../testing/fake-gateway.ts';
import { waitFor } from '../testing/wait-for.ts';
import type { AdminMethod, WithAdmin } from './admin.ts';
import { ADMIN_METHODS, createAdmin } from './admin.ts';

let gateway: FakeGateway;
let withAdmin: WithAdmin;

beforeEach(async () => {
  gateway = new FakeGateway();
  await gateway.listen();
  withAdmin = createAdmin({ url: gateway.url, token: () => 'gateway-token', version: '0.1.0', timeoutMs: 500 });
});
afterEach(() => gateway.close());

describe('a connection for one step', () => {
  it('asks for operator.admin, carries the call, and is gone when the step is over', async () => {
    gateway.answers['cron.update'] = ({ id }) => ({ ok: true, id });
    const answer = await withAdmin(async (admin) => {
      expect(gateway.connections).toBe(1);
      return admin.call('cron.update', { id: 'a' });
    });
    expect(answer).toEqual({ ok: true, id: 'a' });
    expect(gateway.requests[0]?.params['scopes']).toEqual(['operator.read', 'operator.admin']);
    await waitFor('its end', () => gateway.connections === 0);
  });

  it('is gone when the step fails, too', async () => {
    await expect(withAdmin(() => Promise.reject(new Error('step')))).rejects.toThrow('step');
    await waitFor('its end', () => gateway.connections === 0);
  });

  it('has a closed list of methods, none of which runs a command, installs or reads a secret', async () => {
    expect(ADMIN_METHODS.join(' ')).not.toMatch(
      /cron\.(add|remove)|terminal|exec|tools|plugins|secrets|update\.run|node/
    );
    await expect(withAdmin((admin) => admin.call('cron.add' as AdminMethod, { command: 'x' }))).rejects.toThrow(
      'FORBIDDEN_METHOD'
    );
    expect(gateway.requests.map(({ method }) => method)).toEqual(['connect']);
  });

  it('says that the token is no admin’s, before any step begins', async () => {
    gateway.grantsAdmin = false;
    let begun = false;
    await expect(withAdmin(() => Promise.resolve((begun = true)))).rejects.toThrow('NO_ADMIN');
    expect(begun).toBe(false);
  });

  it('sends its token nowhere but to loopback', async () => {
    const away = createAdmin({ url: new URL('http://192.0.2.1:9'), token: () => 'gateway-token', version: '0.1.0' });
    await expect(away(() => Promise.resolve())).rejects.toThrow('NOT_LOOPBACK');
  });

  it.each([
    ['config changed since last load; re-run config.get and retry', 'stale'],
    ['config.patch persisted but was not applied to the active Gateway (failed)', 'not-applied'],
    ['Sentinel value "x" in key gateway.auth.token is not valid as real data', 'redacted'],
    ['Unrecognized key', null],
  ])('recognises what the gateway says in words, and repeats none of them: %s', async (message, meaning) => {
    gateway.answers['config.patch'] = { fail: { code: 'INVALID_REQUEST', message } };
    const call = withAdmin((admin) => admin.call('config.patch'));
    await expect(call).rejects.toMatchObject({ code: 'INVALID_REQUEST', meaning });
    await expect(call).rejects.toThrow(/^config\.patch: INVALID_REQUEST$/);
  });
});
