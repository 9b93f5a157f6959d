/**
 * How many times what `small` costs `large` costs, by the CPU time of this thread alone, since other processes take turns
 * with it. What else happens can only add, so the least of several runs counts; under 5 ms nothing is told apart.
 * @param enough no more runs once it is less than this
 */
export function costRatio(small: () => void, large: () => void, enough: number): number {
  let [least, most, spent] = [Infinity, Infinity, 0];
  // What takes seconds will not become cheap.
  for (let round = 0; round < 20 && spent < 3_000_000 && !(most < enough * least); round++) {
    least = Math.min(least, Math.max(5_000, microseconds(small)));
    const cost = microseconds(large);
    most = Math.min(most, cost);
    spent += cost;
  }
  return most / least;
}

function microseconds(run: () => void): number {
  const began = process.threadCpuUsage();
  run();
  const { user, system } = process.threadCpuUsage(began);
  return user + system;
}
