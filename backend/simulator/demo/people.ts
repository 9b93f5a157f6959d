import { join } from 'node:path';
import { createToken } from './credentials.ts';
import type { FleetCommand, TokenFile } from './credentials.ts';
import type { Account } from './grafana.ts';

/** Of the demo's people: who asks for a repair never approves it. */
const LOGINS = { operator: 'otto', approver: 'ada' };

export interface Tokens {
  readonly viewer: TokenFile;
  readonly operator: TokenFile;
  readonly approver: TokenFile;
}

/**
 * Makes the API tokens that a person uses at a command line.
 * @param accounts of the people in Grafana: each is one person, there and here. Without them they are called by their logins
 */
export async function makeTokens(
  fleet: FleetCommand,
  folder: string,
  accounts: readonly Pick<Account, 'login' | 'identifier'>[]
): Promise<Tokens> {
  const viewer = { name: 'demo', role: 'viewer', file: join(folder, 'viewer-token') };
  const of = (role: keyof typeof LOGINS): Promise<TokenFile> => {
    const name = LOGINS[role];
    const person = accounts.find(({ login }) => login === name)?.identifier ?? name;
    return createToken(fleet, { name, role, person, file: join(folder, `${role}-token`) });
  };
  return { viewer: await createToken(fleet, viewer), operator: await of('operator'), approver: await of('approver') };
}
