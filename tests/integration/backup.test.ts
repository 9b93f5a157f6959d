import { copyFileSync, existsSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createCollectorRequests, systemClock, type CollectorRequests } from '@openclaw-fleet/client';
import type { HeartbeatReply } from '@openclaw-fleet/contract';
import { BRIDGE_BLOCKS } from '../../backend/collector/api/testing/harness.ts';
import { keptRevision } from '../../backend/bridge/configuration/kept.ts';
import { createConfigSync, type ConfigSync } from '../../backend/bridge/configuration/sync.ts';
import { fullConfigHash } from '../../backend/bridge/gateway/config-hash.ts';
import { Sqlite } from '../../backend/collector/storage/sqlite.ts';
import { TestCollector } from './support/collector.ts';
import type { TestNode } from './support/node.ts';
import { waitFor } from './support/wait.ts';

/** The nodes send as fast as they are answered. */
const UNLIMITED = {
  OPENCLAW_FLEET_INTAKE_RATE_LIMIT_PER_INTERVAL: '1000000',
  OPENCLAW_FLEET_INTAKE_RATE_LIMIT_BURST: '1000000',
};

let collector: TestCollector;
let nodes: TestNode[] = [];
beforeEach(() => {
  collector = new TestCollector({ OPENCLAW_FLEET_TIMINGS: 'demo', ...UNLIMITED });
  nodes = Array.from({ length: 4 }, (_, index) => collector.enroll(`node-${index}`));
});
afterEach(async () => {
  for (const node of nodes.splice(0)) node.close();
  await collector.close();
});

/** Opens a database beside the collector for one piece of work. */
async function changing<Result>(file: string, work: (store: Sqlite) => Promise<Result>): Promise<Result> {
  const store = await Sqlite.open(file, 5000);
  try {
    return await work(store);
  } finally {
    store.close();
  }
}

/** The configuration's part of a bridge, beside a gateway that a test edits; its heartbeats are complete. */
class Bridge {
  readonly #node: TestNode;
  readonly #sync: ConfigSync;
  readonly #said: string[] = [];
  #seq = 0;

  /** @param folder of the node's credentials */
  constructor(node: TestNode, folder: string) {
    this.#node = node;
    const identity = {
      caFile: join(folder, 'ca.crt'),
      certFile: join(folder, 'node.crt'),
      keyFile: join(folder, 'node.key'),
    };
    const endpoint = `https://localhost:${collector.intakePort}`;
    const requests = createCollectorRequests({ endpoint, nodeId: node.id, ...identity }, systemClock);
    const log = (message: string): void => void this.#said.push(message);
    this.#sync = createConfigSync({
      nodeId: node.id,
      pins: [],
      requests: requests as CollectorRequests,
      kept: keptRevision(null),
      refreshMs: Infinity,
      clock: systemClock,
      random: () => 0.5,
      logger: { info: log, warn: log, error: log },
      onChange: () => undefined,
    });
  }

  async beatsWith(level: string): Promise<void> {
    const config = { logging: { level } };
    this.#sync.read(config);
    this.#seq++;
    const reported = { ...BRIDGE_BLOCKS.reported, full_config_hash: fullConfigHash(config) };
    const { status, body } = await this.#node.post(
      this.#node.beat({ ...BRIDGE_BLOCKS, reported, boot_id: 'one', seq: this.#seq })
    );
    expect(status).toBe(200);
    this.#sync.replied(body as unknown as HeartbeatReply);
  }

  /** Resolves once the collector's database has it. */
  reported(level: string): Promise<unknown> {
    const file = join(collector.folder, 'data', 'fleet.db');
    const stored = async (): Promise<boolean> => {
      const row = await changing(file, ({ db }) =>
        db.selectFrom('config_reports').select('document').where('node_id', '=', this.#node.id).executeTakeFirst()
      );
      return row?.document === JSON.stringify({ 'logging.level': level });
    };
    return waitFor(stored, () => `the report of ${level}; the bridge said ${this.#said.join('; ')}`, 30_000, 100);
  }

  stop(): void {
    this.#sync.stop();
  }
}

const newestRecord = (db: Sqlite['db']) =>
  db.selectFrom('audit').select(['action', 'reason']).orderBy('seq', 'desc').limit(1).executeTakeFirst();

const modeOf = (path: string): number => statSync(path).mode & 0o777;

