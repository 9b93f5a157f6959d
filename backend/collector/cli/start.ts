import { parse, type Command } from './command.ts';
import { CONFIG_FILE_ENV } from '../config.ts';

export const start: Command = {
  name: 'start',
  summary: 'run the collector',
  usage: [],
  async run(args, context) {
    const { values } = parse(args, {});
    const { main } = await import('../main.ts');
    await main(values.config === undefined ? context.env : { ...context.env, [CONFIG_FILE_ENV]: values.config });
  },
};
