import { describe, expect, it } from '@jest/globals';
import { relocate } from './relocate.ts';

describe('relocate', () => {
  it('rewrites the four addresses at once', () => {
    const text = 'http://127.0.0.1:8080/a 127.0.0.1:9090 http://127.0.0.1:9093 http://127.0.0.1:3000/d';
    expect(relocate(text, { api: 9090, prometheus: 9093, alertmanager: 3000, grafana: 8080 })).toBe(
      'http://127.0.0.1:9090/a 127.0.0.1:9093 http://127.0.0.1:3000 http://127.0.0.1:8080/d'
    );
  });

  it('leaves what it is not told of, and what only looks like one of them', () => {
    const text = '127.0.0.1:9090 127.0.0.1:30001 10.127.0.0.1:8080 localhost:8080 127.0.0.1:9464';
    expect(relocate(text, { api: 1, grafana: 2 })).toBe(text);
  });
});
