import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Stack, Text, useStyles2 } from '@grafana/ui';
import { useId } from 'react';
import type { ReactNode } from 'react';

interface Props {
  readonly title: string;
  readonly hint?: string;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** A titled part of a page. */
export function Group({ title, hint, actions, children }: Props) {
  const styles = useStyles2(getStyles);
  const id = useId();
  return (
    <section aria-labelledby={id} className={styles.box}>
      <Stack direction="column" gap={2}>
        <Stack direction="row" justifyContent="space-between" alignItems="center" wrap="wrap" gap={1}>
          <Text element="h2" variant="h4" id={id}>
            {title}
          </Text>
          {actions}
        </Stack>
        {hint !== undefined && <Text color="secondary">{hint}</Text>}
        {children}
      </Stack>
    </section>
  );
}

/** Groups side by side where there is room, each as tall as it is. */
export function Columns({ children }: { readonly children: ReactNode }) {
  return <div className={useStyles2(getStyles).columns}>{children}</div>;
}

const getStyles = (theme: GrafanaTheme2) => ({
  columns: css({
    columnWidth: 420,
    columnGap: theme.spacing(2),
    '> section': { breakInside: 'avoid', marginBottom: theme.spacing(2) },
  }),
  box: css({
    padding: theme.spacing(2),
    background: theme.colors.background.secondary,
    border: `1px solid ${theme.colors.border.weak}`,
    borderRadius: theme.shape.radius.default,
    minWidth: 0,
  }),
});
