import CopyWebpackPlugin from 'copy-webpack-plugin';
import type { Configuration } from 'webpack';
import grafana, { type Env } from './.config/webpack/webpack.config.ts';
import { copyFilePatterns } from './.config/bundler/copyFiles.ts';

/** What the scaffold copies beside what it should. */
const NOT_SHIPPED = ['**/tsconfig.json', '**/testing/**', '**/*.test.*'];

/** The scaffold's build, with the logos of the nested panels and without what is for tests. */
export default async function config(env: Env): Promise<Configuration> {
  const base = await grafana(env);
  const patterns = copyFilePatterns.map((pattern) => ({ ...pattern, globOptions: { ignore: NOT_SHIPPED } }));
  const copied = new CopyWebpackPlugin({ patterns: [...patterns, { from: 'panels/*/img/*', to: '.' }] });
  return {
    ...base,
    performance: { hints: false },
    plugins: (base.plugins ?? []).map((plugin) => (plugin instanceof CopyWebpackPlugin ? copied : plugin)),
  };
}
