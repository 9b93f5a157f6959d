import { ROLES } from '@openclaw-fleet/contract';
import { newApiToken } from '../identity/tokens.ts';
import type { ApiToken } from '../storage/types.ts';
import {
  asJson,
  CommandError,
  localActor,
  need,
  oneOf,
  parse,
  settingsOf,
  table,
  UsageError,
  when,
  withStorage,
  type Command,
} from './command.ts';

const UNITS: Readonly<Record<string, number>> = { h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 };

/** When `90d`, `12h`, `4w` from now is, or an ISO-8601 time. @throws UsageError when it is neither, or over */
export function expiry(text: string, nowMs: number): number {
  const [, amount = '', unit = ''] = /^(\d{1,5})([hdw])$/.exec(text) ?? [];
  const factor = UNITS[unit];
  const at =
    factor === undefined
      ? /^\d{4}-\d\d-\d\d/.test(text)
        ? Date.parse(text)
        : Number.NaN
      : nowMs + Number(amount) * factor;
  if (!(at > nowMs))
    throw new UsageError(
      `--expires must be a time to come, such as 90d, 12h or 2027-01-31T00:00:00Z, and not ${JSON.stringify(text)}`
    );
  return at;
}

export const tokenCreate: Command = {
  name: 'token create',
  summary: 'make an API token of a service or a person; it is shown once',
  usage: [
    '--name <name>                 what it is for',
    `--role <${ROLES.join('|')}>`,
    '[--kind <service|person>]     service without it; only a person approves',
    "[--person <identifier>]       the claim identifier of the person's Grafana ID token, such as bg517nevytuyod (any name where nobody comes through Grafana); needed for --kind person",
    '[--expires <90d|12h|time>]    never without it',
  ],
  async run(args, context) {
    const text = { type: 'string' } as const;
    const { values } = parse(args, { name: text, role: text, kind: text, person: text, expires: text });
    const name = need(values.name, 'name');
    const role = oneOf(need(values.role, 'role'), ROLES, 'role');
    const kind = oneOf(values.kind ?? 'service', ['service', 'person'] as const, 'kind');
    if (kind === 'service' && values.person !== undefined) throw new UsageError('--person goes with --kind person');
    const person = kind === 'person' ? identifierOf(need(values.person, 'person')) : null;
    const expiresMs = values.expires === undefined ? null : expiry(values.expires, context.nowMs);
    const { config } = settingsOf(context, values.config);
    const made = newApiToken({ name, role, kind, person, expiresMs }, context.nowMs);
    const { id } = made.token;
    await withStorage(config, async (store) =>
      store.putToken(made.token, {
        actor: localActor(),
        action: 'token.created',
        subject: id,
        reason: null,
        atMs: context.nowMs,
        data: { name, role, kind, person, expiresMs },
      })
    );
    if (values.json) {
      context.print(asJson({ id, token: made.text, name, role, kind, person, expiresMs }));
      return;
    }
    const who = kind === 'person' ? `the person ${person ?? ''}` : 'a service';
    // Alone on standard output, so that a file can take it.
    context.print(made.text);
    context.warn(`This is shown once and kept nowhere: it is the token ${id} of ${who}, role ${role}, ${expiresMs === null ? 'without an end' : `until ${when(expiresMs)}`}.
Send it as "Authorization: Bearer <token>". To end it: npx openclaw-fleet token revoke ${id} --reason <text>`);
  },
};

function statusOf(token: ApiToken, nowMs: number): string {
  if (token.revokedMs !== null) return `revoked ${when(token.revokedMs)}`;
  if (token.expiresMs === null) return 'valid';
  return `${token.expiresMs > nowMs ? 'until' : 'expired'} ${when(token.expiresMs)}`;
}

export const tokenList: Command = {
  name: 'token list',
  summary: 'list API tokens, without their secrets',
  usage: [],
  async run(args, context) {
    const { values } = parse(args, {});
    const { config } = settingsOf(context, values.config);
    const { tokens } = await withStorage(config, async (store) => store.trustSnapshot());
    if (values.json) {
      const visible = tokens.map((one) => ({
        id: one.id,
        name: one.name,
        role: one.role,
        kind: one.kind,
        person: one.person,
        createdMs: one.createdMs,
        expiresMs: one.expiresMs,
        revokedMs: one.revokedMs,
        status: statusOf(one, context.nowMs),
      }));
      context.print(asJson(visible));
    } else if (tokens.length === 0) {
      context.print('There is no API token yet: npx openclaw-fleet token create makes one');
    } else {
      const rows = tokens.map((one) => [
        one.id,
        one.name,
        one.role,
        one.person ?? one.kind,
        when(one.createdMs),
        statusOf(one, context.nowMs),
      ]);
      context.print(table(['ID', 'NAME', 'ROLE', 'WHOSE', 'CREATED', 'STATUS'], rows));
    }
  },
};

export const tokenRevoke: Command = {
  name: 'token revoke',
  summary: 'end an API token at once',
  usage: ['<id>             as token list shows it', '--reason <text>  why, for the audit'],
  async run(args, context) {
    const { values, positionals } = parse(args, { reason: { type: 'string' } }, ['<id>']);
    const reason = need(values.reason, 'reason');
    const [id = ''] = positionals;
    const { config } = settingsOf(context, values.config);
    const audit = { actor: localActor(), action: 'token.revoked', subject: id, reason, atMs: context.nowMs, data: {} };
    await withStorage(config, async (store) => {
      const token = (await store.trustSnapshot()).tokens.find((one) => one.id === id);
      if (token === undefined)
        throw new CommandError(`there is no token ${JSON.stringify(id)}: openclaw-fleet token list shows all`);
      if (token.revokedMs !== null)
        throw new CommandError(`the token ${id} is revoked already, since ${when(token.revokedMs)}: nothing to do`);
      await store.revokeToken(id, context.nowMs, audit);
    });
    context.print(
      values.json
        ? asJson({ id, revokedMs: context.nowMs })
        : `Revoked the token ${id}. A running collector refuses it within ${config.credentials.checkInterval} s.`
    );
  },
};

/** Persons are compared by it, so it is what Grafana's ID token has. */
function identifierOf(person: string): string {
  if (/^[A-Za-z0-9_-]{1,64}$/.test(person)) return person;
  throw new UsageError(
    `--person ${JSON.stringify(person)} is no identifier: give the claim identifier of the person's Grafana ID token, letters, digits, dashes and underscores`
  );
}
