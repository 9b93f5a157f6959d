import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { TIMINGS } from '@openclaw-fleet/contract';
import { ROUTES } from '../../backend/collector/api/routes.ts';
import { run as openclawFleet } from '../../backend/collector/cli/main.ts';
import { listSettings } from '../../backend/collector/config.ts';
import { Sqlite } from '../../backend/collector/storage/sqlite.ts';
import { USAGE } from '../../scripts/lib/options.mjs';

const root = resolve(import.meta.dirname, '..', '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const markdownIn = (folder: string): string[] =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));
const foldersIn = (folder: string): string[] =>
  readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules')
    .map(({ name }) => `${folder}/${name}`);

const READMES = ['backend/bridge/README.md', 'backend/client/README.md', 'backend/simulator/README.md'];
const EVERY = [
  ...markdownIn('.'),
  ...markdownIn('docs'),
  ...markdownIn('docs/decisions'),
  ...READMES,
  'tools/README.md',
];
/** Written by hand about the whole product: what they name is checked too. */
const WHOLE = [...markdownIn('.'), 'docs/architecture.md', 'docs/threat-model.md', 'docs/retention.md'];

const found = (text: string, pattern: RegExp): string[] =>
  [...new Set([...text.matchAll(pattern)].map(([whole, part]) => part ?? whole))].sort();
const codeOf = (path: string): string[] => found(read(path), /`([^`\n]+)`/g);

/** A heading's anchor, as GitHub makes it. */
const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');

async function helpOf(command: string): Promise<string | null> {
  let text = '';
  const code = await openclawFleet(
    ['help', ...command.split(' ')],
    {},
    { out: (line) => (text += line), err: () => {} }
  );
  return code === 0 ? text : null;
}

describe.each(EVERY)('%s', (path) => {
  const text = read(path);

  it('links to what exists', () => {
    const broken = found(text, /\]\(([^)\s]+)\)/g).filter((link) => {
      if (/^https?:/.test(link)) return false;
      const [file = '', fragment] = link.split('#');
      const target = file === '' ? join(root, path) : resolve(root, dirname(path), file);
      if (!existsSync(target)) return true;
      if (fragment === undefined) return false;
      return !found(readFileSync(target, 'utf8'), /^#+ (.*)$/gm)
        .map(anchor)
        .includes(fragment);
    });
    expect(broken).toEqual([]);
  });
});

describe.each(WHOLE)('%s', (path) => {
  const text = read(path);
  const code = codeOf(path);

  it('names files and folders that exist', () => {
    const anywhere = found(text, /(?<![\w./-])((?:backend|docs|provisioning|scripts|tests)\/[\w./-]*\w)/g);
    const inCollector = code.filter((name) => /^[\w-]+\/[\w./-]+\.(ts|mjs)$/.test(name));
    const bases = [root, join(root, 'backend', 'collector')];
    const missing = [...anywhere, ...inCollector].filter((name) => !bases.some((base) => existsSync(join(base, name))));
    expect(missing).toEqual([]);
  });

  it('names npm scripts that exist, with flags of npm start that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = found(text, /npm (?:run )?((?<=run )[\w:-]+|start|test)\b/g);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
    const flags = found(text, /npm start -- (--[a-z-]+)/g);
    expect(flags.filter((flag) => !USAGE.includes(flag))).toEqual([]);
  });

  it('names commands of openclaw-fleet that exist, with options that exist', async () => {
    const joined = text.replaceAll(/\\\n\s*/g, '');
    const wrong: string[] = [];
    for (const call of found(joined, /npx openclaw-fleet ([^`\n]+)/g)) {
      const words = call.split(' ');
      if (['help', 'version'].includes(words[0] ?? '')) continue;
      const help = (await helpOf(words.slice(0, 2).join(' '))) ?? (await helpOf(words[0] ?? ''));
      const options = found(call, /(?<= )--[a-z-]+/g);
      if (help === null || options.some((option) => !help.includes(option))) wrong.push(call);
    }
    expect(wrong).toEqual([]);
  });

  it('names settings that exist', () => {
    const settings = listSettings();
    const names = new Set(['OPENCLAW_FLEET_CONFIG', ...settings.map(({ env }) => env)]);
    const publishing = [...READMES, 'docs/terminal.md'].map(read).join();
    const variables = found(text, /\bOPENCLAW_[A-Z_]*[A-Z]/g);
    expect(variables.filter((name) => !names.has(name) && !publishing.includes(`\`${name}\``))).toEqual([]);
    const keys = code.filter((name) =>
      /^(intake|storage|api|smartFleet|policies|credentials|metrics|logging|shutdown|durations)\.[a-zA-Z.]+$/.test(name)
    );
    expect(keys.filter((key) => !settings.some((one) => one.key === key))).toEqual([]);
  });

  it('names addresses and metrics that exist', () => {
    const atIntake = ['token', 'renew', 'revisions', 'config-report'].map((name) => `/openclaw/${name}`);
    const addresses = [...Object.values(ROUTES).map((route) => route.path), ...atIntake];
    const named = found(text, /(?<![\w.-])(\/(?:fleet|openclaw)\/[a-z]+(?:-[a-z]+)*)/g);
    expect(named.filter((address) => !addresses.includes(address))).toEqual([]);
    const metrics = read('docs/metrics.md');
    expect(found(text, /\bopenclaw_\w+\b(?!\.py)/g).filter((name) => !metrics.includes(`\`${name}\``))).toEqual([]);
  });

  it('quotes names of tests as they are', () => {
    const quotes = [...text.matchAll(/`([\w./-]+\.test\.ts)`,\s"([^"]+?)(?: \.\.\.)?"/g)];
    for (const [, file = '', quote = ''] of quotes) expect(read(file)).toContain(quote);
  });
});

