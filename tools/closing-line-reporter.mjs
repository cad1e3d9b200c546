/**
 * Ends the run with one plain line, `N passed, N failed` (and `, N skipped`), for people and for
 * scripts that read only the end of a log.
 */
export default class ClosingLineReporter {
  /**
   * @param {ReadonlyArray<import('vitest/node').TestModule>} modules
   * @param {ReadonlyArray<unknown>} errors
   */
  onTestRunEnd(modules, errors) {
    const count = { passed: 0, failed: errors.length, skipped: 0, pending: 0 };
    for (const module of modules) {
      const before = count.passed + count.failed + count.skipped;
      for (const test of module.children.allTests()) count[test.result().state] += 1;
      // A file that fails before its first test would otherwise vanish from the sum.
      if (module.state() === 'failed' && count.passed + count.failed + count.skipped === before) {
        count.failed += 1;
      }
    }
    count.failed += count.pending;
    const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : '';
    console.log(`\n${count.passed} passed, ${count.failed} failed${skipped}`);
  }
}
