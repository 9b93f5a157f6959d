// Preloaded by repair-crash.test.ts: moments before and after whatever a bridge stores, asks of its gateway and answers.
import fs from 'node:fs';
import { ServerResponse } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import { basename, dirname } from 'node:path';
import { moment, standAlone } from './moment.ts';

/** What an action asks of the gateway; the bridge reads much else all the time. */
const METHODS: ReadonlySet<string> = new Set([
  'config.apply',
  'config.get',
  'config.patch',
  'config.schema.lookup',
  'gateway.restart.request',
]);
/** What was stored last of an action, and whether it is under way. */
let place = 'nothing';
let busy = false;

/** Such as `reconcile running`; null: it is not about an action. */
function wordsOf(from: string, to: string): string | null {
  if (basename(dirname(to)) === 'actions' && to.endsWith('.json')) {
    const { request, receipt, begunAt } = JSON.parse(fs.readFileSync(from, 'utf8')) as {
      request: { step: string };
      receipt: { state: string };
      begunAt: string | null;
    };
    const state = receipt.state === 'running' && begunAt === null ? 'taken' : receipt.state;
    return `${request.step} ${state}`;
  }
  if (basename(to) !== 'config-apply.json') return null;
  const { outcome } = JSON.parse(fs.readFileSync(from, 'utf8')) as { outcome: { state: string } | null };
  return `the write ${outcome?.state ?? 'begins'}`;
}

function watchFiles(): void {
  const rename = fs.renameSync;
  fs.renameSync = (from, to): void => {
    const words = wordsOf(String(from), String(to));
    if (words === null) {
      rename(from, to);
      return;
    }
    moment(`before storing "${words}"`);
    rename(from, to);
    place = words;
    busy = words.startsWith('the write') || /(taken|running)$/.test(words);
    moment(`after storing "${words}"`);
  };
  syncBuiltinESMExports();
}

function watchGateway(): void {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its object below
  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function (data): void {
    const frame = JSON.parse(data as string) as { id: string; method: string };
    if (!busy || !METHODS.has(frame.method)) {
      send.call(this, data);
      return;
    }
    const words = `${frame.method} in "${place}"`;
    this.addEventListener('message', (message) => {
      if (String(message.data).includes(frame.id)) moment(`answered ${words}`);
    });
    moment(`before ${words}`);
    send.call(this, data);
    moment(`after ${words}`);
  };
}

function watchDoor(): void {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its object below
  const { end } = ServerResponse.prototype;
  ServerResponse.prototype.end = function (this: ServerResponse, ...args: unknown[]): ServerResponse {
    const { method = '', url = '' } = this.req;
    const what = /^\/v1\/(\w+)/.exec(url)?.[1];
    if (what === undefined) return Reflect.apply(end, this, args) as ServerResponse;
    // Who looks may do so for another run than the last one that asked for something.
    const words = `the answer to ${method} ${what} in "${busy || what === 'actions' ? place : 'nothing'}"`;
    moment(`before ${words}`);
    this.once('finish', () => {
      moment(`after ${words}`);
    });
    return Reflect.apply(end, this, args) as ServerResponse;
  };
}

if (process.argv[1]?.endsWith('/bridge/main.ts') === true) {
  standAlone();
  watchFiles();
  watchGateway();
  watchDoor();
}
