import type { NavModelItem } from '@grafana/data';
import { PluginPage } from '@grafana/runtime';
import { Stack } from '@grafana/ui';
import type { ReactNode } from 'react';
import { TrustBanner } from './TrustBanner.tsx';

interface Props {
  readonly title: string;
  readonly subTitle?: ReactNode;
  /** Buttons at the right of the title. */
  readonly actions?: ReactNode;
  /** The page above this one, where there is one. */
  readonly parent?: NavModelItem;
  readonly children: ReactNode;
}

/** What every page has: its title, and first of all whether the view can be trusted. */
export function PageFrame({ title, subTitle, actions, parent, children }: Props) {
  // A page of the menu has its breadcrumb from there already.
  const pageNav: NavModelItem = parent
    ? { text: title, parentItem: parent }
    : { text: title, hideFromBreadcrumbs: true };
  return (
    <PluginPage pageNav={pageNav} subTitle={subTitle} actions={actions}>
      <Stack direction="column" gap={2}>
        <TrustBanner />
        {children}
      </Stack>
    </PluginPage>
  );
}
