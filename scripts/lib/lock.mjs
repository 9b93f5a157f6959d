import { dirname } from 'node:path/posix';

/** glibc or musl; undefined where that is no question. */
function libcHere() {
  if (process.platform !== 'linux') return undefined;
  process.report.excludeNetwork = true;
  return process.report.getReport().header.glibcVersionRuntime ? 'glibc' : 'musl';
}

function suits(entry, platform) {
  const allows = (list, value) => {
    if (!list) return true;
    if (list.includes(`!${value}`)) return false;
    const wanted = list.filter((one) => !one.startsWith('!'));
    return wanted.length === 0 || wanted.includes(value);
  };
  return (
    allows(entry.os, platform.os) &&
    allows(entry.cpu, platform.cpu) &&
    (!platform.libc || allows(entry.libc, platform.libc))
  );
}

/** The lock's entry that `name` means when it is required from the folder `from`, as Node looks it up. */
function resolve(packages, from, name) {
  for (let folder = from; ; folder = dirname(folder)) {
    const prefix = folder === '.' || folder === '' ? '' : `${folder}/`;
    const path = `${prefix}node_modules/${name}`;
    if (!prefix.endsWith('node_modules/') && packages[path]) return path;
    if (prefix === '') return null;
  }
}

/**
 * Which packages some workspaces need installed, by package-lock.json.
 * @param lock parsed package-lock.json (version 2 or 3)
 * @param workspaces folders, such as `backend/client`; '' is the root with its dev tools
 * @param platform optional packages of other platforms are left out
 * @returns where each is installed, and in which version
 */
export function neededPackages(
  lock,
  workspaces,
  platform = { os: process.platform, cpu: process.arch, libc: libcHere() }
) {
  const { packages } = lock;
  const found = new Map();
  const waiting = workspaces.map((path) => ({ path, own: true }));
  const seen = new Set(workspaces);
  while (waiting.length > 0) {
    const { path, own } = waiting.pop();
    const entry = packages[path];
    if (!entry) throw new Error(`package-lock.json has no ${path || 'root package'}: run npm install.`);
    const names = {
      ...entry.peerDependencies,
      ...entry.optionalDependencies,
      ...entry.dependencies,
      ...(own && entry.devDependencies),
    };
    for (const name of Object.keys(names)) {
      const at = resolve(packages, path, name);
      if (at === null) continue;
      const target = packages[at];
      if (target.optional && !suits(target, platform)) continue;
      const isWorkspace = target.link === true;
      found.set(at, { path: at, version: isWorkspace ? packages[target.resolved].version : target.version });
      const next = isWorkspace ? target.resolved : at;
      if (seen.has(next)) continue;
      seen.add(next);
      waiting.push({ path: next, own: false });
    }
  }
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/**
 * Those of `needed` that are not installed, or in another version.
 * @param installedVersion of the package installed at a path; null when there is none
 */
export function missingPackages(needed, installedVersion) {
  return needed.filter(({ path, version }) => installedVersion(path) !== version);
}
