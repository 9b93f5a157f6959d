import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Stack, Text, useStyles2 } from '@grafana/ui';
import { useId } from 'react';
import type { ReactNode } from 'react';

interface Props {
  readonly title: string;
  /** Buttons and links beside the title. */
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** One part of the page under a heading of its own. */
export function Section({ title, actions, children }: Props) {
  const styles = useStyles2(getStyles);
  const id = useId();
  return (
    <section className={styles.section} aria-labelledby={id}>
      <Stack direction="column" gap={1.5}>
        <Stack direction="row" justifyContent="space-between" alignItems="center" gap={1} wrap="wrap">
          <h2 id={id} className={styles.title}>
            {title}
          </h2>
          {actions !== undefined && (
            <Stack direction="row" gap={1} wrap="wrap">
              {actions}
            </Stack>
          )}
        </Stack>
        {children}
      </Stack>
    </section>
  );
}

interface FactProps {
  readonly label: string;
  readonly children: ReactNode;
}
/** One fact of a list of facts. */
export function Fact({ label, children }: FactProps) {
  const styles = useStyles2(getStyles);
  return (
    <div className={styles.fact}>
      <dt>
        <Text variant="bodySmall" color="secondary">
          {label}
        </Text>
      </dt>
      <dd className={styles.value}>{children}</dd>
    </div>
  );
}

/** Facts side by side, as many as fit. */
export function Facts({ children }: { readonly children: ReactNode }) {
  return <dl className={useStyles2(getStyles).facts}>{children}</dl>;
}

const getStyles = (theme: GrafanaTheme2) => ({
  section: css({
    padding: theme.spacing(2),
    background: theme.colors.background.primary,
    border: `1px solid ${theme.colors.border.weak}`,
    borderRadius: theme.shape.radius.default,
    minWidth: 0,
  }),
  title: css({ ...theme.typography.h4, margin: 0 }),
  facts: css({
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fill, minmax(170px, 1fr))',
    gap: theme.spacing(1.5),
    margin: 0,
  }),
  fact: css({ minWidth: 0 }),
  value: css({ margin: 0, overflowWrap: 'anywhere' }),
});
