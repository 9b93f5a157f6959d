import { nodeIdSchema, policySpecSchema, profileIdSchema } from '@openclaw-fleet/contract';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import type { ProvisionedProfile } from './provisioned.ts';
import type { ConfigurationLookup, FieldError } from './types.ts';
import { schemaErrors, specErrors } from './validate.ts';

/** What one file of `policies.dir` holds: a profile, and the targets it is applied to. */
export const policyFileSchema = policySpecSchema.extend({
  id: profileIdSchema,
  targets: z.array(nodeIdSchema).max(10_000).default([]),
});
const FIELDS = Object.keys(policyFileSchema.shape);

/** Something about a file that a person should mend. */
export interface FileProblem extends FieldError {
  /** Its name, such as `production.yaml`. */
  readonly file: string;
  /** The file was not taken; what held before holds on. False: it was. */
  readonly refused: boolean;
}

export interface FileText {
  /** Its name, such as `production.yaml`. */
  readonly name: string;
  readonly text: string;
}

export interface ReadFiles {
  readonly profiles: readonly ProvisionedProfile[];
  readonly problems: readonly FileProblem[];
  /** No file was refused. */
  readonly isComplete: boolean;
}

/** What files say, checked: each by itself, then beside each other. @param files in order of name */
export function readPolicyFiles(
  files: readonly FileText[],
  configurations: ConfigurationLookup,
  nowMs: number
): ReadFiles {
  const read = files.map((file) => readOne(file, configurations));
  const whole = read.flatMap(({ profile }) => profile ?? []);
  const refused = [...read.flatMap(({ problems }) => problems), ...clashes(whole)];
  const bad = new Set(refused.map(({ file }) => file));
  const profiles = whole.filter(({ file }) => !bad.has(file));
  return {
    profiles,
    problems: [...refused, ...profiles.flatMap((profile) => endedWaivers(profile, nowMs))],
    isComplete: bad.size === 0,
  };
}

function readOne(
  { name, text }: FileText,
  configurations: ConfigurationLookup
): { profile?: ProvisionedProfile; problems: FileProblem[] } {
  const problem = ({ field, message }: FieldError): FileProblem => ({ file: name, field, message, refused: true });
  let tree: unknown;
  try {
    tree = parseYaml(text);
  } catch (error) {
    const [why = ''] = (error as Error).message.split('\n');
    return { problems: [problem({ field: '', message: `is not YAML: ${why.replace(/:$/, '')}` })] };
  }
  if (typeof tree !== 'object' || tree === null || Array.isArray(tree)) {
    const message = 'must hold the fields of one policy by name, such as "id: production"';
    return { problems: [problem({ field: '', message })] };
  }
  const parsed = policyFileSchema.safeParse(tree, { reportInput: true });
  if (!parsed.success) return { problems: schemaErrors(parsed.error, FIELDS).map(problem) };
  const { id, targets, ...spec } = parsed.data;
  const errors = specErrors(spec, configurations);
  if (errors.length > 0) return { problems: errors.map(problem) };
  return { profile: { id, spec, targets, file: name }, problems: [] };
}

/** Two files that want the same policy or the same target: the one whose name comes first has it. */
function clashes(profiles: readonly ProvisionedProfile[]): FileProblem[] {
  const policies = new Map<string, string>();
  const targets = new Map<string, string>();
  return profiles.flatMap(({ id, targets: own, file }) => {
    const first = policies.get(id);
    if (first !== undefined) {
      return [{ file, field: 'id', refused: true, message: `${id} is the id in ${first} as well: give each its own` }];
    }
    policies.set(id, file);
    const found: FileProblem[] = [];
    own.forEach((target, index) => {
      const other = targets.get(target);
      const field = `targets[${index}]`;
      if (other !== undefined)
        found.push({ file, field, refused: true, message: `${target} is in ${other} as well: name it in one of them` });
      else targets.set(target, file);
    });
    return found;
  });
}

const endedWaivers = ({ file, spec }: ProvisionedProfile, nowMs: number): FileProblem[] =>
  spec.waivers.flatMap(({ id, expiresAt }, index) =>
    Date.parse(expiresAt) > nowMs
      ? []
      : [
          {
            file,
            field: `waivers[${index}].expiresAt`,
            refused: false,
            message: `the waiver ${id} ended at ${expiresAt} and has no effect any more: remove it`,
          },
        ]
  );
