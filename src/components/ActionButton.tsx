import { css, cx } from '@emotion/css';
import { Button, Tooltip, useStyles2 } from '@grafana/ui';
import type { ButtonProps } from '@grafana/ui';
import type { Role } from '@openclaw-fleet/contract';
import { useLayoutEffect, useRef } from 'react';
import { missing } from '../permissions.ts';

type Props = Omit<ButtonProps, 'disabled' | 'tooltip'> & {
  readonly role: Role;
  /** Why it cannot be done now; null: it can. A missing permission goes before it. */
  readonly why?: string | null;
};

/** A button that says why it is disabled. It stays focusable, so that keyboards and screen readers reach the reason. */
export function ActionButton({ role, why = null, onClick, children, className, ...props }: Props) {
  const styles = useStyles2(getStyles);
  const reason = missing(role) ?? why;
  const off = reason !== null;
  const button = useRef<HTMLElement>(null);
  // The Button of @grafana/ui writes this attribute itself, and leaves out what it is given.
  useLayoutEffect(() => button.current?.setAttribute('aria-disabled', String(off)), [off]);
  // One element for both, because a dialog gives the focus back to the button, which may be disabled by then.
  return (
    <Tooltip ref={button} content={reason ?? ''} {...(!off && { show: false })}>
      <Button
        {...props}
        className={cx(className, off && styles.off)}
        onClick={off ? (event) => event.preventDefault() : onClick}
      >
        {children}
      </Button>
    </Tooltip>
  );
}

const getStyles = () => ({ off: css({ opacity: 0.5, '&, &:hover': { cursor: 'not-allowed' } }) });
