import { describe, expect, it } from '@jest/globals';
import { errorsOf, formOf, isChanged, switchedTo, updateOf } from './form.ts';
import type { SetupForm, Stored } from './form.ts';

const SECRET = 'x'.repeat(32);
const form = (over: Partial<SetupForm> = {}): SetupForm => ({
  url: 'http://127.0.0.1:8080',
  secret: SECRET,
  keepsSecret: false,
  prometheusUid: '',
  flag: true,
  ...over,
});

describe('the URL of the collector', () => {
  it.each(['http://127.0.0.1:8080', 'https://collector.example', ' http://c:8080/ ', 'https://c/prefix', 'HTTP://c'])(
    'takes %s',
    (url) => {
      expect(errorsOf(form({ url })).url).toBeUndefined();
    }
  );
  it.each([
    ['', /Enter the URL/],
    ['   ', /Enter the URL/],
    ['collector:8080', /not a URL/],
    ['ftp://collector', /not a URL/],
    ['http://', /not a URL/],
    ['http://a b', /not a URL/],
    ['http://me:secret@collector', /user name/],
    ['http://collector?x=1', /from the first \?/],
    ['http://collector/?', /from the first \?/],
    ['http://collector/#a', /from the first \?/],
    ['http://collector:8080/fleet', /http:\/\/collector:8080 is enough/],
    ['http://collector:8080/fleet/', /http:\/\/collector:8080 is enough/],
  ])('refuses %j', (url, why) => {
    expect(errorsOf(form({ url })).url).toMatch(why);
  });
  it('takes a host or a path that only begins like /fleet', () => {
    expect(errorsOf(form({ url: 'http://fleet.example/fleets' })).url).toBeUndefined();
  });
});

describe('the secret', () => {
  it.each([
    ['', /Enter the secret/],
    ['short', /at least 32 characters; this one has 5/],
    [`${SECRET} ${SECRET}`, /one line/],
  ])('refuses %j', (secret, why) => {
    expect(errorsOf(form({ secret })).secret).toMatch(why);
  });
  it('is not asked for again where one is stored', () => {
    expect(errorsOf(form({ secret: '', keepsSecret: true }))).toEqual({});
  });
});

const stored: Stored = {
  enabled: true,
  pinned: true,
  jsonData: { collectorUrl: 'http://old:8080', smartFleetV2Enabled: 'false', prometheusUid: 'prom' },
  secureJsonFields: { secret: true },
};

describe('what is saved', () => {
  it('reads what is stored, a flag from the environment too', () => {
    expect(formOf(stored)).toEqual({
      url: 'http://old:8080',
      secret: '',
      keepsSecret: true,
      prometheusUid: 'prom',
      flag: false,
    });
    expect(formOf({})).toMatchObject({ url: '', keepsSecret: false, flag: true });
  });
  it('sends the secret in secureJsonData alone, and only a new one', () => {
    const kept = updateOf(formOf(stored), stored);
    expect(kept).not.toHaveProperty('secureJsonData');
    const fresh = updateOf({ ...formOf(stored), keepsSecret: false, secret: ` ${SECRET} ` }, stored);
    expect(fresh.secureJsonData).toEqual({ secret: SECRET });
    expect(JSON.stringify(fresh.jsonData)).not.toContain(SECRET);
  });
  it('keeps settings of other names, leaves the last slash out, and an empty data source away', () => {
    const more = { ...stored, jsonData: { ...stored.jsonData, later: 1 } } as Stored;
    const update = updateOf(form({ url: ' http://new:8080// ', prometheusUid: ' ', flag: false }), more);
    expect(JSON.parse(JSON.stringify(update))).toEqual({
      enabled: true,
      pinned: true,
      jsonData: { later: 1, collectorUrl: 'http://new:8080', smartFleetV2Enabled: false },
      secureJsonData: { secret: SECRET },
    });
  });
  it('enables and disables without touching the rest', () => {
    expect(switchedTo(false, stored)).toEqual({ enabled: false, pinned: false, jsonData: stored.jsonData });
    expect(switchedTo(true, {})).toEqual({ enabled: true, pinned: true, jsonData: {} });
  });
  it('knows whether anything was typed', () => {
    expect(isChanged(formOf(stored), stored)).toBe(false);
    expect(isChanged({ ...formOf(stored), flag: true }, stored)).toBe(true);
    expect(isChanged({ ...formOf(stored), keepsSecret: false }, stored)).toBe(true);
  });
});
