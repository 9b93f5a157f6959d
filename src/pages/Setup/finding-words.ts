import { t } from '../../i18n.ts';
import type { FaultCode } from './diagnose.ts';

export interface Advice {
  readonly title: string;
  /** What to do about it, most likely first. */
  readonly steps: readonly string[];
}

/** What a person needs to know to mend it. */
export interface Scene {
  /** The collector's URL as it is saved. */
  readonly url: string;
  /** Grafana's own root address. */
  readonly grafanaUrl: string;
  readonly status: number;
}

/** What is wrong with the connection, and how to mend it. */
export function adviceOf(code: FaultCode, { url, grafanaUrl, status }: Scene): Advice {
  switch (code) {
    case 'no-url':
      return {
        title: t('setup.fault.no-url', 'No URL is saved yet'),
        steps: [t('setup.fix.no-url', 'Enter the URL of the collector and the secret above, and save them.')],
      };
    case 'no-secret':
      return {
        title: t('setup.fault.no-secret', 'No secret is saved yet'),
        steps: [
          t('setup.fix.no-secret', 'Enter the secret that the collector has in grafana.secretFile, and save it.'),
        ],
      };
    case 'not-saved':
      return {
        title: t('setup.fault.not-saved', 'Grafana has no settings of this app'),
        steps: [
          t('setup.fix.not-saved', 'Save the settings once. In another organization of Grafana they are others.'),
        ],
      };
    case 'grafana-away':
      return {
        title: t('setup.fault.grafana-away', 'Grafana did not answer'),
        steps: [t('setup.fix.grafana-away', 'Check your own connection to Grafana, and test again.')],
      };
    case 'logged-out':
      return {
        title: t('setup.fault.logged-out', 'Your session in Grafana has ended'),
        steps: [
          t('setup.fix.logged-out', 'Load the page again and log in.'),
          t(
            'setup.fix.logged-out-other',
            'If that does not help, another program that wants a log-in answers at {{url}}: enter the URL of the collector itself.',
            { url }
          ),
        ],
      };
    case 'role':
      return {
        title: t('setup.fault.role', 'Your role is not enough'),
        steps: [
          t(
            'setup.fix.role',
            'You need the permission openclaw-fleet-app.fleet:read, which the roles Viewer, Editor and Admin have in this organization.'
          ),
          t(
            'setup.fix.role-restart',
            'If you are an Admin, restart Grafana: it reads the permissions of an app when it starts.'
          ),
        ],
      };
    case 'app-outdated':
      return {
        title: t('setup.fault.app-outdated', 'Grafana runs another version of this app than your browser'),
        steps: [
          t('setup.fix.app-outdated', 'Restart Grafana, which reads an app when it starts, and load this page again.'),
        ],
      };
    case 'unreachable':
      return {
        title: t('setup.fault.unreachable', 'Grafana cannot reach anything at {{url}}', { url }),
        steps: [
          t(
            'setup.fix.unreachable-runs',
            'Check that the collector runs: curl {{url}}/healthz on the host of Grafana must answer.',
            {
              url,
            }
          ),
          t(
            'setup.fix.unreachable-host',
            'Check host and port. Grafana’s server connects, not your browser: in a container, localhost is the container itself.'
          ),
          t(
            'setup.fix.unreachable-tls',
            'With https, Grafana must trust the certificate of the collector: give its host the authority (SSL_CERT_FILE). With http, the collector must not expect https.'
          ),
        ],
      };
    case 'timeout':
      return {
        title: t('setup.fault.timeout', 'Nothing answers at {{url}} in time', { url }),
        steps: [
          t(
            'setup.fix.timeout',
            'Check that no firewall between Grafana and the collector drops the connection, and that the host is right.'
          ),
        ],
      };
    case 'not-collector':
      return {
        title: t('setup.fault.not-collector', 'Something answers at {{url}}, and it is not the collector', { url }),
        steps: [
          t(
            'setup.fix.not-collector',
            'It answered {{status}} with something else than the collector’s JSON. Enter the URL of the collector’s API, without /fleet; the port of its API is 8080 unless you set another.',
            { status }
          ),
          t(
            'setup.fix.not-collector-proxy',
            'If a proxy stands in front of it, the proxy must pass /fleet on and send no redirect.'
          ),
        ],
      };
    case 'collector-outdated':
      return {
        title: t('setup.fault.collector-outdated', 'The collector is older than this app'),
        steps: [
          t(
            'setup.fix.collector-outdated',
            'Upgrade the collector: it does not know what this version of the app asks for.'
          ),
        ],
      };
    case 'no-grafana':
      return {
        title: t('setup.fault.no-grafana', 'The collector takes nothing from Grafana yet'),
        steps: [
          t(
            'setup.fix.no-grafana',
            'Set grafana.url (here {{grafanaUrl}}) and grafana.secretFile in the settings of the collector, and restart it.',
            { grafanaUrl }
          ),
        ],
      };
    case 'wrong-secret':
      return {
        title: t('setup.fault.wrong-secret', 'The collector does not take this secret'),
        steps: [
          t(
            'setup.fix.wrong-secret',
            'Reset the secret above, enter the line that is in grafana.secretFile on the host of the collector, and save.'
          ),
          t('setup.fix.wrong-secret-file', 'The collector reads that file anew by itself when it changes.'),
        ],
      };
    case 'identity':
      return {
        title: t('setup.fault.identity', 'The collector does not accept who Grafana says you are'),
        steps: [
          t(
            'setup.fix.identity-issuer',
            'Compare: Grafana signs as its root_url, here {{grafanaUrl}}. Set root_url in the [server] section of Grafana to the address that people use, and grafana.url, or grafana.issuer, of the collector to the same.',
            { grafanaUrl }
          ),
          t(
            'setup.fix.identity-audience',
            'In another organization than the first, grafana.audience of the collector must name it, such as org:2.'
          ),
          t('setup.fix.identity-clock', 'Check that the clocks of both hosts agree, and load this page again.'),
        ],
      };
    case 'keys':
      return {
        title: t('setup.fault.keys', 'The collector cannot read Grafana’s keys'),
        steps: [
          t(
            'setup.fix.keys',
            'The collector must reach Grafana at grafana.url: curl <grafana.url>/api/signing-keys/keys on its host must answer with JSON.'
          ),
          t(
            'setup.fix.keys-tls',
            'With https and a private authority, name its file in grafana.caFile of the collector.'
          ),
        ],
      };
    case 'flag-off':
      return {
        title: t('setup.fault.flag-off', 'The fleet is switched off at the collector'),
        steps: [
          t(
            'setup.fix.flag-off',
            'Set SMART_FLEET_V2_ENABLED (or smartFleet.enabled in its file) to true for the collector, and restart it.'
          ),
        ],
      };
    case 'not-ready':
      return {
        title: t('setup.fault.not-ready', 'The collector is there and not ready'),
        steps: [
          t(
            'setup.fix.not-ready',
            'Wait until it has started. If it stays like this, its log and {{url}}/readyz say what is missing.',
            { url }
          ),
        ],
      };
    case 'busy':
      return {
        title: t('setup.fault.busy', 'The collector is busy'),
        steps: [t('setup.fix.busy', 'Wait a moment, and test again.')],
      };
    case 'failed':
      return {
        title: t('setup.fault.failed', 'The collector failed'),
        steps: [t('setup.fix.failed', 'Look into its log, and test again.')],
      };
  }
}
