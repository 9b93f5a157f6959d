import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createPublisher, isInRollout, optionsFromEnv, rolloutPosition } from './index.ts';
import { resolveSettings } from './settings.ts';
import type { PublisherOptions } from './types.ts';

const env = {
  OPENCLAW_ENDPOINT: 'https://collector.example:8443',
  OPENCLAW_NODE_ID: 'uuid-1234',
  OPENCLAW_CA_FILE: '/pki/ca.crt',
  OPENCLAW_CERT_FILE: '/pki/node.crt',
  OPENCLAW_KEY_FILE: '/pki/node.key',
};
const pin = `sha256/${'A'.repeat(43)}=`;

describe('optionsFromEnv', () => {
  it('reads every setting', () => {
    expect(
      optionsFromEnv({
        ...env,
        OPENCLAW_ENABLED: 'true',
        OPENCLAW_SERVER_PIN: ` ${pin}, ${pin} `,
        OPENCLAW_TOKEN_MODE: 'mint',
        OPENCLAW_TOKEN_FILE: '/run/token',
        OPENCLAW_TOKEN_AUDIENCE: 'chimera',
        OPENCLAW_SIGN_PAYLOAD: 'true',
        OPENCLAW_INTERVAL_SECONDS: '45',
        OPENCLAW_ROLLOUT_PERCENT: '100',
        OPENCLAW_QUEUE_THRESHOLD: '200',
        OPENCLAW_BUFFER_SIZE: '20',
        OPENCLAW_HOSTNAME: 'chimera-01',
        OPENCLAW_VERSION: '1.2.0',
        OPENCLAW_TAGS: 'region:us-east-1, gpu:true,',
        OPENCLAW_TIMINGS: 'production',
        OPENCLAW_RENEW: 'false',
      })
    ).toEqual({
      endpoint: 'https://collector.example:8443',
      nodeId: 'uuid-1234',
      caFile: '/pki/ca.crt',
      certFile: '/pki/node.crt',
      keyFile: '/pki/node.key',
      serverPins: [pin, pin],
      tokenMode: 'mint',
      tokenFile: '/run/token',
      tokenAudience: 'chimera',
      signPayload: true,
      intervalSeconds: 45,
      rolloutPercent: 100,
      queueThreshold: 200,
      bufferSize: 20,
      hostname: 'chimera-01',
      version: '1.2.0',
      tags: ['region:us-east-1', 'gpu:true'],
      timings: 'production',
      renew: false,
    });
  });

  it.each([
    [{ ...env, OPENCLAW_ENABLED: 'false' }, 'OPENCLAW_ENABLED is false'],
    [{}, 'OPENCLAW_ENDPOINT is not set'],
    [{ ...env, OPENCLAW_ROLLOUT_PERCENT: '0' }, 'OPENCLAW_ROLLOUT_PERCENT'],
  ])('is off on purpose: %#', (given, reason) => {
    expect(optionsFromEnv(given)).toEqual({ disabled: expect.stringContaining(reason), byChoice: true });
  });

  it.each([
    ['OPENCLAW_ENABLED', 'yes', 'true or false'],
    ['OPENCLAW_ENDPOINT', 'collector', 'must be an address'],
    ['OPENCLAW_ENDPOINT', 'http://127.0.0.1:8080', 'https://'],
    ['OPENCLAW_ENDPOINT', 'https://user:secret@collector.example', 'user or a password'],
    ['OPENCLAW_ENDPOINT', 'https://collector.example/?a=b', 'query'],
    ['OPENCLAW_NODE_ID', '../etc', '1 to 64'],
    ['OPENCLAW_NODE_ID', '', '1 to 64'],
    ['OPENCLAW_CA_FILE', '', 'path of a PEM file'],
    ['OPENCLAW_CERT_FILE', ' ', 'path of a PEM file'],
    ['OPENCLAW_KEY_FILE', '', 'path of a PEM file'],
    ['OPENCLAW_SERVER_PIN', `${pin},sha1/abc`, 'sha256/'],
    ['OPENCLAW_SERVER_PIN', ',', 'sha256/'],
    ['OPENCLAW_SERVER_PIN', ' , ,', 'sha256/'],
    ['OPENCLAW_TOKEN_MODE', 'none', 'file, sign, mint'],
    ['OPENCLAW_TOKEN_MODE', 'file', 'OPENCLAW_TOKEN_FILE must be set'],
    ['OPENCLAW_SIGN_PAYLOAD', '1', 'true or false'],
    ['OPENCLAW_INTERVAL_SECONDS', '29', '30 to 120'],
    ['OPENCLAW_INTERVAL_SECONDS', '0x40', '30 to 120'],
    ['OPENCLAW_ROLLOUT_PERCENT', '101', '0 to 100'],
    ['OPENCLAW_QUEUE_THRESHOLD', '-1', 'from 0 up'],
    ['OPENCLAW_BUFFER_SIZE', '1.5', '0 to 1000'],
    ['OPENCLAW_TIMINGS', 'fast', 'production, demo'],
    ['OPENCLAW_TIMINGS', 'demo', 'loopback'],
    ['OPENCLAW_RENEW', 'maybe', 'true or false'],
    ['OPENCLAW_HOSTNAME', 'a\u001bb', 'printable'],
    ['OPENCLAW_VERSION', 'x'.repeat(129), 'printable'],
    ['OPENCLAW_TAGS', `ok,${'x'.repeat(129)}`, 'at most 64 tags'],
  ])('refuses %s=%s and names it', (name, value, must) => {
    const { disabled, byChoice } = optionsFromEnv({ OPENCLAW_ENABLED: 'true', ...env, [name]: value }) as {
      disabled: string;
      byChoice?: boolean;
    };
    expect(disabled).toContain('OPENCLAW_');
    expect(disabled).toContain(must);
    expect(disabled).not.toContain('secret');
    expect(byChoice).toBeUndefined();
  });

  it.each(['https://127.0.0.1:1', 'https://localhost', 'https://[::1]:8443', 'https://127.9.9.9'])(
    'allows demo timings on %s',
    (endpoint) => {
      const settings = resolveSettings({
        ...optionsFromEnv({ ...env, OPENCLAW_ENDPOINT: endpoint, OPENCLAW_TIMINGS: 'demo' }),
      } as never);
      expect(settings).toMatchObject({ interval: 3_000, clientTimings: { beatMin: 1_500, beatMax: 6_000 } });
    }
  );

  it.each(['https://127.0.0.1.evil.example', 'https://localhost.evil.example', 'https://10.0.0.1'])(
    'refuses demo timings on %s',
    (endpoint) => {
      expect(optionsFromEnv({ ...env, OPENCLAW_ENDPOINT: endpoint, OPENCLAW_TIMINGS: 'demo' })).toHaveProperty(
        'disabled'
      );
    }
  );

  it('appends the resource to an address without a path only', () => {
    const endpoint = (address: string): string => {
      const settings = resolveSettings({ ...optionsFromEnv({ ...env, OPENCLAW_ENDPOINT: address }) } as never);
      return 'endpoint' in settings ? settings.endpoint.href : '';
    };
    expect(endpoint('https://c.example')).toBe('https://c.example/openclaw/availability');
    expect(endpoint('https://c.example/fleet/openclaw/availability')).toBe(
      'https://c.example/fleet/openclaw/availability'
    );
  });
});

