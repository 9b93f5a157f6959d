// Exits with 0 when the address answers 200: a health check for images that have no curl.
const [, , url = ''] = process.argv;
try {
  const { ok } = await fetch(url, { signal: AbortSignal.timeout(4000) });
  process.exitCode = ok ? 0 : 1;
} catch {
  process.exitCode = 1;
}
