import { Trans } from '@grafana/i18n';
import { Alert, Combobox, Field, Stack, Text } from '@grafana/ui';
import { useId } from 'react';
import { t } from '../../i18n.ts';
import { useConfigDiff, useConfigs } from '../../api/configurations.ts';
import { useTargetNames } from '../../api/target-names.ts';
import { Differences } from '../../components/FaultTable/Differences.tsx';
import { shortHash } from '../../components/FaultTable/hash.ts';
import { Loadable } from '../../components/Loadable.tsx';
import { Loading } from '../../components/states.tsx';
import { useUrlState } from '../../hooks/use-url-state.ts';

/** As many as the collector gives at a time: enough to choose from. */
const MOST = 500;
/** Names of targets that are offered at a time. */
const OFFERED = 100;

/** Compares a revision with another, or with what a target reported last; the address says which. */
export function Compare({ id }: { readonly id: string }) {
  const field = useId();
  const url = useUrlState();
  const [to, target] = [url.get('to'), url.get('target')];
  const { data } = useConfigs({ limit: MOST });
  const names = useTargetNames();
  const others = (data?.pages.flatMap((page) => page.items) ?? []).filter((each) => each.id !== id);
  const titleOf = (revision: string): string =>
    others.find((each) => each.id === revision)?.title ?? shortHash(revision);
  const offered = (text: string): Promise<{ value: string; label: string }[]> => {
    const wanted = text.trim().toLowerCase();
    const found = names.all.filter((each) => each.name.toLowerCase().includes(wanted) || each.id.includes(wanted));
    return Promise.resolve(found.slice(0, OFFERED).map((each) => ({ value: each.id, label: each.name })));
  };
  return (
    <Stack direction="column" gap={2}>
      <Text element="h2" variant="h4">
        <Trans i18nKey="configurations.compare.title">Compare</Trans>
      </Text>
      <Stack direction="row" gap={2} wrap="wrap">
        <Field label={t('configurations.compare.to', 'With another revision')} htmlFor={`${field}-to`} noMargin>
          <Combobox
            id={`${field}-to`}
            options={others.map((each) => ({ value: each.id, label: each.title, description: shortHash(each.id) }))}
            value={to === null ? null : { value: to, label: titleOf(to) }}
            placeholder={t('configurations.compare.choose', 'Choose one')}
            isClearable
            width={40}
            onChange={(chosen) => url.set({ to: chosen?.value ?? null, target: null })}
          />
        </Field>
        <Field
          label={t('configurations.compare.target', 'With what a target runs')}
          htmlFor={`${field}-target`}
          noMargin
        >
          <Combobox
            id={`${field}-target`}
            options={offered}
            value={target === null ? null : { value: target, label: names.nameOf(target) }}
            placeholder={t('configurations.compare.choose-target', 'Type a name')}
            isClearable
            width={40}
            onChange={(chosen) => url.set({ target: chosen?.value ?? null, to: null })}
          />
        </Field>
      </Stack>
      {to !== null ? (
        <Difference key={to} id={id} query={{ to }} other={titleOf(to)} />
      ) : target !== null ? (
        <Difference key={target} id={id} query={{ target }} other={names.nameOf(target)} />
      ) : null}
    </Stack>
  );
}

interface DifferenceProps {
  readonly id: string;
  readonly query: { readonly to: string } | { readonly target: string };
  readonly other: string;
}

function Difference({ id, query, other }: DifferenceProps) {
  const diff = useConfigDiff(id, query);
  return (
    <Loadable query={diff}>
      {({ equal, differences }) => {
        // What was compared before stays until the answer is there; here that would be a lie.
        if (diff.isPlaceholderData) return <Loading />;
        if (equal)
          return (
            <Alert
              severity="success"
              title={t('configurations.compare.equal', '{{other}} has the same values at the managed paths', { other })}
            />
          );
        return (
          <Differences differences={differences} sides={[t('configurations.compare.this', 'This revision'), other]} />
        );
      }}
    </Loadable>
  );
}