describe('createPublisher', () => {
  it('does nothing with bad settings, and says why', async () => {
    const logged: string[] = [];
    const log = (message: string): number => logged.push(message);
    const publisher = createPublisher({
      ...optionsFromEnv({ ...env, OPENCLAW_ENDPOINT: 'http://c.example' }),
      snapshot: () => ({}),
      logger: { info: log, warn: log, error: log },
    });
    publisher.start();
    publisher.publishSoon();
    await publisher.stop('shutdown');
    expect(publisher.disabledReason).toContain('OPENCLAW_ENDPOINT must begin with https://');
    expect(logged).toEqual([`publishing is off: ${publisher.disabledReason}`]);
    expect(publisher.metrics()).toContain('openclaw_publish_success_total 0');
  });

  it('does nothing with a list of pins that is empty', () => {
    const options = optionsFromEnv(env);
    expect(resolveSettings({ ...options, serverPins: [] } as never)).toEqual({
      disabled: expect.stringContaining('OPENCLAW_SERVER_PIN'),
    });
  });

  it('never throws, whatever it is given', () => {
    const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
    fc.assert(
      fc.property(fc.object(), (options) => {
        const publisher = createPublisher({ ...options, logger } as unknown as PublisherOptions);
        expect(typeof publisher.disabledReason).toBe('string');
      })
    );
    expect(
      createPublisher({ ...env, serverPins: 5, logger } as unknown as PublisherOptions).disabledReason
    ).toBeTruthy();
  });
});

describe('the rollout', () => {
  it('only ever adds nodes as its percentage rises, and takes about that share', () => {
    const ids = Array.from({ length: 5_000 }, (_, index) => `node-${index}`);
    const share = (percent: number): Set<string> => new Set(ids.filter((id) => isInRollout(id, percent)));
    expect(share(0).size).toBe(0);
    expect(share(100).size).toBe(ids.length);
    expect(share(25).size / ids.length).toBeCloseTo(0.25, 1);
    const wider = share(40);
    expect([...share(25)].every((id) => wider.has(id))).toBe(true);
  });

  it('keeps a node in its place for ever', () => {
    expect(rolloutPosition('uuid-1234')).toBeCloseTo(68.47, 1);
  });
});
