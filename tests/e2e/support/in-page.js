// Runs in the page: what a benchmark measures there. Plain JavaScript, since nothing compiles it.
window.fleetBench = {
  /**
   * Resolves once the fleet page can be used: a map and a table are there, and a click on a node selects it.
   * @param since `performance.now()` of the beginning
   * @returns milliseconds
   */
  usable(since) {
    return new Promise((resolve) => {
      let clicked = null;
      const look = () => {
        const cell = document.querySelector('[role="listbox"] [role="option"]');
        const row = document.querySelector('table tbody tr a');
        if (clicked === null && cell !== null && row !== null) {
          clicked = cell;
          cell.dispatchEvent(new MouseEvent('mousedown', { bubbles: true }));
          cell.dispatchEvent(new MouseEvent('mouseup', { bubbles: true }));
          cell.click();
        }
        const selected = document.querySelector('[role="listbox"] [role="option"][aria-selected="true"]');
        if (clicked !== null && selected !== null) resolve(performance.now() - since);
        else requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    });
  },

  /** Watches frames and long tasks for a while. @returns what each took, in milliseconds */
  frames(ms) {
    return new Promise((resolve) => {
      const [frames, longTasks] = [[], []];
      const observer = new PerformanceObserver((list) =>
        longTasks.push(...list.getEntries().map((one) => one.duration))
      );
      observer.observe({ entryTypes: ['longtask'] });
      const end = performance.now() + ms;
      let last = performance.now();
      const frame = () => {
        const now = performance.now();
        frames.push(now - last);
        last = now;
        if (now < end) requestAnimationFrame(frame);
        else {
          observer.disconnect();
          resolve({ frames, longTasks });
        }
      };
      requestAnimationFrame(frame);
    });
  },
};
