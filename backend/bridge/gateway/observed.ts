import type { ConfigFacts, HealthFacts, Lane, SystemFacts } from './facts.ts';
import type { JobCounts, JobList } from './jobs.ts';
import type { Judgement } from './state.ts';

/** Everything the bridge knows of its gateway at one moment. Null: never read. */
export interface Observed {
  readonly judgement: Judgement;
  readonly version: string | null;
  readonly build: string | null;
  readonly bootId: string | null;
  /** Of the last answered probe; null unless the last probe was answered. */
  readonly readiness: { readonly ready: boolean; readonly failing: readonly string[] } | null;
  /** Since its last start, also one inside its process; null unless the last probe was answered. Milliseconds. */
  readonly uptimeMs: number | null;
  /** Why the gateway's event loop is degraded, and for how many milliseconds; null when it is not. */
  readonly eventLoop: { readonly reasons: readonly string[]; readonly forMs: number } | null;
  readonly lanes: readonly Lane[] | null;
  /** Work under way by kind. */
  readonly work: Readonly<Record<string, number>> | null;
  readonly config: ConfigFacts | null;
  /** How long the saved configuration has not been the active one, in milliseconds. */
  readonly divergedMs: number;
  readonly health: HealthFacts | null;
  readonly system: SystemFacts | null;
  readonly jobs: { readonly list: JobList; readonly counts: JobCounts } | null;
  /** The read connection is open. */
  readonly connected: boolean;
  /** Why a gateway that is up cannot be read, in words; null when it can, or had no time to let us in yet. */
  readonly connectionTrouble: string | null;
  /** Reads that failed last time, in words. */
  readonly readTroubles: readonly string[];
  /** Age of the last state read from the gateway, in milliseconds. */
  readonly syncLagMs: number;
}
