import type { Goodbye, Heartbeat, PublisherBlock } from '@openclaw-fleet/contract';
import type { Blocks, CleanSnapshot } from './snapshot.ts';

/** The largest body that the collector reads (domain-rules section 1). Bytes. */
export const MAX_BODY_BYTES = 16 * 1024;

export interface BeatFields {
  readonly nodeId: string;
  readonly snapshot: CleanSnapshot;
  /** Those of the snapshot's blocks that this beat carries. */
  readonly blocks: Blocks;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly bootId: string;
  readonly seq: number;
  readonly intervalSeconds: number;
  readonly publisher: PublisherBlock;
  readonly goodbye?: Goodbye;
}

export interface Serialized {
  readonly body: Buffer;
  /** The blocks that the body really carries. */
  readonly blocks: Blocks;
  /** What was left out for size, in order. */
  readonly trimmed: readonly string[];
}

type Trim = { readonly name: string; readonly apply: (beat: Heartbeat) => boolean };

const without = (name: 'publisher' | 'jobs' | 'capabilities' | 'reported'): Trim => ({
  name,
  apply: (beat) => name in beat && Reflect.deleteProperty(beat, name),
});

/**
 * What goes first when a body is too large: the publisher's counters, jobs, capabilities (absent means unchanged), all
 * health reasons but the first, tags from the last (the zone's stays), the reported state. What is left always fits.
 */
const TRIMS: readonly Trim[] = [
  without('publisher'),
  without('jobs'),
  without('capabilities'),
  {
    name: 'health_reasons',
    apply: (beat) => {
      const reasons = beat.reported?.health_reasons;
      if (!beat.reported || !reasons || reasons.length < 2) return false;
      beat.reported = { ...beat.reported, health_reasons: reasons.slice(0, 1) };
      return true;
    },
  },
  {
    name: 'tags',
    apply: (beat) => {
      const before = beat.tags.length;
      const zone = beat.tags.find((tag) => tag.startsWith('region:'));
      while (sizeOf(beat) > MAX_BODY_BYTES) {
        const last = beat.tags.findLastIndex((tag) => tag !== zone);
        if (last < 0) break;
        beat.tags = beat.tags.toSpliced(last, 1);
      }
      return beat.tags.length < before;
    },
  },
  without('reported'),
];

const sizeOf = (beat: Heartbeat): number => Buffer.byteLength(JSON.stringify(beat));

/** Builds the body of a beat (seed 004, with the optional blocks), at most 16 KiB; members in the order of the seed. */
export function serializeBeat(fields: BeatFields): Serialized {
  const { snapshot } = fields;
  const { reported, capabilities, jobs } = fields.blocks;
  const beat: Heartbeat = {
    node_id: fields.nodeId,
    hostname: snapshot.hostname,
    version: snapshot.version,
    capacity: { ...snapshot.capacity },
    queue_depth: { ...snapshot.queue_depth },
    last_heartbeat: new Date(fields.time).toISOString(),
    tags: [...snapshot.tags],
    ...(snapshot.uptime_seconds !== undefined && { uptime_seconds: snapshot.uptime_seconds }),
    boot_id: fields.bootId,
    seq: fields.seq,
    interval_seconds: fields.intervalSeconds,
    ...(reported && { reported }),
    ...(capabilities && { capabilities: [...capabilities] }),
    ...(jobs && { jobs }),
    publisher: fields.publisher,
    ...(fields.goodbye && { goodbye: fields.goodbye }),
  };
  const trimmed: string[] = [];
  for (const trim of TRIMS) {
    if (sizeOf(beat) <= MAX_BODY_BYTES) break;
    if (trim.apply(beat)) trimmed.push(trim.name);
  }
  return {
    body: Buffer.from(JSON.stringify(beat)),
    blocks: {
      ...(beat.reported && { reported: beat.reported }),
      ...(beat.capabilities && { capabilities: beat.capabilities }),
      ...(beat.jobs && { jobs: beat.jobs }),
    },
    trimmed,
  };
}
