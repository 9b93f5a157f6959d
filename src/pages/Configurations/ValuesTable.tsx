import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Trans } from '@grafana/i18n';
import { Badge, useStyles2 } from '@grafana/ui';
import { isSecretReference } from '@openclaw-fleet/contract';
import type { ConfigValues, Json } from '@openclaw-fleet/contract';
import { useMemo } from 'react';
import { t } from '../../i18n.ts';
import { PagedTable } from '../../components/FaultTable/PagedTable.tsx';

/** Managed paths with their values, by path. */
export function ValuesTable({ values }: { readonly values: ConfigValues }) {
  const styles = useStyles2(getStyles);
  const items = useMemo(() => Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)), [values]);
  return (
    <PagedTable
      label={t('configurations.values.table', 'Managed paths')}
      items={items}
      head={
        <>
          <th>
            <Trans i18nKey="configurations.values.path">Path</Trans>
          </th>
          <th>
            <Trans i18nKey="configurations.values.value">Value</Trans>
          </th>
        </>
      }
      row={([path, value]) => (
        <tr key={path}>
          <th scope="row" className={styles.path}>
            {path}
          </th>
          <td>
            <Value value={value} />
          </td>
        </tr>
      )}
    />
  );
}

function Value({ value }: { readonly value: Json }) {
  const styles = useStyles2(getStyles);
  const name = isSecretReference(value) ? (value as { $secretRef: string }).$secretRef : null;
  if (name !== null)
    return <Badge color="purple" icon="lock" text={t('configurations.values.secret', 'Secret: {{name}}', { name })} />;
  return <pre className={styles.value}>{JSON.stringify(value, null, 2)}</pre>;
}

const getStyles = (theme: GrafanaTheme2) => ({
  path: css({
    width: '40%',
    overflowWrap: 'anywhere',
    fontFamily: theme.typography.fontFamilyMonospace,
    '&&': { whiteSpace: 'normal', color: theme.colors.text.primary, fontWeight: theme.typography.fontWeightRegular },
  }),
  value: css({
    margin: 0,
    padding: 0,
    border: 'none',
    background: 'none',
    fontSize: theme.typography.bodySmall.fontSize,
    whiteSpace: 'pre-wrap',
    overflowWrap: 'anywhere',
  }),
});