describe('README.md', () => {
  it('shows every document and the picture', () => {
    const readme = read('README.md');
    const missing = [...markdownIn('docs'), ...READMES].filter((path) => !readme.includes(`(${path})`));
    expect(missing).toEqual([]);
    expect(statSync(join(root, 'docs', 'images', 'demo.png')).size).toBeGreaterThan(10_000);
  });
});

describe('docs/architecture.md', () => {
  it('has every folder of the house, and no other', () => {
    const architecture = read('docs/architecture.md');
    const house = architecture.slice(architecture.indexOf('## The house'), architecture.indexOf('## One heartbeat'));
    const folders = [
      ...foldersIn('backend').filter((name) => name !== 'backend/collector'),
      ...foldersIn('backend/collector'),
    ];
    const rows = found(house, /^\| `(backend\/[\w/]+)` \|/gm);
    expect(rows.filter((name) => !name.endsWith('.ts'))).toEqual(folders.sort());
  });
});

describe('docs/retention.md', () => {
  const retention = read('docs/retention.md');

  it('has every table of the database, and no other', async () => {
    const store = await Sqlite.open(':memory:', 0);
    const tables = (await store.db.introspection.getTables()).map(({ name }) => name);
    store.close();
    const section = retention.slice(retention.indexOf('## In the database'), retention.indexOf('## In memory'));
    const rows = found(section, /^\| (`[^|]+) \|/gm).flatMap((cell) => found(cell, /`(\w+)`/g));
    expect(rows.sort()).toEqual(tables.sort());
  });

  it('has the times of the production profile', () => {
    const day = 86_400_000;
    const { eventRetention, historyRetention, retireAfter, restartWindow, expectedWindow } = TIMINGS.production;
    expect(retention).toContain(`| ${eventRetention / day} days (\`durations.eventRetention\`) |`);
    expect(retention).toContain(`| ${historyRetention / day} days (\`durations.historyRetention\`)`);
    const [silent, more] = [`silent for ${retireAfter / day} days`, `${retireAfter / day} days after that deleted`];
    expect(retention).toContain(`${silent} it is retired, and ${more} (\`durations.retireAfter\`, both times)`);
    expect(retention).toContain(`| ${restartWindow / 60_000} min (\`durations.restartWindow\`)`);
    expect(expectedWindow).toBe(3_600_000);
    expect(retention).toContain('| an hour without a heartbeat (`durations.expectedWindow`) |');
  });
});
