import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPublisher } from '../index.ts';
import type { Publisher, PublisherHost, PublisherSettings, Snapshot } from '../types.ts';
import { createAuthority } from './certificates.ts';
import type { Authority, Pair } from './certificates.ts';
import { createVirtualClock } from './clock.ts';
import type { VirtualClock } from './clock.ts';
import { startCollector } from './collector.ts';
import type { TestCollector } from './collector.ts';
import { waitFor } from './wait.ts';

export const NODE_ID = 'node-1';

/** A node's files in a temporary folder, a collector it may reach, and a clock. */
export interface TestNode {
  readonly authority: Authority;
  readonly server: Pair;
  readonly collector: TestCollector;
  readonly folder: string;
  readonly settings: PublisherSettings;
  readonly clock: VirtualClock;
  /** `level message`, in order. */
  readonly logged: string[];
  /** What the last beat said, parsed. */
  beat(index?: number): Record<string, unknown>;
  write(name: 'ca.crt' | 'node.crt' | 'node.key' | 'token', text: string): void;
  /** Made with the virtual clock and a random of 0.5; stopped by `close`. */
  publisher(settings?: Partial<PublisherSettings>, host?: Partial<PublisherHost>): Publisher;
  /** Waits until it has delivered so many beats. */
  delivered(publisher: Publisher, count: number): Promise<void>;
  /** Waits until so many attempts failed for the reason; default 1. */
  failed(publisher: Publisher, reason: string, count?: number): Promise<void>;
  close(): Promise<void>;
}

export const snapshot = (): Snapshot => ({
  hostname: 'chimera-01.prod',
  version: '1.2.0',
  capacity: { workers: 24, available_slots: 5 },
  queue_depth: { planner: 3, worker: 120 },
  tags: ['region:us-east-1', 'gpu:true'],
  uptime_seconds: 86_400,
});

export async function createTestNode(): Promise<TestNode> {
  const authority = createAuthority();
  const server = authority.issue({ uri: 'openclaw://collector/server', ip: '127.0.0.1' });
  const own = authority.issue({ uri: `openclaw://node/${NODE_ID}` });
  const collector = await startCollector(authority.cert, server);
  const folder = mkdtempSync(join(tmpdir(), 'openclaw-client-'));
  const publishers: Publisher[] = [];
  const logged: string[] = [];
  const clock = createVirtualClock();
  const describe = (publisher: Publisher): string => [JSON.stringify(publisher.stats()), ...logged].join('\n');
  const node: TestNode = {
    authority,
    server,
    collector,
    folder,
    clock,
    logged,
    settings: {
      endpoint: collector.url,
      nodeId: NODE_ID,
      caFile: join(folder, 'ca.crt'),
      certFile: join(folder, 'node.crt'),
      keyFile: join(folder, 'node.key'),
    },
    beat: (index = -1) => JSON.parse(collector.requests.at(index)?.body.toString() ?? '{}') as Record<string, unknown>,
    write: (name, text) => writeFileSync(join(folder, name), text, { mode: 0o600 }),
    publisher: (settings, host) => {
      const publisher = createPublisher({
        ...node.settings,
        ...settings,
        snapshot,
        clock,
        random: () => 0.5,
        logger: {
          info: (message) => logged.push(`info ${message}`),
          warn: (message) => logged.push(`warn ${message}`),
          error: (message) => logged.push(`error ${message}`),
        },
        ...host,
      });
      publishers.push(publisher);
      return publisher;
    },
    delivered: (publisher, count) =>
      waitFor(
        () => publisher.stats().success >= count,
        () => `${count} delivered; ${describe(publisher)}`
      ),
    failed: (publisher, reason, count = 1) =>
      waitFor(
        () => (publisher.stats().failures[reason] ?? 0) >= count,
        () => `${count} times ${reason}; ${describe(publisher)}`
      ),
    close: async () => {
      await Promise.all(publishers.map((publisher) => publisher.stop()));
      await collector.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  node.write('ca.crt', authority.cert);
  node.write('node.crt', own.cert);
  node.write('node.key', own.key);
  return node;
}
