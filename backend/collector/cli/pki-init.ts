import { hostname } from 'node:os';
import { checkNames } from '../identity/authority.ts';
import { initPki } from '../identity/pki.ts';
import { asJson, parse, settingsOf, type Command } from './command.ts';

function hostNames(): string[] {
  try {
    checkNames([hostname()]);
    return [hostname()];
  } catch {
    return [];
  }
}

export const pkiInit: Command = {
  name: 'pki init',
  summary: 'create the authority, the certificates and the keys of this collector',
  usage: [
    '[--name <dns or ip>]...  further names under which nodes reach the collector (localhost and this host are in)',
    '[--force]                replace what is there; every node must then be enrolled again',
  ],
  async run(args, context) {
    const { values } = parse(args, { name: { type: 'string', multiple: true }, force: { type: 'boolean' } });
    const { config } = settingsOf(context, values.config);
    const names = [...new Set(['localhost', '127.0.0.1', '::1', ...hostNames(), ...(values.name ?? [])])];
    checkNames(names);
    const { authorityDays, collectorDays } = config.credentials;
    const pins = await initPki(config.pkiDir, {
      names,
      authorityDays,
      collectorDays,
      force: values.force === true,
      nowMs: context.nowMs,
    });
    if (values.json) {
      context.print(asJson({ folder: config.pkiDir, names, pins }));
      return;
    }
    context.print(`Made the authority, the collector's certificates and its keys in ${config.pkiDir}
  names       ${names.join(', ')}
  server pin  ${pins.server}
  client pin  ${pins.client}
  actions pin ${pins.actions}
Each pin is that of the key in use and of the one kept for the next rotation.

Keep ${config.pkiDir}/authority.key safe: whoever has it can be any node. docs/credentials.md says what each file is for.
Next: npx openclaw-fleet enroll <name>`);
  },
};
