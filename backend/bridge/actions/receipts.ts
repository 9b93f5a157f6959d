import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { actionIdSchema, actionRequestSchema, receiptSchema } from '@openclaw-fleet/contract';
import type { ActionRecord, Receipts } from './types.ts';

const SUFFIX = '.json';
/** When the folder began, ISO-8601. Its name is none of an action. */
const SINCE = 'since';

/** Keeps each action in a file of its own, `<action_id>.json` (mode 0600), written whole or not at all. */
export class FileReceipts implements Receipts {
  readonly #folder: string;

  /** @param folder made when it is missing, mode 0700. @throws the file system's error */
  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  /** @throws Error also when what is there cannot be read: such an action was taken, and is never done again */
  get(actionId: string): ActionRecord | null {
    try {
      return parsed(readFileSync(this.#path(actionId), 'utf8'), actionId);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  put(record: ActionRecord): void {
    this.#write(this.#path(record.receipt.action_id), JSON.stringify(record));
  }

  since(nowMs: number): number {
    const path = join(this.#folder, SINCE);
    const sinceMs = existsSync(path) ? Date.parse(readFileSync(path, 'utf8')) : NaN;
    if (Number.isFinite(sinceMs)) return Math.min(sinceMs, nowMs);
    this.#write(path, new Date(nowMs).toISOString());
    return nowMs;
  }

  #write(path: string, text: string): void {
    const temporary = `${path}.tmp`;
    rmSync(temporary, { force: true });
    const file = openSync(temporary, 'wx', 0o600);
    try {
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
    this.#syncFolder();
  }

  all(): readonly ActionRecord[] {
    const ids = readdirSync(this.#folder)
      .filter((name) => name.endsWith(SUFFIX))
      .map((name) => name.slice(0, -SUFFIX.length));
    return ids.flatMap((id) => {
      try {
        return this.get(id) ?? [];
      } catch {
        return [];
      }
    });
  }

  remove(actionId: string): void {
    rmSync(this.#path(actionId), { force: true });
  }

  /** The id names a file only after its form was checked: nothing of it leads elsewhere. */
  #path(actionId: string): string {
    return join(this.#folder, `${actionIdSchema.parse(actionId)}${SUFFIX}`);
  }

  #syncFolder(): void {
    const folder = openSync(this.#folder, 'r');
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  }
}

/** Keeps actions as long as the process lives: for simulations, where a lost receipt costs nothing. */
export class MemoryReceipts implements Receipts {
  readonly #records = new Map<string, ActionRecord>();
  #sinceMs = Infinity;

  get(actionId: string): ActionRecord | null {
    return this.#records.get(actionId) ?? null;
  }

  put(record: ActionRecord): void {
    this.#records.set(record.receipt.action_id, record);
  }

  all(): readonly ActionRecord[] {
    return [...this.#records.values()];
  }

  remove(actionId: string): void {
    this.#records.delete(actionId);
  }

  since(nowMs: number): number {
    if (this.#sinceMs === Infinity) this.#sinceMs = nowMs;
    return Math.min(this.#sinceMs, nowMs);
  }
}

function parsed(text: string, actionId: string): ActionRecord {
  const { digest, begunAt, restarts, ...rest } = JSON.parse(text) as Record<string, unknown>;
  const request = actionRequestSchema.parse(rest['request']);
  const receipt = receiptSchema.parse(rest['receipt']);
  const whole =
    typeof digest === 'string' &&
    (begunAt === null || typeof begunAt === 'string') &&
    typeof restarts === 'boolean' &&
    receipt.action_id === actionId;
  if (!whole) throw new Error(`the receipt of ${actionId} is damaged`);
  return { digest, begunAt, restarts, request, receipt };
}
