import { Trans } from '@grafana/i18n';
import { Button, Field, Input, Stack, Text, TextLink } from '@grafana/ui';
import type { PolicyProfile } from '@openclaw-fleet/contract';
import { memo, useState } from 'react';
import { usePolicies } from '../../api/policies.ts';
import { ActionButton } from '../../components/ActionButton.tsx';
import { PagedTable } from '../../components/FaultTable/PagedTable.tsx';
import { Loadable } from '../../components/Loadable.tsx';
import { PageFrame } from '../../components/PageFrame.tsx';
import { Empty } from '../../components/states.tsx';
import { TimeAgo, useNow } from '../../components/TimeAgo.tsx';
import { href } from '../../constants.ts';
import { useUrlState } from '../../hooks/use-url-state.ts';
import { t } from '../../i18n.ts';
import { FromFile } from './marks.tsx';
import { NewPolicyDialog } from './NewPolicyDialog.tsx';
import { nextEnd, SOON_MS, waiverState } from './waivers/waivers.ts';
import { WindowsNow } from './windows/WindowsNow.tsx';
import { driftModeText, driftModeWord } from './words.ts';

/** What is expected of targets: every profile, and whether anything about it needs a look. */
export default function PoliciesPage() {
  const policies = usePolicies();
  const url = useUrlState();
  const [isNew, setIsNew] = useState(false);
  const text = url.get('q') ?? '';
  return (
    <PageFrame
      title={t('policies.title', 'Policies')}
      subTitle={t(
        'policies.subtitle',
        'What is expected of targets, and what the fleet may do about drift by itself. Every target has exactly one policy.'
      )}
      actions={
        <ActionButton role="approver" icon="plus" onClick={() => setIsNew(true)}>
          <Trans i18nKey="policies.new">New policy</Trans>
        </ActionButton>
      }
    >
      <Loadable query={policies}>
        {({ items }) => (
          <>
            <Field label={t('policies.search', 'Search')} htmlFor="policies-search" noMargin>
              <Input
                id="policies-search"
                width={40}
                value={text}
                placeholder={t('policies.search-hint', 'Name, id or owner')}
                onChange={(event) => url.set({ q: event.currentTarget.value })}
              />
            </Field>
            <List items={items.filter((each) => matches(each, text))} onClear={() => url.set({ q: null })} />
          </>
        )}
      </Loadable>
      {isNew && <NewPolicyDialog onDismiss={() => setIsNew(false)} />}
    </PageFrame>
  );
}

function matches({ id, name, owner }: PolicyProfile, text: string): boolean {
  const sought = text.trim().toLowerCase();
  return [id, name, owner ?? ''].some((each) => each.toLowerCase().includes(sought));
}

function List({ items, onClear }: { readonly items: readonly PolicyProfile[]; readonly onClear: () => void }) {
  if (items.length === 0)
    return (
      <Empty
        title={t('policies.no-match', 'No policy matches')}
        button={
          <Button variant="secondary" onClick={onClear}>
            <Trans i18nKey="policies.clear">Clear the search</Trans>
          </Button>
        }
      />
    );
  return (
    <PagedTable
      label={t('policies.title', 'Policies')}
      items={items}
      head={
        <>
          <th scope="col">{t('policies.column.policy', 'Policy')}</th>
          <th scope="col">{t('policies.column.owner', 'Owner')}</th>
          <th scope="col">{t('policies.column.mode', 'About drift')}</th>
          <th scope="col">{t('policies.column.targets', 'Targets')}</th>
          <th scope="col">{t('policies.column.windows', 'Maintenance windows')}</th>
          <th scope="col">{t('policies.column.waivers', 'Waivers')}</th>
          <th scope="col">{t('policies.column.version', 'Version')}</th>
        </>
      }
      row={(each) => <Row key={each.id} policy={each} />}
    />
  );
}

const Row = memo(function Row({ policy }: { readonly policy: PolicyProfile }) {
  const { id, name, owner, driftMode, targets, windows, version, provisioned, updatedAt } = policy;
  return (
    <tr>
      <th scope="row">
        <TextLink href={href.policy(id)} inline={false}>
          {name}
        </TextLink>
        {name !== id && (
          <Text element="p" variant="bodySmall" color="secondary">
            {id}
          </Text>
        )}
      </th>
      <td>{owner ?? '–'}</td>
      <td title={driftModeText(driftMode)}>{driftModeWord(driftMode)}</td>
      <td>
        {targets === 0 ? (
          '0'
        ) : (
          <TextLink
            href={href.fleet(`?profile=${encodeURIComponent(id)}`)}
            inline={false}
            aria-label={t('policies.targets-of', '{{targets}} targets of {{name}}', { targets, name })}
          >
            {String(targets)}
          </TextLink>
        )}
      </td>
      <td>
        <WindowsNow windows={windows} />
      </td>
      <td>
        <Waivers waivers={policy.waivers} />
      </td>
      <td>
        <Stack direction="row" gap={1} alignItems="center" wrap="wrap">
          <span>
            {version}, <TimeAgo at={updatedAt} />
          </span>
          {provisioned && <FromFile />}
        </Stack>
      </td>
    </tr>
  );
});

function Waivers({ waivers }: Pick<PolicyProfile, 'waivers'>) {
  const nowMs = useNow();
  const active = waivers.filter((each) => waiverState(each, nowMs) !== 'ended').length;
  const ended = waivers.length - active;
  const end = nextEnd(waivers, nowMs);
  if (waivers.length === 0) return <span>–</span>;
  return (
    <Stack direction="column" gap={0}>
      <span>{t('policies.waivers.active', '{{active}} in effect', { active })}</span>
      {end !== null && Date.parse(end) - nowMs <= SOON_MS && (
        <Text color="warning" variant="bodySmall">
          <Trans i18nKey="policies.waivers.ends">one ends</Trans> <TimeAgo at={end} />
        </Text>
      )}
      {ended > 0 && (
        <Text color="secondary" variant="bodySmall">
          {t('policies.waivers.ended', '{{ended}} ended', { ended })}
        </Text>
      )}
    </Stack>
  );
}
