import { describe, expect, it } from '@jest/globals';
import { cronWords, lengthWords } from './cron-words.ts';

describe('a schedule in words', () => {
  it.each([
    ['0 22 * * *', 'every day at 22:00'],
    ['5 3 * * 1-5', 'Monday to Friday at 03:05'],
    ['0 16 * * FRI', 'every Friday at 16:00'],
    ['0 9 * * 6,7', 'every Sunday, Saturday at 09:00'],
    ['30 1 15 * *', 'on day 15 of each month at 01:30'],
    ['15 * * * *', 'every hour at minute 15'],
    ['*/5 * * * *', 'at “*/5 * * * *”'],
    ['0 22 1 * FRI', 'at “0 22 1 * FRI”'],
    ['0 22 * 6 *', 'at “0 22 * 6 *”'],
    ['0 8,20 * * *', 'at “0 8,20 * * *”'],
    ['0 8 1,15 * *', 'at “0 8 1,15 * *”'],
    ['nonsense', 'at “nonsense”'],
  ])('%s', (text, words) => {
    expect(cronWords(text)).toBe(words);
  });
});

describe('a length in words', () => {
  it.each([
    [45, '45 min'],
    [60, '1 h'],
    [90, '1 h 30 min'],
    [3840, '2 d 16 h'],
  ])('%i', (minutes, words) => {
    expect(lengthWords(minutes)).toBe(words);
  });
});
