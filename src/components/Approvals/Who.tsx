import { Text } from '@grafana/ui';
import { t } from '../../i18n.ts';
import { useMe } from '../../api/fleet.ts';

interface Props {
  /** As the audit names them. */
  readonly actor: string;
  readonly name: string | null;
  /** Leaves the actor to the tooltip. */
  readonly short?: boolean;
}

/** Somebody who did something: by name, beside the actor that counts; or that it was the reader. */
export function Who({ actor, name, short = false }: Props) {
  const me = useMe();
  const isMe = me.data?.actor === actor;
  const text = isMe ? t('approvals.who.you', 'you') : (name ?? actor);
  return (
    <span title={actor}>
      {text}
      {!short && !isMe && name !== null && (
        <>
          {' '}
          <Text variant="bodySmall" color="secondary">
            ({actor})
          </Text>
        </>
      )}
    </span>
  );
}
