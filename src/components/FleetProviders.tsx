import { QueryClientProvider } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import type { ReactNode } from 'react';
import { followEvents } from '../api/events.ts';
import { LiveProvider } from '../api/poll.ts';
import { createQueryClient } from '../api/query-client.ts';
import { SettingsProvider } from '../settings.ts';
import type { FleetSettings } from '../settings.ts';

interface Props {
  readonly settings: FleetSettings;
  /** Whether to follow the event stream; a panel polls, since browsers open few connections to one host. */
  readonly events: boolean;
  readonly children: ReactNode;
}

/** The cache, the settings and the event stream that pages and panels stand on. */
export function FleetProviders({ settings, events, children }: Props) {
  const client = useMemo(() => createQueryClient(), []);
  const [live, setLive] = useState(false);
  useEffect(() => (events ? followEvents({ client, onLive: setLive }) : undefined), [client, events]);
  return (
    <QueryClientProvider client={client}>
      <SettingsProvider value={settings}>
        <LiveProvider value={live}>{children}</LiveProvider>
      </SettingsProvider>
    </QueryClientProvider>
  );
}
