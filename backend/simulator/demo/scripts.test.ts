import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { ensureBuilt, notBuilt, outdated } from '../../../scripts/lib/app.mjs';
import { ensureInstalled, installArguments, nodeBinary, npmCommand } from '../../../scripts/lib/install.mjs';
import { clean, cleanLeftovers, note, RUN_VARIABLE } from '../../../scripts/lib/leftovers.mjs';
import { missingPackages, neededPackages } from '../../../scripts/lib/lock.mjs';
import { parseOptions, portsOf } from '../../../scripts/lib/options.mjs';
import { findOnPath } from '../../../scripts/lib/path.mjs';
import { holderOf, socketsOn, portMessage, portProblems } from '../../../scripts/lib/ports.mjs';
import { findStack } from '../../../scripts/lib/stack.mjs';
import type { FoundStack } from '../../../scripts/lib/stack.mjs';
import { waitFor } from '../testing/intake.ts';

const root = mkdtempSync(join(tmpdir(), 'demo-scripts-'));
afterAll(() => rmSync(root, { recursive: true }));

const lock = {
  packages: {
    '': { devDependencies: { tool: '1' } },
    'backend/a': { version: '0.1.0', dependencies: { '@x/b': '0.1.0', lib: '1' }, devDependencies: { helper: '1' } },
    'backend/b': { version: '0.1.0', dependencies: { lib: '2' }, devDependencies: { unseen: '1' } },
    'backend/b/node_modules/lib': { version: '2.0.0' },
    'node_modules/@x/b': { resolved: 'backend/b', link: true },
    'node_modules/lib': {
      version: '1.0.0',
      dependencies: { deep: '1' },
      optionalDependencies: { 'lib-linux': '1', 'lib-mac': '1' },
    },
    'node_modules/lib/node_modules/deep': { version: '1.5.0', peerDependencies: { absent: '1' } },
    'node_modules/lib-linux': { version: '1.0.0', optional: true, os: ['linux'], cpu: ['x64'], libc: ['glibc'] },
    'node_modules/lib-mac': { version: '1.0.0', optional: true, os: ['darwin'] },
    'node_modules/helper': { version: '1.0.0', dependencies: { lib: '1' } },
    'node_modules/tool': { version: '1.0.0' },
    'node_modules/unseen': { version: '1.0.0' },
  },
};
const linux = { os: 'linux', cpu: 'x64', libc: 'glibc' };
const paths = (workspaces: string[], platform = linux) =>
  neededPackages(lock, workspaces, platform).map(({ path }) => path);

describe('what must be installed', () => {
  it("is what the workspaces need, with their own dev tools and without the root's", () => {
    expect(neededPackages(lock, ['backend/a'], linux)).toEqual([
      { path: 'backend/b/node_modules/lib', version: '2.0.0' },
      { path: 'node_modules/@x/b', version: '0.1.0' },
      { path: 'node_modules/helper', version: '1.0.0' },
      { path: 'node_modules/lib', version: '1.0.0' },
      { path: 'node_modules/lib-linux', version: '1.0.0' },
      { path: 'node_modules/lib/node_modules/deep', version: '1.5.0' },
    ]);
    expect(paths(['', 'backend/a', 'backend/b'])).toEqual(
      expect.arrayContaining(['node_modules/tool', 'node_modules/unseen'])
    );
  });

  it.each([
    [{ os: 'darwin', cpu: 'arm64', libc: 'glibc' }, ['node_modules/lib-mac']],
    [{ os: 'linux', cpu: 'x64', libc: 'musl' }, []],
    [{ os: 'linux', cpu: 'arm64', libc: 'glibc' }, []],
  ])('leaves out optional packages of other platforms: %j', (platform, expected) => {
    expect(paths(['backend/a'], platform).filter((path) => /lib-/.test(path))).toEqual(expected);
  });

  it('names what is missing or of another version', () => {
    const installed: Record<string, string> = { 'node_modules/lib': '0.9.0', 'node_modules/helper': '1.0.0' };
    const needed = [
      { path: 'node_modules/lib', version: '1.0.0' },
      { path: 'node_modules/helper', version: '1.0.0' },
      { path: 'node_modules/tool', version: '1.0.0' },
    ];
    expect(missingPackages(needed, (path) => installed[path] ?? null).map(({ path }) => path)).toEqual([
      'node_modules/lib',
      'node_modules/tool',
    ]);
  });

  it('takes a package that writes its version with a v for what npm takes it for', async () => {
    const folder = join(root, 'with-a-v');
    const places = ['contract', 'client', 'bridge', 'collector', 'simulator'].map((name) => `backend/${name}`);
    const packages = Object.fromEntries(places.map((place) => [place, { dependencies: { lib: '1' } }]));
    mkdirSync(join(folder, 'node_modules', 'lib'), { recursive: true });
    mkdirSync(join(folder, 'node_modules', 'node', 'bin'), { recursive: true });
    writeFileSync(nodeBinary(folder), '');
    writeFileSync(join(folder, 'node_modules', 'lib', 'package.json'), '{ "version": "v1.0.0" }');
    writeFileSync(
      join(folder, 'package-lock.json'),
      JSON.stringify({ packages: { '': {}, ...packages, 'node_modules/lib': { version: '1.0.0' } } })
    );
    let said = '';
    const out = { write: (text: string) => (said += text) };
    await ensureInstalled({ root: folder, workspaces: null, what: 'everything', out });
    expect(said).toBe('');
  });

  it('says what npm said when the installation fails', async () => {
    const folder = join(root, 'broken');
    mkdirSync(folder);
    const broken = {
      lockfileVersion: 3,
      packages: {
        '': {},
        ...Object.fromEntries(
          ['contract', 'client', 'bridge', 'collector', 'simulator'].map((name) => [
            `backend/${name}`,
            { dependencies: { lib: '1' } },
          ])
        ),
        'node_modules/lib': { version: '1.0.0' },
      },
    };
    writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(broken));
    writeFileSync(join(folder, 'package.json'), '{ not json');
    let said = '';
    const install = ensureInstalled({
      root: folder,
      workspaces: null,
      what: 'everything',
      out: { write: (text) => (said += text) },
    });
    await expect(install).rejects.toThrow(/npm could not install the packages:[^]*package\.json[^]*run this again/);
    expect(said).toContain('Installing everything: 1 of 1 packages are missing');
  });
});

