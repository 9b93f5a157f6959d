// A bridge's door in a process of its own, whose only effect is a line in a file. Run by actions/crash.test.ts.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../client/clock.ts';
import { createActionsDoor } from '../actions/door.ts';
import { FileReceipts } from '../actions/receipts.ts';
import type { ActionOutcome } from '../actions/types.ts';
import { seen } from './seen.ts';

const [folder = '', clientPin = '', actionsPin = '', nodeId = ''] = process.argv.slice(2);
const file = (name: string): string => readFileSync(join(folder, name), 'utf8');
const effects = join(folder, 'effects');
const outcome = (state: ActionOutcome['state'], message: string): ActionOutcome => ({
  ...{ state, refusal: null, message, before: {}, after: {} },
});
const say = (): void => undefined;

const door = await createActionsDoor({
  nodeId,
  listen: { host: '127.0.0.1', port: 0 },
  credentials: { certificate: file('node.crt'), key: file('node.key'), authority: file('ca.crt') },
  clientPins: [clientPin],
  actionsPins: [actionsPin],
  receipts: new FileReceipts(join(folder, 'actions')),
  limits: { gapMs: 300_000, hourMs: 3_600_000 },
  clock: systemClock,
  logger: { info: say, warn: say, error: say },
  actuator: {
    verbs: () => ['restart'],
    carryOut: (request, progress) => {
      progress.begin({}, true);
      appendFileSync(effects, `${request.action_id}\n`);
      return Promise.resolve(outcome('succeeded', 'It was done.'));
    },
    settle: ({ request }) => {
      const done = existsSync(effects) && readFileSync(effects, 'utf8').includes(request.action_id);
      return Promise.resolve(
        done ? outcome('succeeded', 'It had been done.') : outcome('failed', 'It had not been done.')
      );
    },
    observe: () => Promise.resolve(seen),
  },
});
process.stdout.write(`${door.port}\n`);
setInterval(say, 1_000);
