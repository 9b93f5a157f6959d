/** Why the demo ends: asked to (`code` 0), or because something broke. */
interface Ending {
  readonly code: number;
  readonly message: string;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** A terminal, npm and the start script may each pass on one Ctrl-C. */
const SAME_SIGNAL_MS = 1000;

export interface Stop {
  /** Resolves once the demo is to end. */
  readonly reached: Promise<Ending>;
  /** Rejects then; for racing against. */
  readonly orThrow: Promise<never>;
  end(ending: Ending): void;
  /** Ends the demo after so many milliseconds from now. */
  endAfter(ms: number): void;
}

/** The demo was told to stop while it did something else. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
}

/**
 * Listens for everything that ends the demo. A second signal, a moment later, calls `onHurry`.
 * @param source `process`, or a stand-in
 */
export function listenForStop(source: NodeJS.EventEmitter, onHurry: () => void, now: () => number = Date.now): Stop {
  const { promise: reached, resolve } = Promise.withResolvers<Ending>();
  const orThrow = reached.then((): never => {
    throw new Stopped('the demo is stopping');
  });
  orThrow.catch(() => undefined);
  let firstMs: number | null = null;
  for (const signal of SIGNALS) {
    source.on(signal, () => {
      if (firstMs === null) {
        firstMs = now();
        resolve({ code: 0, message: 'Stopping. Press Ctrl-C again to kill everything at once.' });
      } else if (now() - firstMs >= SAME_SIGNAL_MS) {
        onHurry();
      }
    });
  }
  source.on('disconnect', () => resolve({ code: 1, message: 'The start script is gone. Stopping.' }));
  const endAfter = (ms: number): void => {
    setTimeout(() => resolve({ code: 0, message: `Stopping after ${ms / 1000} s, as --exit-after says.` }), ms).unref();
  };
  return { reached, orThrow, end: resolve, endAfter };
}
