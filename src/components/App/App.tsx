import type { AppRootProps } from '@grafana/data';
import { lazy } from 'react';
import { Navigate, Route, Routes } from 'react-router-dom';
import { href, PAGES } from '../../constants.ts';
import { isEnabled, lacking } from '../../settings.ts';
import type { FleetSettings } from '../../settings.ts';
import { FleetProviders } from '../FleetProviders.tsx';
import { NotConfigured, SwitchedOff } from '../states.tsx';
import { AppErrorBoundary } from './AppErrorBoundary.tsx';

const FleetPage = lazy(() => import('../../pages/Fleet/FleetPage.tsx'));
const TargetPage = lazy(() => import('../../pages/Target/TargetPage.tsx'));
const ViolationsPage = lazy(() => import('../../pages/Faults/ViolationsPage.tsx'));
const DriftPage = lazy(() => import('../../pages/Faults/DriftPage.tsx'));
const RemediationsPage = lazy(() => import('../../pages/Remediations/RemediationsPage.tsx'));
const RunPage = lazy(() => import('../../pages/Remediations/RunPage.tsx'));
const BatchPage = lazy(() => import('../../pages/Remediations/BatchPage.tsx'));
const PoliciesPage = lazy(() => import('../../pages/Policies/PoliciesPage.tsx'));
const PolicyPage = lazy(() => import('../../pages/Policies/PolicyPage.tsx'));
const ConfigurationsPage = lazy(() => import('../../pages/Configurations/ConfigurationsPage.tsx'));
const ConfigurationPage = lazy(() => import('../../pages/Configurations/ConfigurationPage.tsx'));
const AuditPage = lazy(() => import('../../pages/Audit/AuditPage.tsx'));
const RunbookPage = lazy(() => import('../../pages/Runbooks/RunbookPage.tsx'));
const NotFoundPage = lazy(() => import('../../pages/NotFoundPage.tsx'));

/** The app: its runbooks whatever state the fleet's part of it is in, for that may be what one is read for. */
export default function App({ meta }: AppRootProps<FleetSettings>) {
  const settings = meta.jsonData ?? {};
  const runbook = (
    <FleetProviders settings={settings} events={false}>
      <RunbookPage />
    </FleetProviders>
  );
  return (
    <AppErrorBoundary>
      <Routes>
        <Route path={PAGES.runbooks} element={runbook} />
        <Route path={`${PAGES.runbooks}/:alert`} element={runbook} />
        <Route path="*" element={<FleetPages settings={settings} />} />
      </Routes>
    </AppErrorBoundary>
  );
}

/** The pages of the fleet. Nothing is asked of the collector before it is set up, or while the flag is off. */
function FleetPages({ settings }: { readonly settings: FleetSettings }) {
  if (!isEnabled(settings)) return <SwitchedOff />;
  // Grafana tells viewers nothing of secrets, so only a missing address is seen here; a missing secret is the collector's word.
  if (lacking(settings, true) !== null) return <NotConfigured />;
  return (
    <FleetProviders settings={settings} events>
      <Routes>
        <Route path="" element={<Navigate to={href.fleet()} replace />} />
        <Route path={PAGES.fleet} element={<FleetPage />} />
        <Route path={`${PAGES.target}/:targetId`} element={<TargetPage />} />
        <Route path={PAGES.violations} element={<ViolationsPage />} />
        <Route path={PAGES.drift} element={<DriftPage />} />
        <Route path={PAGES.remediations} element={<RemediationsPage />} />
        <Route path={`${PAGES.remediations}/runs/:runId`} element={<RunPage />} />
        <Route path={`${PAGES.remediations}/batches/:batchId`} element={<BatchPage />} />
        <Route path={PAGES.policies} element={<PoliciesPage />} />
        <Route path={`${PAGES.policies}/:policyId`} element={<PolicyPage />} />
        <Route path={PAGES.configurations} element={<ConfigurationsPage />} />
        <Route path={`${PAGES.configurations}/:configId`} element={<ConfigurationPage />} />
        <Route path={PAGES.audit} element={<AuditPage />} />
        <Route path="*" element={<NotFoundPage />} />
      </Routes>
    </FleetProviders>
  );
}
