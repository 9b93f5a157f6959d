// Loaded before everything else (`node --import`): takes away the guardrail or the rule that WITHOUT names.
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { env } from 'node:process';
import { RULES } from './rules.ts';

const name = env['WITHOUT'] ?? '';
const rule = RULES[name];
const declared = /export const (\w+): Guardrail/;

function without(source: string): string {
  if (rule !== undefined) return source.replace(rule.piece, rule.instead);
  return source.replace(declared, 'export const $1: Guardrail = () => null;\nconst held_$1: Guardrail');
}

if (name !== '') {
  const file = `/${rule?.file ?? `guardrails/${name}.ts`}`;
  registerHooks({
    load(url, context, next) {
      if (!url.endsWith(file)) return next(url, context);
      const source = readFileSync(new URL(url), 'utf8');
      const left = without(source);
      if (left === source) throw new Error(`${url} does not hold what is to be taken away`);
      return { format: 'module-typescript', shortCircuit: true, source: left };
    },
  });
}
