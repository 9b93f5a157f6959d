import { describe, expect, it } from '@jest/globals';
import { configuredIssuers } from './issuers.ts';

const settings = { jwksUrl: 'https://idp.test/keys', claim: 'sub', ids: ['edge-.*'] };

describe('configuredIssuers', () => {
  it('speak for the ids they are given, and for no others', () => {
    const [issuer] = configuredIssuers([{ ...settings, issuer: 'https://idp.test' }]);
    expect(issuer?.mayName('edge-1')).toBe(true);
    expect(issuer?.mayName('not-edge-1')).toBe(false);
  });

  it.each(['openclaw-fleet', 'openclaw://node/n1', 'openclaw://collector/client'])('refuses the name %s', (issuer) => {
    expect(() => configuredIssuers([{ ...settings, issuer }])).toThrow(/intake\.issuers.*a name of its own/s);
  });
});
