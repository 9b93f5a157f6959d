import { Trans } from '@grafana/i18n';
import { Alert, Button, Stack } from '@grafana/ui';
import { useMemo } from 'react';
import { t } from '../../i18n.ts';
import { useAudit } from '../../api/audit.ts';
import { usePeople } from '../../api/people.ts';
import { useTargetNames } from '../../api/target-names.ts';
import { ROWS } from '../../components/FaultTable/PagedTable.tsx';
import { Loadable } from '../../components/Loadable.tsx';
import { PageFrame } from '../../components/PageFrame.tsx';
import { Empty, Loading } from '../../components/states.tsx';
import { useUrlState } from '../../hooks/use-url-state.ts';
import { missing } from '../../permissions.ts';
import { AuditFilters } from './AuditFilters.tsx';
import { AuditExportButton, AuditHead } from './AuditProof.tsx';
import { AuditTable } from './AuditTable.tsx';
import { instants } from './range.ts';

/** Who did what, as whom, when and why. Needs the role approver. */
export default function AuditPage() {
  const lacks = missing('approver');
  return (
    <PageFrame title={t('audit.title', 'Audit')} subTitle={t('audit.subtitle', 'Who did what, as whom, when and why.')}>
      {lacks === null ? (
        <Audit />
      ) : (
        <Alert severity="info" title={t('audit.not-permitted', 'You are not permitted to read the audit')}>
          {lacks}
        </Alert>
      )}
    </PageFrame>
  );
}

function Audit() {
  const url = useUrlState();
  const [actor, action, subject] = [url.get('actor'), url.get('action'), url.get('subject')];
  const [from, to] = [url.get('from'), url.get('to')];
  // Relative ends are of the moment when they were chosen, or every render would ask anew.
  const range = useMemo(() => instants(from, to), [from, to]);
  const filter = { actor, action, subject, ...range };
  const partial = [actor, action, subject].some((each) => (each ?? '') !== '');
  const any = partial || Object.keys(range).length > 0;
  const clear = (): void => url.set({ actor: null, action: null, subject: null, from: null, to: null });
  const people = usePeople();
  const { nameOf } = useTargetNames();
  const query = useAudit({ ...filter, limit: ROWS });
  const items = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data]);
  return (
    <Stack direction="column" gap={2}>
      <AuditFilters url={url} people={people} any={any} onClear={clear} />
      <AuditExportButton query={filter} partial={partial} />
      <Loadable query={query}>
        {() => {
          if (items.length === 0 && query.isPlaceholderData) return <Loading />;
          if (items.length === 0) return any ? <NothingMatches onClear={clear} /> : <NothingYet />;
          return (
            <div aria-busy={query.isPlaceholderData} style={{ opacity: query.isPlaceholderData ? 0.5 : 1 }}>
              <AuditTable
                items={items}
                people={people}
                nameOf={nameOf}
                more={
                  query.hasNextPage
                    ? { busy: query.isFetchingNextPage, load: () => void query.fetchNextPage() }
                    : undefined
                }
              />
            </div>
          );
        }}
      </Loadable>
      <AuditHead />
    </Stack>
  );
}

const NothingMatches = ({ onClear }: { readonly onClear: () => void }) => (
  <Empty
    title={t('audit.empty.no-match', 'Nothing matches')}
    button={
      <Button variant="secondary" onClick={onClear}>
        <Trans i18nKey="audit.filter.clear">Clear filters</Trans>
      </Button>
    }
  >
    <Trans i18nKey="audit.empty.no-match-text">
      No record fits all of the filters. Who, action and subject are found as they are written.
    </Trans>
  </Empty>
);

const NothingYet = () => (
  <Empty title={t('audit.empty.none', 'Nothing was recorded yet')}>
    <Trans i18nKey="audit.empty.none-text">
      Every change that a person, a token or the collector itself makes will stand here.
    </Trans>
  </Empty>
);
