import { css } from '@emotion/css';
import { useStyles2 } from '@grafana/ui';

/** The head of a column that needs no words for who sees it. */
export function HiddenHead({ text }: { readonly text: string }) {
  const styles = useStyles2(getStyles);
  return (
    <th>
      <span className={styles.hidden}>{text}</span>
    </th>
  );
}

const getStyles = () => ({
  hidden: css({
    position: 'absolute',
    width: 1,
    height: 1,
    overflow: 'hidden',
    clipPath: 'inset(50%)',
    whiteSpace: 'nowrap',
  }),
});
