import type { ReportedBlock } from '@openclaw-fleet/contract';
import type { Clock } from '../clock.ts';
import type { CollectorCredentials } from '../identity/pki.ts';
import type { BridgeTrouble } from '../remediation/types.ts';

/** How one request travels. A target that is `hybrid` has both. */
export type Transport = 'direct_https' | 'reverse_ssh';

/** One way to a bridge's door. */
export interface Route {
  readonly transport: Transport;
  /** A name where the operator gave one, else an IP address. */
  readonly host: string;
  readonly port: number;
}

/** Settings `bridges.*`, as docs/settings.md has them. */
export interface BridgeSettings {
  /** By node id, each `host:port`. */
  readonly addresses: Readonly<Record<string, string>>;
  /** CIDRs. */
  readonly networks: readonly string[];
  readonly tunnelHost: string;
}

/** How a node with this certificate stands, as Trust.standing says. @param fingerprint SHA-256, lower-case hex */
export type Standing = (nodeId: string, fingerprint: string) => 'ok' | 'not-enrolled' | 'revoked';

/** What the collector calls with. A new object when files changed: connections made with the old one are closed. */
export type CallerCredentials = Pick<CollectorCredentials, 'ca' | 'client' | 'actionsKey'>;

/** One request on one route. */
export interface Ask {
  readonly verb: 'observe' | 'act' | 'receipt';
  readonly transport: Transport;
  readonly outcome: 'ok' | BridgeTrouble;
  readonly seconds: number;
}

/** Told of every request. Must not throw. */
export interface BridgeObserver {
  asked(ask: Ask): void;
}

/** The part of a pino logger that is used here. */
export interface BridgeLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  debug(fields: object, message: string): void;
}

/** Numbers that nobody sets but tests. Milliseconds. */
export interface Pace {
  /** A connection must be made within this. */
  readonly connectMs: number;
  /** A connection that nobody uses is closed after this. */
  readonly idleMs: number;
  /** Attempts after the first, each over every route. */
  readonly retries: number;
  /** Before the first of them, doubled for each further one. */
  readonly backoffMs: number;
  /** Failures of the direct way, one after the other, that open a breaker. */
  readonly breakerAfter: number;
  /** An open breaker lets one request try the direct way again after this. */
  readonly breakerMs: number;
  /** Targets to which connections are kept open. */
  readonly kept: number;
}

export interface BridgeClientOptions {
  /** What the target last reported of itself; null: it has no bridge, or never reported. */
  readonly reported: (targetId: string) => ReportedBlock | null;
  readonly settings: BridgeSettings;
  /** One request must be answered whole within this. */
  readonly timeoutMs: number;
  readonly credentials: () => CallerCredentials;
  readonly standing: Standing;
  readonly observer: BridgeObserver;
  readonly log: BridgeLog;
  /** For the breakers. */
  readonly clock: Clock;
  /** 0 to 1, for jitter. */
  readonly random: () => number;
  readonly pace?: Partial<Pace>;
}