describe('a backup', () => {
  it('that was made under load and restored after a kill has every heartbeat acknowledged before it', async () => {
    const [data, pki] = ['data', 'pki'].map((name) => join(collector.folder, name));
    const file = join(collector.folder, 'backups', 'fleet.db');
    await collector.start();
    const acknowledged = new Map<string, string>();
    const state = { sending: true };
    const senders = nodes.map(async (node) => {
      while (state.sending) {
        const beat = node.beat();
        const { status } = await node.post(beat);
        if (status === 200) acknowledged.set(node.id, String(beat['last_heartbeat']));
      }
    });
    await waitFor(() => acknowledged.size === nodes.length, 'every node to be heard');
    const before = new Map(acknowledged);
    // In a process of its own, while heartbeats go on.
    const said = await collector.cliMeanwhile('backup', file, '--credentials');
    expect(said).toContain(`Backed up to ${file}: sound, with an audit that is whole`);
    await waitFor(() => nodes.every(({ id }) => acknowledged.get(id) !== before.get(id)), 'heartbeats to go on');
    expect([file, `${file}.pki`, join(`${file}.pki`, 'authority.key')].map(modeOf)).toEqual([0o600, 0o700, 0o600]);
    expect(readdirSync(join(file, '..')).sort()).toEqual(['fleet.db', 'fleet.db.pki']);

    state.sending = false;
    await Promise.all(senders);
    await collector.kill('SIGKILL');
    expect(() => collector.cli('restore', file)).toThrow(
      /fleet\.db.* is there already: stop the collector, and move it/s
    );
    for (const folder of [data, pki]) renameSync(folder ?? '', `${folder ?? ''}.lost`);
    expect(collector.cli('restore', file, '--credentials', '--reason', 'the disk died')).toContain('Restored');
    expect(collector.cli('audit', 'verify')).toContain('The audit is whole');
    expect(await changing(join(data ?? '', 'fleet.db'), ({ db }) => newestRecord(db))).toEqual({
      action: 'store.restored',
      reason: 'the disk died',
    });

    await collector.start();
    for (const { id } of nodes) {
      const { lastHeartbeatAt } = await collector.target(id);
      expect(Date.parse(lastHeartbeatAt ?? '')).toBeGreaterThanOrEqual(Date.parse(before.get(id) ?? ''));
    }
    for (const node of nodes) expect((await node.post(node.beat())).status).toBe(200);
  });

  it('that is older than an edit of a configuration has the bridge report that again', async () => {
    const file = join(collector.folder, 'backup.db');
    await collector.start();
    const bridge = new Bridge(nodes[0] as TestNode, join(collector.folder, 'nodes', 'node-0'));
    try {
      await bridge.beatsWith('info');
      await bridge.reported('info');
      collector.cli('backup', file);
      await bridge.beatsWith('warn');
      await bridge.reported('warn');

      await collector.kill('SIGKILL');
      renameSync(join(collector.folder, 'data'), join(collector.folder, 'data.lost'));
      collector.cli('restore', file);
      await bridge.reported('info');
      await collector.start();
      await bridge.beatsWith('warn');
      await bridge.reported('warn');
    } finally {
      bridge.stop();
    }
  });

  it('is never written over what is there, and is not made of what is damaged', async () => {
    const file = join(collector.folder, 'backup.db');
    writeFileSync(file, 'of another');
    expect(() => collector.cli('backup', file)).toThrow(`${file} is there already: give another name`);
    const database = join(collector.folder, 'data', 'fleet.db');
    const other = join(collector.folder, 'other.db');
    await changing(database, ({ db }) =>
      db.updateTable('audit').set({ actor: 'nobody' }).where('seq', '=', 2).execute()
    );
    expect(() => collector.cli('backup', other)).toThrow(/The audit is broken at .* Nothing was written/s);
    expect(existsSync(other)).toBe(false);
    expect(readdirSync(collector.folder).filter((name) => name.startsWith('other'))).toEqual([]);
  });

  it('is refused when it is no backup, and when it was changed', async () => {
    const file = join(collector.folder, 'backup.db');
    collector.cli('backup', file);
    renameSync(join(collector.folder, 'data'), join(collector.folder, 'lost'));
    const broken = join(collector.folder, 'broken.db');
    writeFileSync(broken, 'not a database, whatever it is called');
    expect(() => collector.cli('restore', broken)).toThrow(/cannot copy .*broken\.db/);
    copyFileSync(file, broken);
    const action = 'token.revoked';
    await changing(broken, ({ db }) => db.updateTable('audit').set({ action }).where('seq', '=', 1).execute());
    expect(() => collector.cli('restore', broken)).toThrow(/The audit is broken at/);
    expect(existsSync(join(collector.folder, 'data', 'fleet.db'))).toBe(false);
    expect(() => collector.cli('restore', file, '--credentials')).toThrow('this backup was made without --credentials');
    expect(collector.cli('restore', file)).toContain('Restored');
  });
});
