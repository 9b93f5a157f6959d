import { t as translate } from '@grafana/i18n';

/**
 * `t` of @grafana/i18n, which would turn a slash or an apostrophe of a value into an HTML entity. Values go in as they are:
 * React escapes what it renders.
 */
export const t: typeof translate = (key, text, values) =>
  translate(key, text, { ...values, interpolation: { escapeValue: false } });
