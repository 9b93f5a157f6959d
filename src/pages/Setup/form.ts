import { t } from '../../i18n.ts';
import { isEnabled } from '../../settings.ts';
import type { FleetMeta, FleetSecrets, FleetSettings } from '../../settings.ts';

/** What the Setup page edits. */
export interface SetupForm {
  readonly url: string;
  /** What was typed; Grafana never gives the stored one back. */
  readonly secret: string;
  /** The stored secret stays as it is. */
  readonly keepsSecret: boolean;
  /** Empty: the default Prometheus data source. */
  readonly prometheusUid: string;
  readonly flag: boolean;
}

export type Stored = Pick<FleetMeta, 'enabled' | 'pinned' | 'jsonData' | 'secureJsonFields'>;

export function formOf({ jsonData, secureJsonFields }: Stored): SetupForm {
  const settings = jsonData ?? {};
  return {
    url: settings.collectorUrl ?? '',
    secret: '',
    keepsSecret: secureJsonFields?.['secret'] === true,
    prometheusUid: settings.prometheusUid ?? '',
    flag: isEnabled(settings),
  };
}

export type SetupErrors = Partial<Record<'url' | 'secret', string>>;

/** The least length of a secret that the collector takes. */
const LEAST_SECRET = 32;

/** What is wrong, by field; empty: it can be saved. */
export function errorsOf({ url, secret, keepsSecret }: SetupForm): SetupErrors {
  const wrongUrl = urlError(url.trim());
  const wrongSecret = keepsSecret ? null : secretError(secret.trim());
  return { ...(wrongUrl !== null && { url: wrongUrl }), ...(wrongSecret !== null && { secret: wrongSecret }) };
}

function urlError(text: string): string | null {
  const example = 'http://127.0.0.1:8080';
  if (text === '')
    return t('setup.url.missing', 'Enter the URL at which Grafana reaches the collector, such as {{example}}.', {
      example,
    });
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text))
    return t('setup.url.not-url', 'This is not a URL: it starts with http:// or https://, such as {{example}}.', {
      example,
    });
  const { username, password, search, hash, pathname } = new URL(text);
  if (username !== '' || password !== '')
    return t('setup.url.credentials', 'Leave the user name and the password out: everybody can read this setting.');
  if (search !== '' || hash !== '' || text.includes('?') || text.includes('#'))
    return t('setup.url.query', 'Leave out everything from the first ? or # on.');
  if (/\/fleet(\/|$)/.test(pathname))
    return t('setup.url.path', 'Leave /fleet out: the app adds it. {{example}} is enough.', {
      example: text.replace(/\/fleet(\/.*)?$/, ''),
    });
  return null;
}

function secretError(text: string): string | null {
  if (text === '') return t('setup.secret.missing', 'Enter the secret that the collector has in grafana.secretFile.');
  if (/\s/.test(text)) return t('setup.secret.space', 'The secret is one line, without spaces.');
  return text.length < LEAST_SECRET
    ? t('setup.secret.short', 'The secret has at least {{least}} characters; this one has {{length}}.', {
        least: LEAST_SECRET,
        length: text.length,
      })
    : null;
}

/** Whether anything differs from what is stored. */
export function isChanged(form: SetupForm, stored: Stored): boolean {
  return JSON.stringify(form) !== JSON.stringify(formOf(stored));
}

/** Body of Grafana's `POST /api/plugins/<id>/settings`. */
export interface SettingsUpdate {
  readonly enabled: boolean;
  readonly pinned: boolean;
  readonly jsonData: FleetSettings;
  readonly secureJsonData?: FleetSecrets;
}

/** What to save; settings of other names stay, and a secret is sent only when a new one was typed. */
export function updateOf({ url, secret, keepsSecret, prometheusUid, flag }: SetupForm, stored: Stored): SettingsUpdate {
  return {
    enabled: stored.enabled ?? false,
    pinned: stored.pinned ?? false,
    jsonData: {
      ...stored.jsonData,
      collectorUrl: url.trim().replace(/\/+$/, ''),
      smartFleetV2Enabled: flag,
      // What is undefined is not sent: then there is none.
      prometheusUid: prometheusUid.trim() === '' ? undefined : prometheusUid.trim(),
    },
    ...(!keepsSecret && { secureJsonData: { secret: secret.trim() } }),
  };
}

/** Switches the app on or off in this organization, and changes nothing else. */
export function switchedTo(enabled: boolean, { jsonData }: Stored): SettingsUpdate {
  return { enabled, pinned: enabled, jsonData: jsonData ?? {} };
}
