import { Trans } from '@grafana/i18n';
import { Button, Stack, Text } from '@grafana/ui';
import { t } from '../../i18n.ts';
import { ActionButton } from '../../components/ActionButton.tsx';
import { playbookOf, repairedAlike, targetIdsOf } from '../../components/FaultTable/faults.ts';
import type { Fault } from '../../components/FaultTable/faults.ts';
import { playbookWord } from '../../words.ts';

interface Props<Item extends Fault> {
  readonly items: readonly Item[];
  readonly chosen: readonly Item[];
  readonly onChoose: (items: readonly Item[]) => void;
  readonly onRepair: () => void;
}

/** What is chosen, and one repair for all of it. Says how to begin while nothing is. */
export function RepairBar<Item extends Fault>({ items, chosen, onChoose, onRepair }: Props<Item>) {
  const playbook = playbookOf(chosen);
  const [first] = chosen;
  if (playbook === undefined || first === undefined) return null;
  const targets = targetIdsOf(chosen).length;
  const alike = repairedAlike(first, items) as Item[];
  return (
    <Stack direction="row" gap={2} alignItems="center" wrap="wrap">
      <Text>
        {t('faults.bar.chosen', 'Selected: {{faults}}. Targets: {{targets}}.', { faults: chosen.length, targets })}
      </Text>
      <ActionButton role="operator" size="sm" icon="wrench" onClick={onRepair}>
        {t('faults.bar.repair', 'Repair: {{playbook}}', { playbook: playbookWord(playbook) })}
      </ActionButton>
      {alike.length > chosen.length && (
        <Button size="sm" variant="secondary" onClick={() => onChoose(alike)}>
          {t('faults.bar.alike', 'Select all {{count}} that it repairs', { count: alike.length })}
        </Button>
      )}
      <Button size="sm" variant="secondary" fill="text" onClick={() => onChoose([])}>
        <Trans i18nKey="faults.bar.none">Select none</Trans>
      </Button>
    </Stack>
  );
}