describe('npm', () => {
  it('is the one that runs the script, else the one on PATH', () => {
    expect(npmCommand({ npm_execpath: '/x/bin/npm-cli.js' })).toEqual([process.execPath, '/x/bin/npm-cli.js']);
    expect(npmCommand({ npm_execpath: '/x/bin/yarn.js' })).toEqual(['npm']);
    expect(npmCommand({})).toEqual(['npm']);
  });

  it("changes neither package.json nor the lock, and leaves the root's dev tools out of a run", () => {
    expect(installArguments(['backend/a'])).toEqual(
      expect.arrayContaining(['--no-save', '--include-workspace-root=false', '-w', 'backend/a'])
    );
    expect(installArguments(null)).toEqual(
      expect.arrayContaining(['--no-save', '--include-workspace-root=true', '--workspaces'])
    );
  });
});

describe('the flags of npm start', () => {
  it('have defaults', () => {
    expect(parseOptions([])).toEqual({
      help: false,
      automation: false,
      table: true,
      exitAfterSeconds: null,
      intakePort: 8443,
      apiPort: 8080,
      prometheusPort: 9090,
      alertmanagerPort: 9093,
      grafanaPort: 3000,
      grafana: true,
      gateways: [],
    });
  });

  it.each([
    [['--real'], { gateways: [{ bridgePort: 9464, gatewayPort: 20_110 }] }],
    [
      ['--real=2'],
      {
        gateways: [
          { bridgePort: 9464, gatewayPort: 20_110 },
          { bridgePort: 9465, gatewayPort: 20_230 },
        ],
      },
    ],
    [
      ['--port-base', '30000', '--real'],
      {
        intakePort: 30_000,
        apiPort: 30_001,
        prometheusPort: 30_002,
        alertmanagerPort: 30_003,
        grafanaPort: 30_004,
        gateways: [{ bridgePort: 30_010, gatewayPort: 30_020 }],
      },
    ],
    [['--port-base=30000', '--api-port=9'], { intakePort: 30_000, apiPort: 9, prometheusPort: 30_002 }],
    [['--no-table', '--exit-after', '60'], { table: false, exitAfterSeconds: 60 }],
    [['--help'], { help: true }],
    [['--automation'], { automation: true }],
    [['--grafana-port=3001', '--alertmanager-port=9094'], { grafanaPort: 3001, alertmanagerPort: 9094 }],
    [['--no-grafana'], { grafana: false }],
  ])('%j', (args, expected) => {
    expect(parseOptions(args)).toMatchObject(expected);
  });

  it.each([
    [['--real=9'], {}, '--real must be a whole number from 0 to 8; it is "9"'],
    [['--real='], {}, '--real must be a whole number'],
    [['--exit-after', 'soon'], {}, '--exit-after must be a whole number from 1 to 86400; it is "soon"'],
    [['--api-port', '0'], {}, '--api-port must be a whole number from 1 to 65535'],
    [['--quick'], {}, /Unknown option '--quick'[^]*npm start -- \[flags\]/],
    [['3'], {}, /npm start -- \[flags\]/],
    [[], { npm_config_real: 'true' }, 'npm took --real for itself. Put "--" before it: npm start -- --real'],
    [[], { npm_config_port_base: '1' }, 'npm start -- --port-base'],
  ])('%j %j is refused', (args, env, message) => {
    expect(() => parseOptions(args, env)).toThrow(message);
  });

  it('never name a port twice', () => {
    const all = { prometheus: '/bin/p', alertmanager: '/bin/a', grafana: { home: '/g', binary: '/g/bin' } };
    for (const args of [['--real=8'], ['--real=8', '--port-base=20000']]) {
      const ports = portsOf(parseOptions(args), all).map(({ port }) => port);
      expect(new Set(ports).size).toBe(5 + 16);
    }
    const named = (args: string[], stack: FoundStack) => portsOf(parseOptions(args), stack).map(({ name }) => name);
    expect(named([], { prometheus: null, alertmanager: null, grafana: null })).toEqual(['intake', 'API']);
    expect(named(['--no-grafana'], all)).toEqual(['intake', 'API', 'Prometheus', 'Alertmanager']);
    expect(portsOf(parseOptions([]), all).map(({ flag }) => flag)).toEqual([
      'intake-port',
      'api-port',
      'prometheus-port',
      'alertmanager-port',
      'grafana-port',
    ]);
  });
});

