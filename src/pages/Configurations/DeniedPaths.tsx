import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Trans } from '@grafana/i18n';
import { Collapse, Text, useStyles2 } from '@grafana/ui';
import { DENIED_SECTIONS } from '@openclaw-fleet/contract';
import { useState } from 'react';
import { t } from '../../i18n.ts';

/** What no revision may manage, and why. */
export function DeniedPaths() {
  const styles = useStyles2(getStyles);
  const [open, setOpen] = useState(false);
  return (
    <Collapse
      label={t('configurations.denied.title', 'What no revision may manage')}
      isOpen={open}
      onToggle={() => setOpen(!open)}
    >
      <Text element="p">
        <Trans i18nKey="configurations.denied.text">
          Who may write a revision must not thereby run a command on every gateway, open one to the network, read its
          secrets or answer in its name. So these sections are refused, whoever asks, as are settings of programs,
          addresses and permissions wherever they stand.
        </Trans>
      </Text>
      <dl className={styles.list}>
        {DENIED_SECTIONS.map(({ path, why }) => (
          <div key={path} className={styles.pair}>
            <dt>{path}</dt>
            <dd>{why}</dd>
          </div>
        ))}
      </dl>
    </Collapse>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  list: css({ margin: theme.spacing(1, 0, 0) }),
  pair: css({
    display: 'grid',
    gridTemplateColumns: '180px 1fr',
    gap: theme.spacing(1),
    dt: { fontFamily: theme.typography.fontFamilyMonospace, fontWeight: theme.typography.fontWeightRegular },
    dd: { margin: 0 },
  }),
});
