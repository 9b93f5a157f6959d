import { readFileSync } from 'node:fs';
import type { TimingsProfile } from '@openclaw-fleet/contract';

type Numbers = Record<string, number>;
type Env = Record<string, string>;

/** What every client of the wire must compute alike, in whatever language. Times are in milliseconds. */
export interface Vectors {
  readonly rollout: { id: string; position: number; out: number[]; in: number[] }[];
  readonly answers: { status: number; verdict: string; reason: string | null }[];
  readonly reasons: string[];
  readonly backoff: { timings: TimingsProfile; failures: number; random: number; ms: number | null }[];
  readonly retryAfter: { header: string | null; at: string; capMs: number; ms: number | null }[];
  readonly interval: { timings: TimingsProfile; current: number; told: unknown; ms: number }[];
  readonly waits: { intervalMs: number; random: number; ms: number }[];
  readonly allowance: { intervalMs: number; sentAt: number[]; now: number; at: number }[];
  readonly backpressure: { capacity: Numbers; queueDepth: Numbers; threshold: number | null; result: Numbers }[];
  readonly buffer: { capacity: number; push: number[]; kept: number[]; dropped: number }[];
  readonly beatTimes: {
    why: string;
    steps: { wall: number; monotonic: number; taken?: boolean; restart?: boolean }[];
    times: number[];
  }[];
  /** Without `version`, the settings have 1.0.0; null: they have none. */
  readonly beats: {
    why: string;
    snapshot: unknown;
    version?: string | null;
    tags?: string[];
    body: string;
    problems: string[];
  }[];
  readonly unreadable: { snapshot: unknown }[];
  /** Tags are `t<n>:` filled up with `tagFill`; the last is `region:eu-1`. */
  readonly sizes: {
    why: string;
    tags: number;
    tagLength: number;
    tagFill: string;
    reasons: number;
    reasonLength: number;
    trimmed: string[];
    tagsLeft: number;
  }[];
  readonly sizeBlocks: { reported: object; jobs: object };
  readonly texts: { problem: unknown; title: string; detail: string }[];
  readonly replies: { body: string; reply: object | null }[];
  readonly settings: {
    env: Env;
    fine: { env: Env; is: { endpoint?: string } & Record<string, unknown> }[];
    off: { env: Env; says: string; byChoice: boolean }[];
  };
  readonly metrics: {
    succeeded: number;
    failed: string[];
    dropped: number[];
    observed: number[];
    buffered: number;
    block: object;
    text: string[];
  };
}

export const vectors = JSON.parse(readFileSync(new URL('vectors.json', import.meta.url), 'utf8')) as Vectors;
