import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Stack, Text, useStyles2 } from '@grafana/ui';
import { useId } from 'react';
import type { ReactNode } from 'react';

interface Props {
  readonly title: string;
  /** At the right of the title. */
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** A part of a page, under a heading of its own. */
export function Section({ title, actions, children }: Props) {
  const styles = useStyles2(getStyles);
  const id = useId();
  return (
    <section className={styles} aria-labelledby={id}>
      <Stack direction="row" justifyContent="space-between" alignItems="center" gap={1} wrap="wrap">
        <div id={id}>
          <Text element="h2" variant="h4">
            {title}
          </Text>
        </div>
        {actions}
      </Stack>
      {children}
    </section>
  );
}

const getStyles = (theme: GrafanaTheme2) => css({ display: 'grid', gap: theme.spacing(1), alignContent: 'start' });

/** Two columns where there is room for them. */
export function Columns({ children }: { readonly children: ReactNode }) {
  return <div className={useStyles2(getColumns)}>{children}</div>;
}

const getColumns = (theme: GrafanaTheme2) =>
  css({
    display: 'grid',
    gap: theme.spacing(3),
    alignItems: 'start',
    [theme.breakpoints.up('lg')]: { gridTemplateColumns: 'minmax(0, 3fr) minmax(0, 2fr)' },
    '> *': { display: 'grid', gap: theme.spacing(3) },
  });
