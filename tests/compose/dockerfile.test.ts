import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { copiesOf, DOCKERFILE, instructionsOf, isIgnored, linesOf, stages } from './dockerfile.ts';
import { read, ROOT } from './files.ts';

const { devDependencies } = JSON.parse(read('package.json')) as { devDependencies: Record<string, string> };
const RUN = ['collector', 'bridge', 'simulator'];

describe('the Dockerfile', () => {
  it('has nothing but instructions', () => {
    expect(instructionsOf(DOCKERFILE).length).toBeGreaterThan(20);
    expect(() => instructionsOf('FRMO a AS b')).toThrow('Not an instruction');
  });

  it('is built on images of one version each: the pinned Node, and a Grafana that the app is for', () => {
    const images = new Set(stages.map(({ from }) => from).filter((from) => !stages.some(({ name }) => name === from)));
    const [node, grafana, ...others] = [...images];
    expect(node).toBe(`node:${devDependencies['node'] ?? ''}-bookworm-slim`);
    expect(grafana).toMatch(/^grafana\/grafana:12\.3\.\d+$/);
    expect(others).toEqual([]);
  });

  it('copies what there is, and what .dockerignore lets through', () => {
    for (const stage of stages)
      for (const { from, sources } of copiesOf(stage)) {
        if (from !== null) {
          expect(stages.findIndex(({ name }) => name === from)).toBeLessThan(stages.indexOf(stage));
          expect(stages.map(({ name }) => name)).toContain(from);
          continue;
        }
        for (const source of sources)
          expect([source, existsSync(join(ROOT, source)), isIgnored(source)]).toEqual([source, true, false]);
      }
  });

  it('lets nothing else through: no credentials, history, tests or packages of a working folder', () => {
    for (const path of [
      '.git/config',
      '.openclaw-fleet/pki/authority.key',
      'node_modules/zod/package.json',
      'backend/collector/node_modules/zod/package.json',
      'backend/collector/fleet/node.test.ts',
      'backend/collector/identity/testing/workshop.ts',
      'tests/compose/files.ts',
      'docs/settings.md',
      'dist/module.js',
      '.env',
    ])
      expect([path, isIgnored(path)]).toEqual([path, true]);
    for (const path of ['backend/collector/main.ts', 'docs/runbooks/OpenClawNodeExpired.md', 'src/module.tsx'])
      expect([path, isIgnored(path)]).toEqual([path, false]);
  });

  it('installs for a run what is needed in a run alone, in the versions of the lock', () => {
    const installs = stages
      .filter(({ name }) => /^(collector|bridge)-packages$/.test(name))
      .flatMap(({ instructions }) => instructions.filter(({ name }) => name === 'RUN').map(({ words }) => words));
    expect(installs).toHaveLength(2);
    for (const words of installs) expect(words).toMatch(/^npm ci --omit=dev --include-workspace-root=false /);
  });

  it.each(RUN)('%s runs as a user without rights, and without an installer', (name) => {
    const all = linesOf(name).flatMap(({ instructions }) => instructions);
    expect(all.filter((one) => one.name === 'USER').at(-1)?.words).toBe('10001:10001');
    expect(all.some((one) => one.name === 'RUN' && one.words.startsWith('rm -rf /usr/local/lib/node_modules'))).toBe(
      true
    );
    expect(all.some((one) => one.name === 'RUN' && /\bnpm (ci|install)\b/.test(one.words))).toBe(false);
    const [entry] = all.filter((one) => /ENTRYPOINT|CMD/.test(one.name)).slice(-1);
    expect(JSON.parse(entry?.words ?? '')).toBeInstanceOf(Array);
  });
});
