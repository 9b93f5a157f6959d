import type { PanelProps } from '@grafana/data';
import { t } from '@grafana/i18n';
import { Stack, TextLink } from '@grafana/ui';
import type { PolicyViolation } from '@openclaw-fleet/contract';
import { useState } from 'react';
import { useViolations } from '../../api/faults.ts';
import { useFleetMap } from '../../api/fleet.ts';
import { ViolationsTable } from '../../components/FaultTable/ViolationsTable.tsx';
import { Loadable } from '../../components/Loadable.tsx';
import { RepairDialog } from '../../components/RepairDialog.tsx';
import { Empty } from '../../components/states.tsx';
import { href } from '../../constants.ts';
import { linksOf } from '../links.ts';
import { PanelShell } from '../PanelShell.tsx';
import { namesOf } from '../names.ts';
import type { ViolationsOptions } from './options.ts';

/** Open violations in a dashboard; a repair begins with its plan, as on the app's pages. */
export function ViolationsPanel(props: PanelProps<ViolationsOptions>) {
  return (
    <PanelShell>
      <Content {...props} />
    </PanelShell>
  );
}

function Content({ options, fieldConfig, replaceVariables }: PanelProps<ViolationsOptions>) {
  const zone = namesOf(options.zones, replaceVariables);
  const target = replaceVariables(options.target).trim();
  const query = { zone, target, severity: options.severities, limit: options.limit };
  const violations = useViolations(query);
  const [repairs, setRepairs] = useState<PolicyViolation | null>(null);
  return (
    <>
      <Loadable query={violations}>
        {({ pages }) => {
          const items = pages.flatMap((page) => page.items).slice(0, options.limit);
          // A zone or target that does not exist has none either.
          const some = [...zone, target, ...(options.severities ?? [])].filter((each) => each !== '');
          if (items.length === 0)
            return some.length > 0 ? (
              <Empty title={t('panels.violations.no-match', 'No open violation matches the options of this panel')}>
                {some.join(', ')}
              </Empty>
            ) : (
              <Empty good title={t('panels.violations.none', 'No open violations')} />
            );
          const total = pages[0]?.total ?? items.length;
          return (
            <Stack direction="column" gap={1}>
              <ViolationsTable items={items} onRepair={setRepairs} compact />
              <Links items={items} links={fieldConfig.defaults.links} replaceVariables={replaceVariables} />
              {total > items.length && (
                <TextLink href={href.violations()} inline={false}>
                  {t('panels.violations.more', 'All {{total}} violations', { total })}
                </TextLink>
              )}
            </Stack>
          );
        }}
      </Loadable>
      {repairs !== null && (
        <RepairDialog
          targets={[{ id: repairs.targetId, name: repairs.targetId }]}
          playbook={repairs.suggestedPlaybookId}
          onDismiss={() => setRepairs(null)}
        />
      )}
    </>
  );
}

interface LinksProps extends Pick<PanelProps, 'replaceVariables'> {
  readonly items: readonly PolicyViolation[];
  readonly links: PanelProps['fieldConfig']['defaults']['links'];
}

/** The panel's data links, for each target that is shown once. */
function Links({ items, links, replaceVariables }: LinksProps) {
  const wanted = links !== undefined && links.length > 0;
  const { data } = useFleetMap({}, wanted);
  if (!wanted) return null;
  const targets = new Map((data?.items ?? []).map((each) => [each.id, each]));
  const ids = [...new Set(items.map(({ targetId }) => targetId))];
  return (
    <Stack direction="row" gap={2} wrap="wrap">
      {ids.flatMap((id) =>
        linksOf(links, targets.get(id) ?? { id, name: id, zone: '' }, replaceVariables).map(
          ({ title, href: to, newTab }) => (
            <TextLink key={`${id} ${to}`} href={to} external={newTab}>
              {`${targets.get(id)?.name ?? id}: ${title}`}
            </TextLink>
          )
        )
      )}
    </Stack>
  );
}
