import { getBackendSrv } from '@grafana/runtime';
import { TextLink } from '@grafana/ui';
import { useQuery } from '@tanstack/react-query';
import { lastValueFrom } from 'rxjs';
import { failureOf } from '../../api/client.ts';
import type { FleetError } from '../../api/client.ts';
import { href, TARGET_DASHBOARD } from '../../constants.ts';
import { t } from '../../i18n.ts';

interface Props {
  readonly targetId: string;
  readonly dataSourceUid: string;
}

/** Leads to the dashboard of one target, where Grafana has it and the reader may see it. */
export function DashboardLink({ targetId, dataSourceUid }: Props) {
  const { data } = useQuery<readonly unknown[], FleetError>({
    queryKey: ['target-dashboard'],
    queryFn: async () => {
      // A search says "none" where reading it would be an error.
      const url = `/api/search?type=dash-db&dashboardUIDs=${TARGET_DASHBOARD}`;
      try {
        return (await lastValueFrom(getBackendSrv().fetch<readonly unknown[]>({ url, showErrorAlert: false }))).data;
      } catch (error) {
        throw failureOf(error);
      }
    },
    staleTime: Infinity,
    retry: false,
  });
  if (data === undefined || data.length === 0) return null;
  return (
    <TextLink href={href.targetDashboard(targetId, dataSourceUid)} icon="apps" inline={false}>
      {t('target.metrics.dashboard', 'More of it on the target dashboard')}
    </TextLink>
  );
}
