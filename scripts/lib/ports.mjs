import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';

/**
 * Why nothing can listen on a port of this machine now.
 * @returns an error code such as EADDRINUSE; null when it is free
 */
export function portTrouble(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(error.code ?? 'unknown'));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(null)));
  });
}

/** Inodes of the sockets that hold `port`, a listener's or a connection's. @param table text of /proc/net/tcp or tcp6 */
export function socketsOn(table, port) {
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local = '']) => Number.parseInt(local.split(':')[1], 16) === port)
    .map((fields) => fields[9])
    .filter((inode) => inode !== '0');
}

const attempt = (task, fallback) => {
  try {
    return task();
  } catch {
    return fallback;
  }
};

/** Who holds a port, as far as this user may see (Linux); null when nobody does. */
export function holderOf(port) {
  const inodes = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) =>
    attempt(() => socketsOn(readFileSync(file, 'utf8'), port), [])
  );
  const wanted = new Set(inodes.map((inode) => `socket:[${inode}]`));
  if (wanted.size === 0) return null;
  for (const pid of attempt(() => readdirSync('/proc'), []).filter((name) => /^\d+$/.test(name))) {
    const holds = attempt(() => readdirSync(`/proc/${pid}/fd`), []).some((fd) =>
      wanted.has(attempt(() => readlinkSync(`/proc/${pid}/fd/${fd}`), ''))
    );
    if (!holds) continue;
    const command = attempt(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'), '')
      .replaceAll('\0', ' ')
      .trim();
    return { pid: Number(pid), command: command.length > 120 ? `${command.slice(0, 117)}...` : command };
  }
  return null;
}

/** What to tell a person about a port that cannot be had. */
export function portMessage({ name, port, flag }, code, holder) {
  const other = `choose another with --${flag} <port>, or move all with --port-base <port>`;
  if (code === 'EACCES') return `Port ${port} (${name}) is reserved for the administrator: ${other}.`;
  if (code !== 'EADDRINUSE') return `Port ${port} (${name}) cannot be used (${code}): ${other}.`;
  const by = holder
    ? `process ${holder.pid} (${holder.command})`
    : `a process that this user cannot see; "lsof -nP -iTCP:${port} -sTCP:LISTEN" or "ss -ltnp" may name it`;
  return `Port ${port} (${name}) is taken by ${by}. Stop it, or ${other}.`;
}

/**
 * Looks at every port before anything starts.
 * @returns one sentence for each that cannot be had
 */
export async function portProblems(ports) {
  const problems = [];
  for (const wanted of ports) {
    const code = await portTrouble(wanted.port);
    if (code !== null) problems.push(portMessage(wanted, code, holderOf(wanted.port)));
  }
  return problems;
}
