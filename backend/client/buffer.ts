/** A beat as it was first sent: a replay sends these very bytes, or the collector would see a conflict. */
export interface Beat {
  readonly body: Buffer;
  /** `last_heartbeat` in milliseconds. */
  readonly sentAt: number;
}

/** Undelivered beats: bounded, the oldest dropped first, the newest taken first. */
export interface BeatBuffer {
  readonly size: number;
  /** @returns how many beats were dropped for it */
  push(beat: Beat): number;
  /** The newest beat; it stays until `remove`. */
  newest(): Beat | undefined;
  remove(beat: Beat): void;
}

export function createBeatBuffer(capacity: number): BeatBuffer {
  let beats: Beat[] = [];
  return {
    get size() {
      return beats.length;
    },
    push: (beat) => {
      beats.push(beat);
      beats.sort((a, b) => a.sentAt - b.sentAt);
      const dropped = Math.max(0, beats.length - capacity);
      beats = beats.slice(dropped);
      return dropped;
    },
    newest: () => beats.at(-1),
    remove: (beat) => {
      beats = beats.filter((one) => one !== beat);
    },
  };
}
