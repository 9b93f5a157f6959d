// Makes what is missing, once: the authority, tokens, the secret that Grafana and the collector share, the password of
// Grafana's administrator, and the credentials of simulated nodes. What is there is left as it is.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from '../backend/collector/cli/main.ts';

const root = process.env.STATE_DIR ?? '/var/lib/openclaw-fleet';
const say = (line) => process.stdout.write(`${line}\n`);
const at = (...path) => join(root, ...path);
const wanted = (name, fallback) => process.env[name] || fallback;

/** Calls the command line of the collector. @returns what it printed @throws Error with what it said went wrong */
async function fleet(...args) {
  let [printed, trouble] = ['', ''];
  const out = (text) => (printed += `${text}\n`);
  const err = (text) => (trouble += `${text}\n`);
  if ((await run(args, process.env, { out, err })) !== 0) throw new Error(trouble.trim());
  return printed;
}

/** Writes a file whole or not at all, readable by its owner alone. */
function keep(file, text) {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** Makes a file unless it is there. @returns what is new in it; null: it was there */
async function once(file, make) {
  if (existsSync(file)) return null;
  const text = await make();
  keep(file, text);
  return text;
}

const random = (bytes) => randomBytes(bytes).toString('base64url');

async function makeAuthority() {
  if (existsSync(at('pki', 'ca.crt'))) return;
  const names = wanted('INTAKE_NAMES', '').split(',').filter(Boolean);
  await fleet('pki', 'init', ...names.flatMap((name) => ['--name', name]));
  say('Made the authority of the fleet, and the certificates and keys of its collector.');
}

async function makeToken(folder, role) {
  const create = ['token', 'create', '--name', folder, '--role', role, '--json'];
  await once(at(folder, 'openclaw-fleet-token'), async () => JSON.parse(await fleet(...create)).token);
}

/** Enrols a simulated node; a folder that is there was left by a whole enrolment. */
async function enrol(name, zone) {
  const folder = at('nodes', name);
  if (existsSync(folder)) return;
  const half = at('nodes', '.new');
  rmSync(half, { recursive: true, force: true });
  const nodes = JSON.parse(await fleet('nodes', '--json'));
  // Cut short after it was enrolled and before its files were whole: they are worth nothing to anybody now.
  for (const { nodeId } of nodes.filter((node) => node.name === name && node.revokedMs === null))
    await fleet('revoke', nodeId, '--reason', 'its files were lost before they were used');
  const id = `${name}-${randomBytes(4).toString('hex')}`;
  const where = ['--endpoint', 'https://localhost:8443', '--out', half, '--node-dir', folder];
  await fleet('enroll', name, '--id', id, '--zone', zone, ...where);
  renameSync(half, folder);
}

await makeAuthority();
await makeToken('prometheus', 'viewer');
await makeToken('alertmanager', 'operator');
await once(at('shared', 'grafana-secret'), () => `${randomBytes(32).toString('hex')}\n`);
await once(at('grafana', 'secret-key'), () => random(24));

const zones = wanted('SIMULATED_ZONES', 'eu-west-1,us-east-1').split(',');
for (let index = 0; index < Number(wanted('SIMULATED_NODES', '6')); index++)
  await enrol(`gateway-${String(index + 1).padStart(2, '0')}`, zones[index % zones.length]);

// A volume that holds something keeps its owner when another image is the first to mount it.
for (const folder of ['prometheus-data', 'alertmanager-data', 'grafana-data'])
  await once(at(folder, '.made'), () => '');

// Last: what was printed once must not be printed by a start that fails before it is of use.
const password = await once(at('grafana', 'admin-password'), () => random(15));
if (password !== null)
  say(`Grafana: log in as admin with ${password}. This is shown once; whoever reads this log has it, so change it.`);
say('Credentials are there.');
