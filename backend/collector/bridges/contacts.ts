import type { BridgeLink, BridgeWay } from '@openclaw-fleet/contract';
import { isIPv6 } from 'node:net';
import { createFinder, type Finder } from './address.ts';
import type { BridgeClientOptions, Route, Transport } from './types.ts';

/** Targets whose contacts are remembered; of more, those asked longest ago are forgotten. */
const MOST_TARGETS = 20_000;

/** What came of the requests on one way. Milliseconds of our clock. */
interface Contact {
  okMs: number | null;
  errorMs: number | null;
  error: string | null;
}
type Contacted = Partial<Record<Transport, Contact>>;

/** Remembers, since the start, what came of asking bridges, for people to see. Decides nothing. */
export class Contacts {
  readonly #options: Pick<BridgeClientOptions, 'reported' | 'clock'>;
  readonly #find: Finder;
  readonly #most: number;
  /** By target; the one asked last comes last. */
  readonly #of = new Map<string, Contacted>();

  constructor(options: Pick<BridgeClientOptions, 'reported' | 'clock' | 'settings'>, most = MOST_TARGETS) {
    this.#options = options;
    this.#find = createFinder(options.settings);
    this.#most = most;
  }

  /** @param error why it failed, in words; null: it was answered */
  note(targetId: string, way: Transport, error: string | null): void {
    const contacted = this.#of.get(targetId) ?? {};
    const contact = (contacted[way] ??= { okMs: null, errorMs: null, error: null });
    if (error === null) contact.okMs = this.#options.clock();
    else [contact.errorMs, contact.error] = [this.#options.clock(), error];
    this.#of.delete(targetId);
    this.#of.set(targetId, contacted);
    if (this.#of.size <= this.#most) return;
    const [oldest] = this.#of.keys();
    if (oldest !== undefined) this.#of.delete(oldest);
  }

  /** Null: the target has no bridge. */
  link(targetId: string): BridgeLink | null {
    const found = this.#find(targetId, this.#options.reported(targetId));
    if (found.length === 0) return null;
    const contacted = this.#of.get(targetId) ?? {};
    const ways = found.map((each): BridgeWay => {
      const way = 'route' in each ? each.route.transport : each.transport;
      const { okMs = null, errorMs = null, error = null } = contacted[way] ?? {};
      return {
        way,
        address: 'route' in each ? addressOf(each.route) : null,
        missing: 'route' in each ? null : each.missing,
        lastOkAt: isoTime(okMs),
        lastErrorAt: isoTime(errorMs),
        lastError: error,
      };
    });
    return { ways };
  }
}

function addressOf({ host, port }: Route): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

function isoTime(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
