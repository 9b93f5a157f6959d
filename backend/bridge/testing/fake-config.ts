import type { FakeGateway } from './fake-gateway.ts';

type Json = Record<string, unknown>;
type Kind = 'none' | 'hot' | 'restart';

const REDACTED = '__OPENCLAW_REDACTED__';

/**
 * The configuration of a FakeGateway, with reads, writes, reloads and restarts as OpenClaw 2026.9.6 does them
 * (openclaw-notes section 3).
 */
export class FakeConfig {
  /** What is saved; null: it cannot be parsed. */
  document: Json | null;
  /** What the process runs. */
  active: Json;
  /** Counts the writes of the file. */
  version = 1;
  /** `gateway.reload.mode`: with `off` nothing that is saved becomes active. */
  mode: 'hybrid' | 'off' = 'hybrid';
  /** Reload kinds by path; the longest that fits counts. */
  kinds: Record<string, Kind> = { '': 'hot' };
  /** Changes what is saved, as OpenClaw does with values that it does not like as they are. */
  rewrites: (document: Json) => Json = (document) => document;
  /** A document that it refuses. */
  isBad: (document: Json) => boolean = () => false;
  /** Why nothing may be written, as OpenClaw says it; null: it may. */
  readOnly: string | null = null;
  /** It runs at once what its schema calls a restart, and says so in its answer. */
  hotAnyway = false;
  /** How long a restart takes, in milliseconds. */
  restartMs = 30;
  restarts = 0;
  /** Called when a write comes in, before anything happens with it; and once it is saved, before the answer. */
  onWrite: (when: 'asked' | 'saved', method: string) => void = () => undefined;
  private readonly gateway: FakeGateway;

  constructor(gateway: FakeGateway, document: Json) {
    this.gateway = gateway;
    this.document = document;
    this.active = document;
    gateway.answers['config.get'] = () => this.read();
    gateway.answers['config.patch'] = (params) => this.write('config.patch', params);
    gateway.answers['config.apply'] = (params) => this.write('config.apply', params);
    gateway.answers['config.schema.lookup'] = ({ path }) => ({ path, reloadKind: this.kindOf(String(path)) });
  }

  /** Writes of one method that came in. */
  writes(method: 'config.patch' | 'config.apply'): Json[] {
    return this.gateway.requests.filter((request) => request.method === method).map(({ params }) => params);
  }

  /** Somebody edits the file; the gateway runs it at once unless it may not. */
  edit(document: Json | null): void {
    this.document = document;
    this.version += 1;
    if (document !== null && this.mode === 'hybrid') this.active = document;
  }

  private get hash(): string {
    return `file-${this.version}`;
  }

  private read(): Json {
    const { document } = this;
    const valid = document !== null && !this.isBad(document);
    return {
      path: '/nowhere/openclaw.json',
      exists: true,
      hash: this.hash,
      valid,
      parsed: redacted(document),
      issues: valid ? [] : [{ path: 'gateway.port', message: 'Invalid input' }],
      ...(valid && { configRevisionHash: hmac(document) }),
      appliedConfigHash: hmac(this.active),
    };
  }

  private write(method: string, params: Json): Json | { readonly fail: Json } {
    this.onWrite('asked', method);
    const { raw, baseHash } = params as { raw: string; baseHash?: string };
    if (this.readOnly !== null) return refused('UNAVAILABLE', this.readOnly);
    if (baseHash !== this.hash)
      return refused('INVALID_REQUEST', 'config changed since last load; re-run config.get and retry');
    if (method === 'config.patch' && (this.document === null || this.isBad(this.document))) {
      return refused('INVALID_REQUEST', 'gateway.port: Invalid input; fix (openclaw doctor) before patching');
    }
    const before = this.document ?? {};
    const given = JSON.parse(raw) as Json;
    const lists = (params['replacePaths'] ?? []) as string[];
    const merged = method === 'config.patch' ? (merge(before, given, lists, '') as Json) : given;
    const next = this.rewrites(restored(merged, before) as Json);
    if (JSON.stringify(next).includes(REDACTED)) {
      return refused('INVALID_REQUEST', `Sentinel value "${REDACTED}" in key a is not valid as real data`);
    }
    if (this.isBad(next)) return refused('INVALID_REQUEST', 'Unrecognized key');
    const changed = paths(before, next);
    if (method === 'config.patch' && changed.length === 0) return { ok: true, noop: true, changedPaths: [] };
    this.document = next;
    this.version += 1;
    this.onWrite('saved', method);
    if (this.mode === 'off') {
      return refused('UNAVAILABLE', `${method} persisted but was not applied to the active Gateway (failed)`);
    }
    const requiresRestart = !this.hotAnyway && changed.some((path) => this.kindOf(path) === 'restart');
    if (requiresRestart) setTimeout(() => this.restart(), this.restartMs);
    else this.active = next;
    const sentinel = { persisted: true, payload: { stats: { mode: method, requiresRestart } } };
    return { ok: true, hash: this.hash, changedPaths: changed, sentinel };
  }

  private restart(): void {
    this.restarts += 1;
    this.active = this.document ?? this.active;
    const server = this.gateway.hello['server'] as Json;
    this.gateway.hello = { ...this.gateway.hello, server: { ...server, bootId: `boot-${this.restarts + 1}` } };
    this.gateway.drop();
  }

  private kindOf(path: string): Kind | undefined {
    const fitting = Object.keys(this.kinds).filter((one) => one === '' || path === one || path.startsWith(`${one}.`));
    return this.kinds[fitting.sort((a, b) => b.length - a.length)[0] ?? ''];
  }
}

const refused = (code: string, message: string): { readonly fail: Json } => ({ fail: { code, message } });
const hmac = (document: unknown): string => `rev-${JSON.stringify(document)}`;
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** As OpenClaw merges: a list keeps its old items unless its path is named. */
function merge(target: unknown, patch: unknown, lists: readonly string[], path: string): unknown {
  if (Array.isArray(patch) && Array.isArray(target) && !lists.includes(path))
    return (target as unknown[]).concat(patch);
  if (!isObject(patch)) return patch;
  const result = isObject(target) ? { ...target } : {};
  for (const [name, change] of Object.entries(patch)) {
    if (change === null) Reflect.deleteProperty(result, name);
    else result[name] = merge(result[name], change, lists, path === '' ? name : `${path}.${name}`);
  }
  return result;
}

function redacted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redacted);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, /token$/i.test(name) ? REDACTED : redacted(inner)])
  );
}

function restored(value: unknown, from: unknown): unknown {
  if (value === REDACTED) return from ?? value;
  if (!isObject(value)) return value;
  const before = isObject(from) ? from : {};
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, restored(inner, before[name])]));
}

function paths(a: unknown, b: unknown, path = ''): string[] {
  if (JSON.stringify(a) === JSON.stringify(b)) return [];
  if (!isObject(a) || !isObject(b)) return [path];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((name) =>
    paths(a[name], b[name], path === '' ? name : `${path}.${name}`)
  );
}
