import { settingsMarkdown } from '../config-docs.ts';
import { describeConfig } from '../config.ts';
import { asJson, parse, settingsOf, type Command } from './command.ts';

export const config: Command = {
  name: 'config',
  summary: 'print every setting with its value, origin and meaning',
  usage: ['[--markdown]  the reference of all settings (docs/settings.md)'],
  async run(args, context) {
    const { values } = parse(args, { markdown: { type: 'boolean' } });
    if (values.markdown) {
      context.print(settingsMarkdown().trimEnd());
      return;
    }
    const rows = describeConfig(settingsOf(context, values.config));
    if (values.json) {
      context.print(asJson(rows));
      return;
    }
    const lines = rows.map(
      (row) =>
        `${row.key} = ${row.value}${row.unit === '' ? '' : ` ${row.unit}`}  (${row.origin})\n    ${row.meaning}\n    ${row.env}${row.alias === null ? '' : ` or ${row.alias}`}`
    );
    context.print(lines.join('\n'));
    return Promise.resolve();
  },
};
