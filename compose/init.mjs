// Makes what is missing, once: the authority, tokens, the secret that Grafana and the collector share, the password of
// Grafana's administrator, and the credentials of simulated nodes. What is there is left as it is.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = process.env.STATE_DIR ?? '/var/lib/openclaw-fleet';
const cli = join(dirname(dirname(fileURLToPath(import.meta.url))), 'backend', 'collector', 'cli', 'openclaw-fleet.mjs');
const say = (line) => process.stdout.write(`${line}\n`);
const at = (...path) => join(root, ...path);
const wanted = (name, fallback) => process.env[name] || fallback;

/** Calls the command line of the collector. @returns what it printed */
const fleet = (...args) => execFileSync(process.execPath, [cli, ...args], { encoding: 'utf8' });

/** Writes a file whole or not at all, readable by its owner alone. */
function keep(file, text) {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** Makes a file unless it is there. @returns what is new in it; null: it was there */
function once(file, make) {
  if (existsSync(file)) return null;
  const text = make();
  keep(file, text);
  return text;
}

const random = (bytes) => randomBytes(bytes).toString('base64url');

function makeAuthority() {
  if (existsSync(at('pki', 'ca.crt'))) return;
  const names = wanted('OPENCLAW_FLEET_NAMES', '').split(',').filter(Boolean);
  fleet('pki', 'init', ...names.flatMap((name) => ['--name', name]));
  say('Made the authority of the fleet, and the certificates and keys of its collector.');
}

function makeToken(folder, role) {
  const file = at(folder, 'openclaw-fleet-token');
  once(file, () => JSON.parse(fleet('token', 'create', '--name', folder, '--role', role, '--json')).token);
}

/** Enrols a simulated node; a folder that is there was left by a whole enrolment. */
function enrol(name, zone) {
  const folder = at('nodes', name);
  if (existsSync(folder)) return;
  const half = at('nodes', '.new');
  rmSync(half, { recursive: true, force: true });
  const id = `${name}-${random(4).replace(/[^A-Za-z0-9]/g, 'x')}`;
  fleet(
    'enroll',
    name,
    '--id',
    id,
    '--zone',
    zone,
    '--endpoint',
    'https://localhost:8443',
    '--out',
    half,
    '--node-dir',
    folder
  );
  renameSync(half, folder);
}

makeAuthority();
makeToken('prometheus', 'viewer');
makeToken('alertmanager', 'operator');
once(at('shared', 'grafana-secret'), () => `${randomBytes(32).toString('hex')}\n`);
once(at('grafana', 'secret-key'), () => random(24));

const zones = wanted('SIMULATED_ZONES', 'eu-west-1,us-east-1').split(',');
for (let index = 0; index < Number(wanted('SIMULATED_NODES', '6')); index++)
  enrol(`gateway-${String(index + 1).padStart(2, '0')}`, zones[index % zones.length]);

// A volume that holds something keeps its owner when another image is the first to mount it.
for (const folder of ['prometheus-data', 'alertmanager-data', 'grafana-data']) once(at(folder, '.made'), () => '');

// Last: what was printed once must not be printed by a start that fails before it is of use.
const password = once(at('grafana', 'admin-password'), () => random(15));
if (password !== null)
  say(`Grafana: log in as admin with ${password}. This is shown once; whoever reads this log has it, so change it.`);
say('Credentials are there.');
