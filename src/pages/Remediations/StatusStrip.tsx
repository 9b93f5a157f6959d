import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Text, useStyles2 } from '@grafana/ui';
import type { RemediationStatus } from '@openclaw-fleet/contract';
import type { ReactNode } from 'react';
import { t } from '../../i18n.ts';
import { refusalWord } from '../../components/RepairDialog/plan-words.ts';

/** Whether anything begins by itself, in words. */
export function automationWords({ enabled, percent, held }: RemediationStatus['automation']): string {
  if (!enabled) return t('remediations.automation.off', 'Off');
  const on = t('remediations.automation.on', 'On for {{percent}} % of the nodes', { percent });
  return held === null
    ? on
    : t('remediations.automation.held', 'Held back: {{why}}', { why: refusalWord(held.reason) });
}

/** How repairs stand, in one line. */
export function StatusStrip({ status }: { readonly status: RemediationStatus }) {
  const styles = useStyles2(getStyles);
  const { automation, inFlight, inFlightCap, pendingApprovals, holds } = status;
  return (
    <dl className={styles.strip} aria-label={t('remediations.strip.label', 'How repairs stand')}>
      <Fact label={t('remediations.strip.automation', 'Automation')}>
        {automationWords(automation)}
        {automation.enabled && automation.held !== null && (
          <Text element="p" variant="bodySmall" color="secondary">
            {automation.held.message}
          </Text>
        )}
      </Fact>
      <Fact label={t('remediations.strip.in-flight', 'Under way')}>
        {t('remediations.strip.of', '{{inFlight}} of {{cap}} at once', { inFlight, cap: inFlightCap })}
      </Fact>
      <Fact label={t('remediations.strip.pending', 'Wait for approval')}>{pendingApprovals}</Fact>
      <Fact label={t('remediations.strip.holds', 'Held back')}>
        {t('remediations.strip.count', '{{count}} holds', { count: holds.length })}
      </Fact>
    </dl>
  );
}

const Fact = ({ label, children }: { readonly label: string; readonly children: ReactNode }) => (
  <div>
    <dt>{label}</dt>
    <dd>{children}</dd>
  </div>
);

const getStyles = (theme: GrafanaTheme2) => ({
  strip: css({
    display: 'grid',
    gridTemplateColumns: 'minmax(0, 2fr) repeat(3, minmax(0, 1fr))',
    gap: theme.spacing(2),
    margin: 0,
    padding: theme.spacing(1.5, 2),
    background: theme.colors.background.secondary,
    borderRadius: theme.shape.radius.default,
    dt: {
      color: theme.colors.text.secondary,
      fontSize: theme.typography.bodySmall.fontSize,
      fontWeight: theme.typography.fontWeightRegular,
    },
    dd: { margin: 0, fontSize: theme.typography.h5.fontSize },
  }),
});
