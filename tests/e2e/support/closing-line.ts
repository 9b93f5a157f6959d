import type { FullConfig, FullResult, Reporter, Suite, TestCase } from '@playwright/test/reporter';

/** How Playwright's own reporters tell a test that was skipped from one whose turn never came. */
const isSkipped = ({ results, expectedStatus }: TestCase): boolean =>
  results.length > 0 && expectedStatus === 'skipped';

const nameOf = (test: TestCase): string => test.titlePath().filter(Boolean).join(' › ');
const whyOf = ({ annotations }: TestCase): string =>
  annotations.find(({ type }) => type === 'skip' || type === 'fixme')?.description ?? 'no reason given';

const say = (line: string): void => void process.stdout.write(line);

/** A Playwright reporter, as scripts/lib/closing-line.mjs is one of Jest: what was not tested, by name, then one line. */
export default class ClosingLine implements Reporter {
  #suite: Suite | null = null;

  onBegin(_config: FullConfig, suite: Suite): void {
    this.#suite = suite;
  }

  onEnd({ status }: Pick<FullResult, 'status'>): void {
    const tests = this.#suite?.allTests() ?? [];
    const of = (...outcomes: ReturnType<TestCase['outcome']>[]): TestCase[] =>
      tests.filter((test) => outcomes.includes(test.outcome()));
    const untested = of('skipped');
    const skipped = untested.filter(isSkipped);
    const left = untested.filter((test) => !isSkipped(test));
    // A file that could not even be loaded failed as well.
    const failed = Math.max(of('unexpected').length, status === 'passed' ? 0 : 1);
    for (const test of skipped) say(`skipped: ${nameOf(test)}: ${whyOf(test)}\n`);
    for (const test of left) say(`not run: ${nameOf(test)}\n`);
    const counts = [
      `${of('expected', 'flaky').length} passed`,
      `${failed} failed`,
      `${skipped.length} skipped`,
      ...(left.length === 0 ? [] : [`${left.length} not run`]),
    ];
    say(`${counts.join(', ')}\n`);
  }
}
