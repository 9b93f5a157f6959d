import Database from 'better-sqlite3';

/** Does something to a collector's database that the collector knows nothing of. */
export function behindItsBack(file: string, sql: string): void {
  const raw = new Database(file);
  raw.exec(sql);
  raw.close();
}
