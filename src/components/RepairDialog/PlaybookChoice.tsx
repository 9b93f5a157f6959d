import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Trans } from '@grafana/i18n';
import { Button, RadioButtonList, Stack, Text, useStyles2 } from '@grafana/ui';
import { PLAYBOOK_IDS } from '@openclaw-fleet/contract';
import type { PlaybookId } from '@openclaw-fleet/contract';
import { useId, useState } from 'react';
import { t } from '../../i18n.ts';
import { playbookWord } from '../../words.ts';

const about = (playbook: PlaybookId): string =>
  ({
    BridgeStuck: t(
      'repair.playbook.bridge-stuck',
      'Restarts a gateway that hangs, or a bridge whose heartbeats stopped.'
    ),
    ConfigDrift: t('repair.playbook.config-drift', 'Applies the desired configuration, and reloads where needed.'),
    FailureBurst: t('repair.playbook.failure-burst', 'Disables the jobs that fail, and enables them one by one.'),
  })[playbook];

interface Props {
  /** What was chosen; null: nothing yet. */
  readonly value: PlaybookId | null;
  /** A choice was made for the person: it is shown, and another one is a click away. */
  readonly suggested: boolean;
  readonly onChange: (playbook: PlaybookId) => void;
}

/** Which playbook repairs it. */
export function PlaybookChoice({ value, suggested, onChange }: Props) {
  const [open, setOpen] = useState(false);
  const name = useId();
  const legend = useStyles2(getStyles);
  if (suggested && !open)
    return (
      <Stack direction="row" alignItems="center" gap={1} wrap="wrap">
        <Text weight="medium">{value === null ? '' : playbookWord(value)}</Text>
        <Button variant="secondary" fill="text" size="sm" onClick={() => setOpen(true)}>
          <Trans i18nKey="repair.playbook.other">Choose another playbook</Trans>
        </Button>
      </Stack>
    );
  return (
    <fieldset>
      <legend className={legend}>{t('repair.playbook.label', 'Playbook')}</legend>
      <RadioButtonList<PlaybookId | 'none'>
        name={name}
        options={PLAYBOOK_IDS.map((each) => ({ value: each, label: playbookWord(each), description: about(each) }))}
        value={value ?? 'none'}
        onChange={(chosen) => {
          if (chosen !== 'none') onChange(chosen);
        }}
      />
    </fieldset>
  );
}

const getStyles = ({ typography }: GrafanaTheme2) =>
  css({ fontSize: typography.bodySmall.fontSize, fontWeight: typography.fontWeightMedium, margin: 0, border: 0 });
