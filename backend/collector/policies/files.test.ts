import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readPolicyFiles, type ReadFiles } from './files.ts';
import type { ConfigurationLookup } from './types.ts';

const NOW = Date.parse('2026-02-06T12:00:00Z');
const REVISION = 'a'.repeat(64);
const configurations: ConfigurationLookup = {
  effective: (id) => (id === REVISION ? { values: {}, hash: id } : null),
  issued: () => false,
  checkOverlay: () => [],
};
const read = (files: Record<string, string>): ReadFiles =>
  readPolicyFiles(
    Object.entries(files).map(([name, text]) => ({ name, text })),
    configurations,
    NOW
  );

describe('the example', () => {
  const folder = resolve(import.meta.dirname, '..', '..', '..', 'provisioning', 'fleet');

  it('is valid, and shows every field', () => {
    const names = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
    expect(names).toContain('production.yaml');
    const files = names.map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }));
    const found = readPolicyFiles(files, configurations, NOW);
    expect(found.problems).toEqual([]);
    const production = found.profiles.find(({ id }) => id === 'production');
    const text = files.find(({ name }) => name === 'production.yaml')?.text ?? '';
    for (const field of Object.keys(production?.spec ?? {}).filter(
      (one) => !['requireSignature', 'guardrails'].includes(one)
    ))
      expect(text).toMatch(new RegExp(`^${field}:`, 'm'));
  });
});

describe('a file', () => {
  it('holds a policy and the targets it is applied to', () => {
    const text = `id: edge\nname: Edge\ndesired:\n  configRevision: ${REVISION}\ntargets: [n1, n2]\n`;
    expect(read({ 'edge.yaml': text })).toMatchObject({
      isComplete: true,
      problems: [],
      profiles: [
        {
          id: 'edge',
          file: 'edge.yaml',
          targets: ['n1', 'n2'],
          spec: { name: 'Edge', driftMode: 'Audit', waivers: [] },
        },
      ],
    });
  });

  it.each([
    ['id: edge\nname: [', '', 'is not YAML'],
    ['id: edge\nid: core\nname: Edge', '', 'is not YAML'],
    ['', '', 'must hold the fields of one policy'],
    ['- id: edge', '', 'must hold the fields of one policy'],
    ['name: Edge', 'id', 'is missing'],
    ['id: edge', 'name', 'is missing'],
    ['id: Edge!\nname: Edge', 'id', 'lower-case letters'],
    ['id: edge\nname: Edge\ndrift_mode: Audit', 'drift_mode', 'did you mean driftMode?'],
    ['id: edge\nname: Edge\ndriftMode: Repair', 'driftMode', 'ApplyAndAutoCorrect'],
    ['id: edge\nname: Edge\nminimumBridgeVersion: 1.4', 'minimumBridgeVersion', 'put it in quotes, as in "1.4"'],
    ['id: edge\nname: Edge\nlimits: { cpu: 9 }', 'limits.cpu', 'is no field of it'],
    [
      `id: edge\nname: Edge\ndesired: { configRevision: ${'b'.repeat(64)} }`,
      'desired.configRevision',
      '/fleet/configs',
    ],
    [
      "id: edge\nname: Edge\nwindows: [{ kind: deny, schedule: '99 * * * *', durationMinutes: 5, reason: why }]",
      'windows[0].schedule',
      'minute cannot be 99',
    ],
    ['id: edge\nname: Edge\ntargets: [../n1]', 'targets[0]', ''],
    ['id: edge\nname: "Edge\\u001b[31m"', 'name', 'control characters'],
  ])('%j is refused, at %s: %s', (text, field, words) => {
    const found = read({ 'edge.yaml': text });
    expect(found).toMatchObject({ isComplete: false, profiles: [] });
    const [problem] = found.problems;
    expect(problem).toMatchObject({ file: 'edge.yaml', field, refused: true });
    expect(problem?.message).toContain(words);
  });

  it('says that a waiver has ended, and is taken all the same', () => {
    const waiver = "{ id: w, code: runtime-error, expiresAt: '2026-02-06T11:59:59Z', reason: known }";
    expect(read({ 'edge.yaml': `id: edge\nname: Edge\nwaivers: [${waiver}]` })).toMatchObject({
      isComplete: true,
      profiles: [{ id: 'edge' }],
      problems: [{ file: 'edge.yaml', field: 'waivers[0].expiresAt', refused: false }],
    });
  });
});

describe('several files', () => {
  const edge = 'id: edge\nname: Edge\ntargets: [n1]';

  it('are taken or refused one by one', () => {
    const found = read({ 'bad.yaml': 'name: Bad', 'edge.yaml': edge });
    expect(found.profiles.map(({ id }) => id)).toEqual(['edge']);
    expect(found.problems.map(({ file }) => file)).toEqual(['bad.yaml']);
    expect(found.isComplete).toBe(false);
  });

  it('may not have the same policy, nor the same target: the first by name has it', () => {
    const found = read({
      'a.yaml': edge,
      'b.yaml': 'id: edge\nname: Again',
      'c.yaml': 'id: core\nname: Core\ntargets: [n2, n1]',
    });
    expect(found.profiles.map(({ file }) => file)).toEqual(['a.yaml']);
    expect(found.problems).toMatchObject([
      { file: 'b.yaml', field: 'id', message: expect.stringContaining('in a.yaml as well') as unknown },
      { file: 'c.yaml', field: 'targets[1]', message: expect.stringContaining('n1 is in a.yaml') as unknown },
    ]);
  });
});
