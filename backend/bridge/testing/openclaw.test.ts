import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureOpenclaw, OPENCLAW_VERSION, orSkip, startGateway } from './openclaw.ts';
import { waitFor } from './wait-for.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bridge-openclaw-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Stands where openclaw.mjs would: notes what it was given, and stays. */
function standIn(): string {
  const path = join(folder, 'stand-in.mjs');
  writeFileSync(
    path,
    `import { writeFileSync } from 'node:fs';
     writeFileSync('seen.json', JSON.stringify({ pid: process.pid, argv: process.argv.slice(2), env: process.env }));
     process.on('SIGTERM', () => {});
     setInterval(() => {}, 1000);`
  );
  return path;
}

const seen = (home: string): { pid: number; argv: string[]; env: Record<string, string> } | null => {
  const path = join(home, 'seen.json');
  return existsSync(path) && statSync(path).size > 0 ? (JSON.parse(readFileSync(path, 'utf8')) as never) : null;
};

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('startGateway', () => {
  it('keeps the token from the arguments, and files from others', async () => {
    const gateway = await startGateway({ openclaw: standIn(), parent: folder, port: 20_120 });
    try {
      await waitFor('the process', () => seen(gateway.home) !== null, 20_000);
      expect(seen(gateway.home)?.argv).toEqual([
        ...['gateway', 'run', '--port', '20120', '--auth', 'token', '--bind', 'loopback'],
      ]);
      expect(seen(gateway.home)?.env['OPENCLAW_GATEWAY_TOKEN']).toBe(gateway.token);
      expect(seen(gateway.home)?.env['HOME']).toBe(gateway.home);
      for (const file of [gateway.tokenFile, gateway.configFile]) expect(statSync(file).mode & 0o777).toBe(0o600);
    } finally {
      await gateway.stop();
    }
  });

  it('kills a gateway that does not want to stop, and removes its home', async () => {
    const gateway = await startGateway({ openclaw: standIn(), parent: folder });
    await waitFor('the process', () => seen(gateway.home) !== null, 20_000);
    await gateway.stop();
    expect(await gateway.exited).toBe('SIGKILL');
    expect(isAlive(gateway.pid)).toBe(false);
    expect(existsSync(gateway.home)).toBe(false);
    await gateway.stop();
  });

  it('does not leave a gateway behind when its starter is killed', async () => {
    const starter = join(folder, 'starter.ts');
    const module = JSON.stringify(new URL('./openclaw.ts', import.meta.url).href);
    writeFileSync(
      starter,
      `import { startGateway } from ${module};
       await startGateway({ openclaw: ${JSON.stringify(standIn())}, parent: ${JSON.stringify(folder)} });
       setInterval(() => {}, 1000);`
    );
    const parent = spawn(process.execPath, [starter], { stdio: 'inherit' });
    const home = (): string => {
      const name = readdirSync(folder).find((entry) => entry.startsWith('openclaw-gateway-'));
      return name === undefined ? '/nowhere' : join(folder, name);
    };
    await waitFor('the gateway', () => seen(home()) !== null, 20_000);
    const pid = seen(home())?.pid ?? 0;
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await waitFor('the end of the gateway', () => !isAlive(pid));
  });

  it('says how a gateway that does not start ended', async () => {
    const broken = join(folder, 'broken.mjs');
    writeFileSync(broken, `console.log('no such key'); process.exit(78);`);
    const gateway = await startGateway({ openclaw: broken, parent: folder });
    await expect(gateway.ready(20_000)).rejects.toThrow(/the gateway ended with 78:\nno such key/);
    await gateway.stop();
  });
});

describe('what a test needs', () => {
  const missing = (): Promise<string> => Promise.reject(new Error('npm is missing'));

  it('is given where it can be had', async () => {
    expect(await orSkip('a test', () => Promise.resolve('here'), { isCi: true })).toBe('here');
  });

  it('is left out aloud where it cannot', async () => {
    const said: string[] = [];
    expect(await orSkip('a test', missing, { say: (line) => said.push(line), isCi: false })).toBeNull();
    expect(said).toEqual(['SKIPPED: a test, because npm is missing']);
  });

  it('must not be missing under CI', async () => {
    await expect(orSkip('a test', missing, { isCi: true })).rejects.toThrow('npm is missing');
  });
});

describe('ensureOpenclaw', () => {
  it('finds a finished install, and asks nobody', async () => {
    const modules = join(folder, 'node_modules');
    mkdirSync(join(modules, 'openclaw'), { recursive: true });
    writeFileSync(join(modules, 'openclaw/package.json'), JSON.stringify({ version: OPENCLAW_VERSION }));
    writeFileSync(join(modules, '.package-lock.json'), '{}');
    const said: string[] = [];
    expect(await ensureOpenclaw((message) => said.push(message), folder)).toBe(join(modules, 'openclaw/openclaw.mjs'));
    expect(said).toEqual([]);
  });

  it('says why it cannot install, and leaves nothing half done', async () => {
    const npm = join(folder, 'npm');
    writeFileSync(npm, '#!/bin/sh\necho "network is down" >&2\nexit 7\n', { mode: 0o755 });
    await expect(ensureOpenclaw(undefined, join(folder, 'openclaw'), npm)).rejects.toThrow(
      `npm could not install openclaw@${OPENCLAW_VERSION} (exit 7): network is down`
    );
    await expect(ensureOpenclaw(undefined, join(folder, 'openclaw'), '/no/npm')).rejects.toThrow('ENOENT');
    expect(readdirSync(folder)).toEqual(['npm']);
  });

  it('installs beside the folder, then moves it there', async () => {
    const npm = join(folder, 'npm');
    const manifest = `{"version":"${OPENCLAW_VERSION}"}`;
    writeFileSync(
      npm,
      `#!/bin/sh\nmkdir -p node_modules/openclaw && echo '${manifest}' > node_modules/openclaw/package.json\necho '{}' > node_modules/.package-lock.json\necho "$*" > asked\n`,
      { mode: 0o755 }
    );
    const target = join(folder, 'openclaw');
    const said: string[] = [];
    await ensureOpenclaw((message) => said.push(message), target, npm);
    const asked = readFileSync(join(target, 'asked'), 'utf8');
    expect(asked).toContain('--ignore-scripts');
    expect(asked).toContain(`openclaw@${OPENCLAW_VERSION}`);
    expect(said[0]).toContain('644 MB');
    expect(readdirSync(folder).sort()).toEqual(['npm', 'openclaw']);
  });
});