describe('what is installed', () => {
  it('is found by the names that packages give it', () => {
    const bin = join(root, 'stack-bin');
    mkdirSync(bin);
    expect(findStack({ PATH: bin, GRAFANA_HOME: '/nowhere' })).toEqual({
      prometheus: null,
      alertmanager: null,
      grafana: null,
    });
    for (const name of ['prometheus', 'alertmanager']) writeFileSync(join(bin, name), '', { mode: 0o755 });
    const found = findStack({ PATH: bin, GRAFANA_HOME: '/nowhere' });
    expect(found).toMatchObject({ prometheus: join(bin, 'prometheus'), alertmanager: join(bin, 'alertmanager') });
    writeFileSync(join(bin, 'prometheus-alertmanager'), '', { mode: 0o755 });
    expect(findStack({ PATH: bin }).alertmanager).toBe(join(bin, 'prometheus-alertmanager'));
  });
});

describe('the Grafana app', () => {
  it('is left as it is where it is built, and the reason is told when it cannot be built', async () => {
    const folder = join(root, 'app');
    mkdirSync(join(folder, 'dist'), { recursive: true });
    await expect(ensureBuilt({ root: folder })).rejects.toThrow();
    expect(notBuilt(join(folder, 'dist'))).toContain('npm run build');
    for (const name of ['plugin.json', 'module.js']) writeFileSync(join(folder, 'dist', name), '');
    await ensureBuilt({ root: folder });
    expect(notBuilt(join(folder, 'dist'))).toBeNull();
  });

  it('is built anew after an upgrade: a page or a runbook that is newer would be missing from it', async () => {
    const folder = join(root, 'app-of-yesterday');
    const at = (...path: string[]) => join(folder, ...path);
    mkdirSync(at('dist'), { recursive: true });
    mkdirSync(at('docs', 'runbooks'), { recursive: true });
    const files = [at('dist', 'plugin.json'), at('dist', 'module.js'), at('docs', 'runbooks', 'OpenClawDrift.md')];
    for (const file of files) writeFileSync(file, '');
    const write = (path: string, second: number) => utimesSync(path, second, second);
    write(at('dist', 'module.js'), 2000);
    write(at('docs', 'runbooks', 'OpenClawDrift.md'), 1000);
    write(at('docs', 'runbooks'), 1000);
    await ensureBuilt({ root: folder });
    expect(outdated(folder)).toBe(false);
    write(at('docs', 'runbooks', 'OpenClawDrift.md'), 3000);
    expect(outdated(folder)).toBe(true);
    // Nothing can be built there: that it tries is what shows.
    await expect(ensureBuilt({ root: folder })).rejects.toThrow();
  });
});

