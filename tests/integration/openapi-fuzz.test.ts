import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BRIDGE_BLOCKS, startApi } from '../../backend/collector/api/testing/harness.ts';
import type { Harness } from '../../backend/collector/api/testing/harness.ts';
import { ensureSchemathesis, SCHEMATHESIS_VERSION } from './support/schemathesis.ts';

const MINUTE = 60_000;
/** Requests made up for each operation, besides those that cover its schema. */
const EXAMPLES = 15;

const say = (message: string): void => void process.stderr.write(`${message}\n`);
const support = (name: string): string => join(import.meta.dirname, 'support', name);

/** The program; null, said out loud, where it cannot be had. Under CI that is an error. */
async function findProgram(): Promise<string | null> {
  try {
    return await ensureSchemathesis(say);
  } catch (error) {
    if (process.env['CI'] === 'true') throw error;
    say(`SKIPPED: the API against its document, because ${(error as Error).message}`);
    return null;
  }
}

const program = await findProgram();

(program === null ? describe.skip : describe)(`the API as schemathesis ${SCHEMATHESIS_VERSION} sees it`, () => {
  let api: Harness;
  const made = { run: '', batch: '' };
  const folder = mkdtempSync(join(tmpdir(), 'fleet-fuzz-'));
  beforeAll(async () => {
    api = await startApi({ automation: { enabled: true, percent: 100 } });
    const reported = { ...BRIDGE_BLOCKS.reported, gateway_state: 'hung', health_status: 'error' } as const;
    const capabilities = ['restart', 'reload', 'reconcile', 'throttle', 'resume', 'doctor'];
    for (const id of ['n1', 'n2', 'n3']) {
      api.bridges.add(id, { gatewayState: 'hung', health: 'error' });
      await api.send(id, { ...BRIDGE_BLOCKS, capabilities, reported });
    }
    const ask = async (path: string, body: object): Promise<string> => {
      const response = await api.write('POST', path, { reason: 'to be looked at', ...body }, { role: 'operator' });
      expect(response.status).toBe(201);
      return ((await response.json()) as { id: string }).id;
    };
    made.run = await ask('/fleet/targets/n3/reconcile', {});
    made.batch = await ask('/fleet/remediations/batches', { playbook: 'BridgeStuck', targetIds: ['n1', 'n2'] });
    const policy = await api.write('POST', '/fleet/policies', {
      id: 'fuzzed',
      name: 'Fuzzed',
      reason: 'to be changed',
    });
    expect(policy.status).toBe(201);
  });
  afterAll(async () => {
    await api.stop();
    rmSync(folder, { recursive: true });
  });

  function runProgram(args: readonly string[]): Promise<{ code: number | null; text: string }> {
    const child = spawn(program!, args, {
      cwd: folder,
      env: {
        ...process.env,
        SCHEMATHESIS_HOOKS: support('openapi_fuzz.py'),
        PYTHONDONTWRITEBYTECODE: '1',
        FUZZ_ORIGIN: api.origin,
        FUZZ_TOKEN: api.tokenOf.approver,
        FUZZ_RUN: made.run,
        FUZZ_BATCH: made.batch,
        NO_COLOR: '1',
      },
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => (text += String(piece)));
    return new Promise((resolve, reject) => {
      child.once('error', reject).once('close', (code) => resolve({ code, text }));
    });
  }

  it(
    'never fails, and never answers in a way that the document does not say',
    async () => {
      const { code, text } = await runProgram([
        `--config-file=${support('openapi-fuzz.toml')}`,
        'run',
        `${api.origin}/openapi.json`,
        '--phases=examples,coverage,fuzzing',
        `--max-examples=${EXAMPLES}`,
        '--seed=1',
        '--exclude-tag=intake',
        // It never ends.
        '--exclude-operation-id=streamEvents',
        `--header=Authorization: Bearer ${api.tokenOf.approver}`,
      ]);
      if (code !== 0) throw new Error(text.slice(-20_000));
      expect(api.logged).toEqual([]);
      const tested = /Tested: (\d+)/.exec(text)?.[1];
      expect(Number(tested)).toBeGreaterThanOrEqual(90);
      // Writes did come through: what they changed is there.
      const audited = new Set(api.auditRecords().map(({ action }) => action));
      expect([...audited]).toEqual(
        expect.arrayContaining([
          ...['policy.created', 'policy.updated', 'target.desired-changed', 'configuration.created'],
          ...[
            'remediation.approved',
            'remediation.blocked',
            'remediation.paused',
            'remediation.cordoned',
            'target.retired',
          ],
        ])
      );
    },
    10 * MINUTE
  );
});
