import { join } from 'node:path';
import CopyWebpackPlugin from 'copy-webpack-plugin';
import type { Configuration, RuleSetRule } from 'webpack';
import grafana, { type Env } from './.config/webpack/webpack.config.ts';
import { copyFilePatterns } from './.config/bundler/copyFiles.ts';

/** What the scaffold copies beside what it should. */
const NOT_SHIPPED = ['**/tsconfig.json', '**/testing/**', '**/*.test.*'];

/** JSX as tsconfig has it: without an import of React in each file. */
const AUTOMATIC_JSX = { transform: { react: { runtime: 'automatic' } } };

/** The rule with that in the options of its swc-loader; every other rule as it is. */
function withAutomaticJsx(rule: RuleSetRule): RuleSetRule {
  const { use } = rule;
  if (typeof use !== 'object' || use === null || Array.isArray(use) || use.loader !== 'swc-loader') return rule;
  const options = use.options as { jsc: object };
  return { ...rule, use: { ...use, options: { ...options, jsc: { ...options.jsc, ...AUTOMATIC_JSX } } } };
}

/** The scaffold's build, with the logos of the nested panels and the runbooks, and without what is for tests. */
export default async function config(env: Env): Promise<Configuration> {
  const base = await grafana(env);
  const patterns = copyFilePatterns.map((pattern) => ({ ...pattern, globOptions: { ignore: NOT_SHIPPED } }));
  const runbooks = { from: '*.md', context: join(import.meta.dirname, 'docs', 'runbooks'), to: 'runbooks' };
  const copied = new CopyWebpackPlugin({ patterns: [...patterns, { from: 'panels/*/img/*', to: '.' }, runbooks] });
  return {
    ...base,
    performance: { hints: false },
    // Each build writes each file, so that npm start sees by their time what is older than its sources.
    output: { ...base.output, compareBeforeEmit: false },
    module: { ...base.module, rules: (base.module?.rules ?? []).map((rule) => withAutomaticJsx(rule as RuleSetRule)) },
    plugins: (base.plugins ?? []).map((plugin) => (plugin instanceof CopyWebpackPlugin ? copied : plugin)),
  };
}
