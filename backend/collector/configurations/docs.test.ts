import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import {
  adoptConfigSchema,
  configValuesSchema,
  DENIED_SECTIONS,
  desiredStateChangeSchema,
  newConfigSchema,
  overlayChangeSchema,
} from '@openclaw-fleet/contract';
import type { z } from 'zod';
import { documentProblems } from './schema-check.ts';

const text = readFileSync(resolve(import.meta.dirname, '..', '..', '..', 'docs', 'configurations.md'), 'utf8');

const BODIES: Readonly<Record<string, z.ZodType>> = {
  'POST /fleet/targets/uuid-1234/adopt-config': adoptConfigSchema,
  'POST /fleet/configs': newConfigSchema,
  'PATCH /fleet/targets/uuid-1234/desired-state': desiredStateChangeSchema,
  'PUT /fleet/targets/uuid-1234/overlay': overlayChangeSchema,
};

describe('docs/configurations.md', () => {
  it('shows a document that is taken', () => {
    const [, document = ''] = /^```json\n(.*?)^```$/ms.exec(text) ?? [];
    expect(documentProblems(configValuesSchema.parse(JSON.parse(document)))).toEqual([]);
  });

  it('shows requests that the API takes', () => {
    const calls = [...text.matchAll(/^api -X (\w+) http:\/\/127\.0\.0\.1:8080(\S+).*? -d '(\{[^']*\})'$/gms)];
    expect(calls.map(([, method, path]) => `${method ?? ''} ${path ?? ''}`).sort()).toEqual(Object.keys(BODIES).sort());
    for (const [, method, path, body = ''] of calls) {
      const sent: unknown = JSON.parse(body);
      expect(BODIES[`${method ?? ''} ${path ?? ''}`]?.safeParse(sent).error).toBeUndefined();
      const values = (sent as { values?: unknown }).values;
      if (values !== undefined) expect(documentProblems(configValuesSchema.parse(values))).toEqual([]);
    }
  });

  it('lists every section that no revision may manage, with why', () => {
    const listed = [...text.matchAll(/^\| `([^`]+)` \| ([^|]+) \|$/gm)].map(([, path, why]) => ({ path, why }));
    expect(listed).toEqual(DENIED_SECTIONS);
  });
});
