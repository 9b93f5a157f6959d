// Takes each guardrail, and some rules besides, away in turn and has the model look for what it held: node tests/safety/prove-guardrails.ts [stories] [seed]
import { execFile } from 'node:child_process';
import { argv, execPath, stdout } from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { GUARDRAIL_ORDER } from '../../backend/collector/remediation/guardrails/index.ts';
import { RULES } from './rules.ts';

const run = promisify(execFile);
const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const [, , count = '300', seed = '6', ...only] = argv;

interface Outcome {
  readonly failed: boolean;
  readonly stories: number;
  readonly theme: string;
  readonly violated: string;
}

async function without(guardrail: string): Promise<Outcome> {
  const args = ['--import', here('without.ts'), here('tell-stories.ts'), count, seed];
  const { stdout: said } = await run(execPath, args, { env: { ...process.env, WITHOUT: guardrail } });
  return JSON.parse(said) as Outcome;
}

stdout.write('| without | found | after stories | what was violated first |\n| --- | --- | --- | --- |\n');
let missed = 0;
for (const guardrail of ['', ...GUARDRAIL_ORDER, ...Object.keys(RULES)].filter(
  (name) => only.length === 0 || only.includes(name)
)) {
  const { failed, stories, violated, theme } = await without(guardrail);
  const wanted = guardrail !== '';
  if (failed !== wanted) missed += 1;
  const rule = violated.replaceAll('|', '/').slice(0, 150);
  stdout.write(
    `| ${guardrail || 'none'} | ${failed ? 'yes' : 'no'} | ${stories} | ${failed ? `${theme}: ${rule}` : ''} |\n`
  );
}
process.exitCode = missed === 0 ? 0 : 1;
