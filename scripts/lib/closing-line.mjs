/** A Jest reporter: one closing line that a person and a CI can read, and what was skipped, by name. */
export default class ClosingLine {
  onRunComplete(_contexts, results) {
    const skipped = results.testResults.flatMap((file) =>
      file.testResults
        .filter(({ status }) => status === 'pending' || status === 'skipped')
        .map(({ fullName }) => fullName)
    );
    for (const name of skipped) process.stdout.write(`skipped: ${name}\n`);
    // A file that could not even be loaded failed as well.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    process.stdout.write(`${results.numPassedTests} passed, ${failed} failed, ${skipped.length} skipped\n`);
    if (process.env.CI === 'true' && skipped.length > 0) {
      process.stdout.write('CI skips nothing: install what the skipped tests need\n');
      this.error = new Error('tests were skipped under CI');
    }
  }

  getLastError() {
    return this.error;
  }
}
