import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * How long a real Prometheus takes to scrape each path of a server.
 * @returns seconds of every scrape by path; null where Prometheus is not installed
 */
export async function scrapeDurations(
  port: number,
  paths: readonly string[],
  scrapes: number
): Promise<Map<string, number[]> | null> {
  if (spawnSync('prometheus', ['--version']).status !== 0) return null;
  const folder = mkdtempSync(join(tmpdir(), 'fleet-bench-prometheus-'));
  const jobs = paths.map(
    (path) =>
      `  - job_name: ${path.slice(1)}\n    metrics_path: ${path}\n    static_configs: [{ targets: ['127.0.0.1:${port}'] }]\n`
  );
  writeFileSync(
    join(folder, 'prometheus.yml'),
    `global: { scrape_interval: 4s, scrape_timeout: 4s }\nscrape_configs:\n${jobs.join('')}`
  );
  const web = await freePort();
  const child = spawn(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${web}`,
    ],
    { stdio: 'ignore' }
  );
  try {
    const durations = new Map<string, number[]>();
    const end = performance.now() + scrapes * 4000 + 60_000;
    for (;;) {
      for (const path of paths) durations.set(path, await samples(web, path.slice(1)));
      if ([...durations.values()].every((seconds) => seconds.length >= scrapes)) return durations;
      if (performance.now() > end)
        throw new Error(`Prometheus did not scrape ${paths.join(' and ')} ${scrapes} times in time`);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  } finally {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await gone;
    rmSync(folder, { recursive: true });
  }
}

/** Durations of a job's successful scrapes. */
async function samples(web: number, job: string): Promise<number[]> {
  const query = encodeURIComponent(`scrape_duration_seconds{job="${job}"}[10m]`);
  try {
    const response = await fetch(`http://127.0.0.1:${web}/api/v1/query?query=${query}`);
    const { data } = (await response.json()) as { data: { result: { values: [number, string][] }[] } };
    return (data.result[0]?.values ?? []).map(([, seconds]) => Number(seconds));
  } catch {
    return [];
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
