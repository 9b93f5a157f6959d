import type { ResourceLoader, Resources } from '@grafana/i18n';
import pluginJson from './plugin.json';

/** The texts of one language, from locales/. */
export const loadResources: ResourceLoader = async (language: string) => {
  try {
    return ((await import(`./locales/${language}/${pluginJson.id}.json`)) as { default: Resources }).default;
  } catch {
    // A language that is not there: English stands in the code.
    return {};
  }
};
