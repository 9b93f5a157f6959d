import { Button, Tooltip } from '@grafana/ui';
import type { ButtonProps } from '@grafana/ui';
import type { Role } from '@openclaw-fleet/contract';
import { missing } from '../permissions.ts';

type Props = Omit<ButtonProps, 'disabled' | 'tooltip'> & {
  readonly role: Role;
  /** Why it cannot be done now; null: it can. A missing permission goes before it. */
  readonly why?: string | null;
};

/** A button that says why it is disabled. It stays focusable, so that keyboards and screen readers reach the reason. */
export function ActionButton({ role, why = null, onClick, children, ...props }: Props) {
  const reason = missing(role) ?? why;
  if (reason === null)
    return (
      <Button {...props} onClick={onClick}>
        {children}
      </Button>
    );
  return (
    <Tooltip content={reason}>
      <Button {...props} aria-disabled onClick={(event) => event.preventDefault()} style={{ opacity: 0.5 }}>
        {children}
      </Button>
    </Tooltip>
  );
}
