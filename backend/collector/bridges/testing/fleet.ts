import type { ActionReceipt, ActionRequest, Observation, ReportedBlock } from '@openclaw-fleet/contract';
import { Authority, createAuthority } from '../../identity/authority.ts';
import { newKeyPair, privatePem, type KeyPair } from '../../identity/keys.ts';
import { createBridgeClient, type BridgeTransports } from '../client.ts';
import type { Ask, BridgeClientOptions, CallerCredentials, Standing } from '../types.ts';

/** What a TLS server or client shows, PEM. */
export interface Shown {
  readonly cert: string;
  readonly key: string;
  /** SHA-256, lower-case hex. */
  readonly fingerprint: string;
}

const issueOptions = (pair: KeyPair) => ({ publicKey: pair.publicKey, names: [], days: 1, nowMs: Date.now() });

/** An authority with whom it vouches for. */
export class TestFleet {
  readonly ca: string;
  readonly actionsKey = newKeyPair();
  readonly #authority: Authority;

  private constructor(certificate: string, keys: KeyPair) {
    this.ca = certificate;
    this.#authority = new Authority(certificate, keys);
  }

  static async create(): Promise<TestFleet> {
    const { certificate, keys } = await createAuthority(1, Date.now());
    return new TestFleet(certificate, keys);
  }

  async node(id: string): Promise<Shown> {
    const pair = newKeyPair();
    const { certificate, fingerprint } = await this.#authority.issueNode(id, issueOptions(pair));
    return { cert: certificate, key: privatePem(pair.privateKey), fingerprint };
  }

  async collector(role: 'server' | 'client'): Promise<Shown> {
    const pair = newKeyPair();
    const { certificate, fingerprint } = await this.#authority.issueCollector(role, issueOptions(pair));
    return { cert: certificate, key: privatePem(pair.privateKey), fingerprint };
  }

  async caller(): Promise<CallerCredentials> {
    const { cert, key } = await this.collector('client');
    return { ca: this.ca, client: { certificate: cert, privateKey: key }, actionsKey: this.actionsKey };
  }
}

/** A client with everything around it that a test may look at or change. */
export class TestClient {
  readonly transports: BridgeTransports;
  readonly asks: Ask[] = [];
  readonly log: string[] = [];
  nowMs = 1_000_000;
  credentials: CallerCredentials;
  standing: Standing = () => 'ok';
  reported: Partial<ReportedBlock> | null;

  constructor(
    credentials: CallerCredentials,
    reported: Partial<ReportedBlock> | null,
    changes: Partial<BridgeClientOptions> = {}
  ) {
    this.credentials = credentials;
    this.reported = reported;
    const say = (fields: object, message: string): void => void this.log.push(`${message} ${JSON.stringify(fields)}`);
    this.transports = createBridgeClient({
      reported: () => this.reported as ReportedBlock | null,
      settings: { addresses: {}, networks: ['127.0.0.0/8', '::1'], tunnelHost: '127.0.0.1' },
      timeoutMs: 5000,
      credentials: () => this.credentials,
      standing: (id, fingerprint) => this.standing(id, fingerprint),
      observer: { asked: (ask) => void this.asks.push(ask) },
      log: { info: say, warn: say, debug: say },
      clock: () => this.nowMs,
      random: () => 0,
      ...changes,
      pace: { backoffMs: 1, ...changes.pace },
    });
  }

  /** Of every request made: `direct_https ok`. */
  get ways(): string[] {
    return this.asks.map(({ transport, outcome }) => `${transport} ${outcome}`);
  }
}

export function observation(changes: Partial<Observation> = {}): Observation {
  return {
    node_id: 'n1',
    at: new Date().toISOString(),
    bridge_version: '1.0.0',
    bridge_boot_id: 'b1',
    last_accepted_ms: null,
    gateway_state: 'running',
    gateway_boot_id: null,
    openclaw_version: null,
    health_status: 'ok',
    health_reasons: [],
    sync_lag_ms: 0,
    revision: null,
    config_hash: null,
    full_config_hash: null,
    config_valid: null,
    config_converged: null,
    metrics_ok: true,
    capabilities: [],
    jobs: null,
    job_results_1h: null,
    job_failures_1h: null,
    busy: null,
    restart_allowed_at: null,
    ...changes,
  };
}

export function action(changes: Partial<ActionRequest> = {}): ActionRequest {
  return {
    action_id: 'action-00000001',
    node_id: 'n1',
    run_id: 'r1',
    step: 'restart',
    instruction: { verb: 'restart', what: 'gateway' },
    gateway_boot_id: null,
    issued_at: new Date().toISOString(),
    expires_at: new Date(Date.now() + 60_000).toISOString(),
    ...changes,
  };
}

export function receipt(changes: Partial<ActionReceipt> = {}): ActionReceipt {
  return {
    action_id: 'action-00000001',
    node_id: 'n1',
    run_id: 'r1',
    verb: 'restart',
    state: 'running',
    refusal: null,
    message: '',
    started_at: new Date().toISOString(),
    finished_at: null,
    notes: [],
    before: {},
    after: {},
    ...changes,
  };
}
