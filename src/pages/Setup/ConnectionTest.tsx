import { Trans } from '@grafana/i18n';
import { t } from '../../i18n.ts';
import { config } from '@grafana/runtime';
import { Alert, Button, Stack, Text } from '@grafana/ui';
import type { Role } from '@openclaw-fleet/contract';
import { useCallback, useEffect, useRef, useState } from 'react';
import { ask } from '../../api/setup.ts';
import { can } from '../../permissions.ts';
import { diagnose } from './diagnose.ts';
import type { Finding } from './diagnose.ts';
import { adviceOf } from './finding-words.ts';

interface Props {
  /** As saved: the test goes through Grafana, which knows nothing of what is being typed. */
  readonly url: string;
  readonly secretSet: boolean;
  /** Something was typed and is not saved. */
  readonly dirty: boolean;
  /** Tests once by itself, because the settings were saved just now. */
  readonly atOnce: boolean;
}

/** Asks the collector who it says we are and how its fleet is, and says what is wrong when it does not answer. */
export function ConnectionTest({ url, secretSet, dirty, atOnce }: Props) {
  const [finding, setFinding] = useState<Finding | null>(null);
  const [busy, setBusy] = useState(false);
  const under = useRef(false);
  const test = useCallback(async () => {
    if (under.current) return;
    under.current = true;
    setBusy(true);
    const asks = url.trim() !== '' && secretSet;
    const me = asks ? await ask('fleet/me') : null;
    // What stops the first question stops the second.
    const summary = me?.came === true && me.status === 200 ? await ask('fleet/summary') : null;
    setFinding(diagnose({ url, secretSet, me, summary }));
    under.current = false;
    setBusy(false);
  }, [url, secretSet]);
  useEffect(() => {
    if (atOnce) void test();
  }, [atOnce, test]);

  return (
    <Stack direction="column" gap={2} alignItems="flex-start">
      <Stack direction="row" gap={2} alignItems="center">
        <Button
          variant="secondary"
          icon={busy ? 'spinner' : 'plug'}
          disabled={dirty || busy}
          onClick={() => void test()}
          {...(dirty && {
            tooltip: t('setup.test.dirty', 'Save the settings first: the test uses those that are saved.'),
          })}
        >
          {busy ? t('setup.test.busy', 'Testing…') : t('setup.test.button', 'Test connection')}
        </Button>
        <Text color="secondary">
          <Trans i18nKey="setup.test.hint">Asks the collector through Grafana, with the settings that are saved.</Trans>
        </Text>
      </Stack>
      <div aria-live="polite" style={{ width: '100%' }}>
        {finding !== null && !busy && <Outcome finding={finding} url={url} />}
      </div>
    </Stack>
  );
}

function Outcome({ finding, url }: { readonly finding: Finding; readonly url: string }) {
  if (finding.code === 'ok') return <Success finding={finding} />;
  const { title, steps } = adviceOf(finding.code, {
    url,
    grafanaUrl: config.appUrl,
    status: finding.status,
  });
  return (
    <Alert severity={finding.code.startsWith('no-') ? 'info' : 'error'} title={title}>
      <Stack direction="column" gap={1}>
        {finding.said !== null && (
          <Text>
            <Trans i18nKey="setup.test.said">It said:</Trans> {finding.said}
          </Text>
        )}
        <ul style={{ paddingLeft: 16 }}>
          {steps.map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ul>
      </Stack>
    </Alert>
  );
}

const ROLES: readonly Role[] = ['viewer', 'operator', 'approver'];

function Success({ finding: { me, summary, ms } }: { readonly finding: Extract<Finding, { code: 'ok' }> }) {
  const { version, actor, name, role, kind } = me;
  const lacks = ROLES.filter((each) => ROLES.indexOf(each) > ROLES.indexOf(role));
  const facts: readonly (readonly [string, string])[] = [
    [
      t('setup.ok.version', 'Collector'),
      t('setup.ok.version-value', 'version {{version}}, answered in {{ms}} ms', { version, ms }),
    ],
    [t('setup.ok.who', 'It knows you as'), name === null ? actor : `${name} (${actor})`],
    [
      t('setup.ok.role', 'Your role there'),
      kind === 'person' ? role : t('setup.ok.kind', '{{role}}, not a person', { role }),
    ],
    [t('setup.ok.targets', 'Targets'), String(summary.total)],
    [
      t('setup.ok.timings', 'Timings'),
      summary.timings === 'demo' ? t('setup.ok.demo', 'demo') : t('setup.ok.production', 'production'),
    ],
  ];
  return (
    <>
      <Alert severity="success" title={t('setup.ok.title', 'The connection works')}>
        <dl style={{ display: 'grid', gridTemplateColumns: 'max-content 1fr', gap: '4px 16px', margin: 0 }}>
          {facts.map(([term, value]) => (
            <div key={term} style={{ display: 'contents' }}>
              <dt>{term}</dt>
              <dd style={{ margin: 0 }}>{value}</dd>
            </div>
          ))}
        </dl>
      </Alert>
      {summary.timings === 'demo' && (
        <Alert
          severity="warning"
          title={t('setup.ok.demo-title', 'This collector runs with demo timings: 20 times faster than in production')}
        >
          <Trans i18nKey="setup.ok.demo-text">
            It is for looking around on one machine. Set its timings to production before it watches a real fleet.
          </Trans>
        </Alert>
      )}
      {can('approver') && lacks.length > 0 && (
        <Alert
          severity="warning"
          title={t('setup.ok.lower', 'Grafana lets you do more than the collector does: it takes you for {{role}}', {
            role,
          })}
        >
          <Trans i18nKey="setup.ok.lower-text">
            The collector goes by your role in this organization of Grafana. Load this page again if your role has just
            changed.
          </Trans>
        </Alert>
      )}
    </>
  );
}
