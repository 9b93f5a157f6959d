import type { Goodbye, HeartbeatReply, JobsBlock, ReportedBlock, TimingsProfile } from '@openclaw-fleet/contract';

/** What the host says of itself for one beat. The publisher adds the id, times, counters and pace. */
export interface Snapshot {
  /** Default: `OPENCLAW_HOSTNAME`, then the machine's own name. */
  hostname?: string;
  /** Version of the host's software. Default: `OPENCLAW_VERSION`. */
  version?: string;
  /** Such as `{workers: 24, available_slots: 5}`. */
  capacity?: Record<string, number>;
  /** Such as `{planner: 3, worker: 120}`. */
  queue_depth?: Record<string, number>;
  /** Added to `OPENCLAW_TAGS`. */
  tags?: readonly string[];
  uptime_seconds?: number;
  reported?: ReportedBlock;
  capabilities?: readonly string[];
  jobs?: JobsBlock;
}

export type SnapshotFunction = () => Snapshot | Promise<Snapshot>;

/** Takes whole sentences; `console` and a pino logger both fit. */
export interface Logger {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** Time as the publisher sees it; tests pass a virtual one. */
export interface Clock {
  /** Wall clock, milliseconds since the epoch. */
  now(): number;
  /** Milliseconds from any start, never set back. */
  monotonic(): number;
  /**
   * Calls `fn` once after `ms` milliseconds; the result cancels it.
   * @param hold keeps the process alive until then; only a goodbye under way does
   */
  after(ms: number, fn: () => void, hold?: boolean): () => void;
}

export type TokenMode = 'file' | 'sign' | 'mint';

/** How and as whom to publish; each has the environment setting named beside it. */
export interface PublisherSettings {
  /** `OPENCLAW_ENDPOINT`: https address of the collector; `/openclaw/availability` is appended when its path is `/`. */
  readonly endpoint: string;
  /** `OPENCLAW_NODE_ID` */
  readonly nodeId: string;
  /** `OPENCLAW_CA_FILE`: PEM of the authorities that may vouch for the collector. */
  readonly caFile: string;
  /** `OPENCLAW_CERT_FILE`: PEM, the node's certificate and any intermediates. */
  readonly certFile: string;
  /** `OPENCLAW_KEY_FILE`: PEM. */
  readonly keyFile: string;
  /**
   * `OPENCLAW_SERVER_PIN`: `sha256/<base64>` of a public key in the collector's chain; any one must match. Without it, any
   * key that the CA vouches for; an empty list is refused, since it looks pinned and is not.
   */
  readonly serverPins?: readonly string[];
  /** `OPENCLAW_TOKEN_MODE`. Default: `file` with a token file, else `sign`. */
  readonly tokenMode?: TokenMode;
  /** `OPENCLAW_TOKEN_FILE` */
  readonly tokenFile?: string;
  /** `OPENCLAW_TOKEN_AUDIENCE`. Default `openclaw-fleet`. */
  readonly tokenAudience?: string;
  /** `OPENCLAW_SIGN_PAYLOAD`. Default false. */
  readonly signPayload?: boolean;
  /** `OPENCLAW_INTERVAL_SECONDS`: pace until the collector says another, 30 to 120. Default 60. */
  readonly intervalSeconds?: number;
  /** `OPENCLAW_ROLLOUT_PERCENT`: share of ids that publish, 0 to 100. Default 100. */
  readonly rolloutPercent?: number;
  /** `OPENCLAW_QUEUE_THRESHOLD`: total queue depth above which `available_slots` is lowered. Default: never. */
  readonly queueThreshold?: number;
  /** `OPENCLAW_BUFFER_SIZE`: undelivered beats kept for a replay, 0 to 1000. Default 10. */
  readonly bufferSize?: number;
  /** `OPENCLAW_HOSTNAME` */
  readonly hostname?: string;
  /** `OPENCLAW_VERSION` */
  readonly version?: string;
  /** `OPENCLAW_TAGS` */
  readonly tags?: readonly string[];
  /** `OPENCLAW_TIMINGS`: `demo` is 20 times faster and refused off loopback. Default `production`. */
  readonly timings?: TimingsProfile;
  /** `OPENCLAW_RENEW`: renew the certificate in time. Default: when key, certificate and CA files can be written. */
  readonly renew?: boolean;
}

/** Why there is nothing to publish with, and what to do. */
export interface Disabled {
  readonly disabled: string;
  /** Switched off on purpose, not by a bad setting: logged as information. */
  readonly byChoice?: boolean;
}

/** What the host gives beside the settings. */
export interface PublisherHost {
  readonly snapshot: SnapshotFunction;
  /** Default: warnings and errors to standard error. */
  readonly logger?: Logger;
  /** Called with each reply that could be read; what it throws is logged. */
  readonly onReply?: (reply: HeartbeatReply) => void;
  readonly clock?: Clock;
  /** From 0 to under 1. Default `Math.random`. */
  readonly random?: () => number;
}

export type PublisherOptions = (PublisherSettings | Disabled) & PublisherHost;

export interface PublisherStats {
  readonly success: number;
  readonly failures: Readonly<Record<string, number>>;
  readonly dropped: number;
  readonly buffered: number;
  /** Pace in force, in seconds. */
  readonly intervalSeconds: number;
}

/** Publishes a host's heartbeats. No method throws, no promise rejects. */
export interface Publisher {
  /** Why it publishes nothing; null when it does. */
  readonly disabledReason: string | null;
  /** Sends the first beat at once and goes on until `stop`. */
  start(): void;
  /**
   * Something changed: sends a beat early, as far as two beats an interval (burst 3) allow.
   * @param everything also the blocks that the collector has already. Default false
   */
  publishSoon(everything?: boolean): void;
  /**
   * Stops. With `goodbye` it says so to the collector first: one attempt of at most `deadlineMs`, the only time that the
   * publisher holds the process.
   * @param deadlineMs default 2000
   */
  stop(goodbye?: Goodbye, deadlineMs?: number): Promise<void>;
  /** Prometheus text format 0.0.4. */
  metrics(): string;
  stats(): PublisherStats;
}
