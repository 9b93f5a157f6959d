import { describe, expect, it } from '@jest/globals';
import { t } from './i18n.ts';

describe('t', () => {
  it('puts values in as they are', () => {
    const value = `http://o'neil & "sons" <b>/x`;
    expect(t('test.value', 'It is {{value}}.', { value })).toBe(`It is ${value}.`);
  });
  it('needs no values', () => {
    expect(t('test.plain', 'Plain')).toBe('Plain');
  });
});
