// Preloaded by actions/crash.test.ts: kills the process at one of the moments when an action is written down.
import type { ActionRecord } from '../actions/types.ts';
import { FileReceipts } from '../actions/receipts.ts';

const [when, which] = (process.env['KILL_AT'] ?? '').split(' ');
const put: (record: ActionRecord) => void = Reflect.get(FileReceipts.prototype, 'put');
let count = 0;

FileReceipts.prototype.put = function (this: FileReceipts, record) {
  count += 1;
  const here = count === Number(which);
  if (here && when === 'before') process.kill(process.pid, 'SIGKILL');
  put.call(this, record);
  if (here && when === 'after') process.kill(process.pid, 'SIGKILL');
};
