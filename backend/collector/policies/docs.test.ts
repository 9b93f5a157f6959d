import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import {
  applyPolicySchema,
  desiredStateChangeSchema,
  newPolicySchema,
  newWaiverSchema,
  policyChangeSchema,
  policyPreviewRequestSchema,
  policySpecSchema,
  reasonOnlySchema,
  targetPreviewRequestSchema,
} from '@openclaw-fleet/contract';
import type { z } from 'zod';
import { readPolicyFiles } from './files.ts';

const text = readFileSync(resolve(import.meta.dirname, '..', '..', '..', 'docs', 'policies.md'), 'utf8');

const BODIES: [RegExp, z.ZodType][] = [
  [/^POST \/fleet\/policies$/, newPolicySchema],
  [/^PATCH \/fleet\/policies\/\w+$/, policyChangeSchema],
  [/^DELETE \/fleet\/policies\/\w+(\/waivers\/[\w-]+)?$/, reasonOnlySchema],
  [/^POST \/fleet\/policies\/\w+\/preview$/, policyPreviewRequestSchema],
  [/^POST \/fleet\/policies\/\w+\/waivers$/, newWaiverSchema],
  [/^POST \/fleet\/targets\/[\w-]+\/apply-policy$/, applyPolicySchema],
  [/^PATCH \/fleet\/targets\/[\w-]+\/desired-state$/, desiredStateChangeSchema],
  [/^POST \/fleet\/targets\/[\w-]+\/preview$/, targetPreviewRequestSchema],
];

describe('docs/policies.md', () => {
  it('lists every field of a policy', () => {
    const fields = [...text.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`(\w+)[\w.]*`/g)].map(([, name]) => name)
    );
    expect(new Set(fields)).toEqual(new Set(Object.keys(policySpecSchema.shape)));
  });

  it('shows requests that the API takes', () => {
    const calls = [...text.matchAll(/^api -X (\w+) http:\/\/127\.0\.0\.1:8080(\S+).*? -d '(\{[^']*\})'$/gms)];
    expect(calls.length).toBe([...text.matchAll(/^api -X /gm)].length);
    for (const [, method, path, body] of calls) {
      const call = `${method ?? ''} ${path ?? ''}`;
      const schema = BODIES.find(([pattern]) => pattern.test(call))?.[1];
      expect([call, schema?.safeParse(JSON.parse(body ?? '')).error]).toEqual([call, undefined]);
      expect(schema).toBeDefined();
    }
  });

  it('shows files that are taken', () => {
    const lookup = { effective: () => null, issued: () => false, checkOverlay: () => [] };
    const blocks = [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, block = '']) => block);
    expect(blocks).toHaveLength(2);
    for (const block of blocks) {
      const whole = block.startsWith('id:') ? block : `id: example\nname: Example\n${block}`;
      expect(readPolicyFiles([{ name: 'docs.yaml', text: whole }], lookup, 0).problems).toEqual([]);
    }
  });
});
