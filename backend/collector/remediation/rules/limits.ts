import type { Limits } from '../types.ts';

/** Numbers of domain-rules section 6; docs/safety.md shows the same. */
export const DEFAULT_LIMITS: Limits = {
  attempts: 3,
  inFlightShare: 0.2,
  inFlightLeast: 1,
  inFlightMost: 50,
  blastShare: 0.2,
  planMost: 50,
  criticalTwo: 10,
  breakerRate: 0.5,
  breakerLeast: 5,
  witnessAsks: 3,
};

/** How a profile may tighten one limit. */
export interface LimitOverride {
  readonly key: keyof Limits;
  /** Which way is stricter; the other way is refused. */
  readonly tighter: 'lower' | 'higher';
  /** The strictest value there is; the default is the loosest. */
  readonly strictest: number;
  readonly whole: boolean;
  readonly meaning: string;
}

/**
 * Every limit a profile may tighten. It may never loosen one: one editor changes a profile, while a plan needs approvers, and
 * the caps protect the targets of other profiles too. What would loosen is refused when the profile is written
 * (`overrideErrors`), and has no effect where it is stored already (`limitsOf`).
 */
export const LIMIT_OVERRIDES: readonly LimitOverride[] = [
  {
    key: 'attempts',
    tighter: 'lower',
    strictest: 1,
    whole: true,
    meaning: 'attempts on one target and fault in 24 hours',
  },
  {
    key: 'inFlightShare',
    tighter: 'lower',
    strictest: 0,
    whole: false,
    meaning: 'share of the expected targets that may be in flight',
  },
  {
    key: 'inFlightLeast',
    tighter: 'lower',
    strictest: 1,
    whole: true,
    meaning: 'targets that may be in flight however small the fleet is',
  },
  {
    key: 'inFlightMost',
    tighter: 'lower',
    strictest: 1,
    whole: true,
    meaning: 'targets that may be in flight however large the fleet is',
  },
  {
    key: 'blastShare',
    tighter: 'lower',
    strictest: 0,
    whole: false,
    meaning: 'share of the targets of normal zones that may have become expired or critical within the hour',
  },
  { key: 'planMost', tighter: 'lower', strictest: 1, whole: true, meaning: 'targets of one plan' },
  {
    key: 'criticalTwo',
    tighter: 'lower',
    strictest: 0,
    whole: true,
    meaning: 'targets of a critical plan above which two persons must approve',
  },
  {
    key: 'breakerRate',
    tighter: 'higher',
    strictest: 1,
    whole: false,
    meaning: 'success rate under which a breaker opens',
  },
  {
    key: 'breakerLeast',
    tighter: 'lower',
    strictest: 1,
    whole: true,
    meaning: 'runs from which on a breaker judges',
  },
  {
    key: 'witnessAsks',
    tighter: 'higher',
    strictest: 10,
    whole: true,
    meaning: 'times the bridge is asked before a verb',
  },
];

/** The one flag a profile may set: `automation: false` keeps automation off its targets. */
export const AUTOMATION_OVERRIDE = 'automation';

const byKey = new Map(LIMIT_OVERRIDES.map((override) => [override.key as string, override]));

/** A profile's overrides as it wrote them. */
export type Overrides = Readonly<Record<string, number | boolean>>;

/**
 * The limits of a target: the fleet's, each as much tighter as its profile says. What would loosen one, or is no number, is
 * passed over.
 * @param fleet the collector's own limits
 */
export function limitsOf(overrides: Overrides, fleet: Limits = DEFAULT_LIMITS): Limits {
  const entries = Object.entries(overrides);
  if (entries.length === 0) return fleet;
  const limits: Record<keyof Limits, number> = { ...fleet };
  for (const [key, value] of entries) {
    const override = byKey.get(key);
    if (override === undefined || typeof value !== 'number' || whyNot(key, value) !== null) continue;
    const strictest = override.tighter === 'lower' ? Math.min : Math.max;
    limits[override.key] = strictest(limits[override.key], value);
  }
  return limits;
}

/** Whether a profile keeps automation off its targets. */
export function automationKeptOff(overrides: Overrides): boolean {
  return overrides[AUTOMATION_OVERRIDE] === false;
}

/** What is wrong with a profile's overrides, by their keys; empty when all of them take effect. */
export function overrideErrors(overrides: Overrides): { readonly key: string; readonly message: string }[] {
  return Object.entries(overrides).flatMap(([key, value]) => {
    const message = whyNot(key, value);
    return message === null ? [] : [{ key, message }];
  });
}

function whyNot(key: string, value: number | boolean): string | null {
  if (key === AUTOMATION_OVERRIDE) {
    return value === false ? null : 'can only be false: whether automation is on is set for the whole collector';
  }
  const override = byKey.get(key);
  if (override === undefined) {
    return `is no limit: name one of ${[...byKey.keys(), AUTOMATION_OVERRIDE].join(', ')}`;
  }
  const { tighter, strictest, whole, meaning } = override;
  const loosest = DEFAULT_LIMITS[override.key];
  const [least, most] = tighter === 'lower' ? [strictest, loosest] : [loosest, strictest];
  const fits = typeof value === 'number' && value >= least && value <= most && (!whole || Number.isInteger(value));
  if (fits) return null;
  const kind = whole ? 'a whole number' : 'a number';
  return `(${meaning}) must be ${kind} from ${least} to ${most}: a profile may tighten a limit, never loosen it`;
}