describe('ports', () => {
  it('finds who holds one, and names the flag that moves it', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const problems = await portProblems([{ name: 'API', port, flag: 'api-port' }]);
      expect(problems).toHaveLength(1);
      expect(problems[0]).toContain(`Port ${port} (API) is taken by`);
      expect(problems[0]).toContain('--api-port <port>');
      if (process.platform === 'linux') expect(holderOf(port)?.pid).toBe(process.pid);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
    expect(await portProblems([{ name: 'API', port, flag: 'api-port' }])).toEqual([]);
    expect(holderOf(port)).toBeNull();
  });

  it('reads from the table of the kernel which sockets hold a port', () => {
    const table = [
      '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
      '   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1 x',
      '   1: 0100007F:1F90 0100007F:1F91 01 00000000:00000000 00:00000000 00000000     0        0 222 1 x',
      '   2: 00000000:20FB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 333 1 x',
      '   3: 00000000:20FB 00000000:0000 06 00000000:00000000 00:00000000 00000000     0        0 0 1 x',
      '',
    ].join('\n');
    expect(socketsOn(table, 8080)).toEqual(['111', '222']);
    expect(socketsOn(table, 8443)).toEqual(['333']);
    expect(socketsOn(table, 8081)).toEqual([]);
  });

  it.each([
    ['EACCES', 'is reserved for the administrator'],
    ['EADDRNOTAVAIL', 'cannot be used (EADDRNOTAVAIL)'],
    ['EADDRINUSE', 'is taken by a process that this user cannot see; "lsof -nP -iTCP:80 -sTCP:LISTEN"'],
  ])('says what %s means', (code, message) => {
    expect(portMessage({ name: 'API', port: 80, flag: 'api-port' }, code, null)).toContain(message);
  });
});

describe('what an earlier demo left', () => {
  const sleeper = (folder: string) =>
    spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
      detached: true,
      stdio: 'ignore',
      env: { [RUN_VARIABLE]: folder },
    });
  const noteIn = (folder: string, owner: number | undefined, children: (number | undefined)[]) => {
    mkdirSync(folder, { recursive: true });
    note(
      folder,
      owner,
      children.map((pid) => ({ name: `child ${pid}`, pid }))
    );
  };

  it('is ended and removed, but nothing that belongs to a demo that runs, or to others', async () => {
    const demos = join(root, 'demos');
    const [over, running] = [join(demos, 'run-over'), join(demos, 'run-running')];
    const [left, stranger, owner] = [sleeper(over), sleeper('elsewhere'), sleeper(running)];
    try {
      noteIn(over, 2 ** 22 + 1, [left.pid, stranger.pid]);
      noteIn(running, owner.pid, []);
      await waitFor('the child to be seen', () => left.pid !== undefined);
      expect(cleanLeftovers(demos)).toEqual([`child ${left.pid}`]);
      await waitFor('the end of the child', () => left.signalCode === 'SIGKILL');
      expect([existsSync(over), existsSync(running), stranger.signalCode, owner.signalCode]).toEqual([
        false,
        true,
        null,
        null,
      ]);
      expect(clean(running)).toEqual([]);
      expect(existsSync(running)).toBe(false);
    } finally {
      for (const child of [left, stranger, owner]) child.kill('SIGKILL');
    }
  });

  it('is ended too where nobody noted it down, as a gateway that its bridge started', async () => {
    if (process.platform !== 'linux') return;
    const folder = join(root, 'kept', 'run-kept');
    const [gateway, stranger] = [sleeper(folder), sleeper(`${folder}-2`)];
    try {
      noteIn(folder, 2 ** 22 + 1, []);
      await waitFor('both to be seen', () => gateway.pid !== undefined && stranger.pid !== undefined);
      expect(cleanLeftovers(join(root, 'kept'))).toEqual([]);
      await waitFor('the end of the gateway', () => gateway.signalCode === 'SIGKILL');
      expect(stranger.signalCode).toBeNull();
    } finally {
      for (const child of [gateway, stranger]) child.kill('SIGKILL');
    }
  });

  it('is not a demo that is only just starting', () => {
    const demos = join(root, 'young');
    const [young, old] = [join(demos, 'run-young'), join(demos, 'run-old')];
    for (const folder of [young, old]) mkdirSync(folder, { recursive: true });
    utimesSync(old, new Date(0), new Date(0));
    expect(cleanLeftovers(demos)).toEqual([]);
    expect([existsSync(young), existsSync(old)]).toEqual([true, false]);
  });

  it('may be nothing', () => {
    expect(cleanLeftovers(join(root, 'never'))).toEqual([]);
  });
});

describe('a program on PATH', () => {
  it('is found where it can be run', () => {
    const folder = join(root, 'bin');
    mkdirSync(join(folder, 'folder'), { recursive: true });
    writeFileSync(join(folder, 'tool'), '', { mode: 0o755 });
    writeFileSync(join(folder, 'text'), '', { mode: 0o644 });
    expect(findOnPath('tool', `/nowhere:${folder}`)).toBe(join(folder, 'tool'));
    expect(findOnPath('folder', folder)).toBeNull();
    if (process.getuid?.() !== 0) expect(findOnPath('text', folder)).toBeNull();
  });
});
