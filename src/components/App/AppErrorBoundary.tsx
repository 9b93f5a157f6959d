import { ErrorBoundaryAlert } from '@grafana/ui';
import type { ReactElement } from 'react';

/** What a fault of the app itself looks like: one page says so, and Grafana goes on. */
export const AppErrorBoundary = ({ children }: { readonly children: ReactElement }) => (
  <ErrorBoundaryAlert style="page">{children}</ErrorBoundaryAlert>
);
