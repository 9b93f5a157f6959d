/** Exit codes of the commands that look at a fleet, beside 1 (failed) and 2 (the command line is wrong). */
export const EXIT = {
  /** Nothing is wrong. */
  fine: 0,
  /** Something needs attention. */
  attention: 3,
  /** Something is critical. */
  critical: 4,
} as const;

export const EXIT_USAGE = 'exits with 0 (fine), 3 (needs attention), 4 (critical), 1 (failed) or 2 (called wrongly)';
