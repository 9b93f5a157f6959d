import { defineConfig } from 'i18next-cli';
import pluginJson from './src/plugin.json' with { type: 'json' };

/** Texts stand in the code in English; this gathers them for translators. */
export default defineConfig({
  locales: pluginJson.languages,
  extract: {
    input: ['src/**/*.{ts,tsx}'],
    ignore: ['src/**/*.test.{ts,tsx}', 'src/testing/**'],
    output: 'src/locales/{{language}}/{{namespace}}.json',
    defaultNS: pluginJson.id,
    functions: ['t'],
    transComponents: ['Trans'],
    sort: true,
  },
});
