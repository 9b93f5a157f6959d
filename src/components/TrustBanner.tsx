import { Trans } from '@grafana/i18n';
import { Alert, Stack, Text } from '@grafana/ui';
import type { FleetSummary } from '@openclaw-fleet/contract';
import { useState } from 'react';
import { t } from '../i18n.ts';
import { useConfirmOutage, useSummary } from '../api/fleet.ts';
import { verdictWord } from '../words.ts';
import { ActionButton } from './ActionButton.tsx';
import { ActionDialog } from './ActionDialog.tsx';
import { TimeAgo } from './TimeAgo.tsx';

/** Whether what a page shows can be trusted: loud while the fleet is not `normal`, and while demo timings are on. */
export function TrustBanner({ inPanel = false }: { readonly inPanel?: boolean }) {
  const { data } = useSummary();
  if (data === undefined) return null;
  return (
    <>
      {data.timings === 'demo' && !inPanel && (
        <Alert
          severity="info"
          title={t('components.trust.demo', 'Demo timings: this collector is 20 times faster than one in production')}
        />
      )}
      {data.verdict.value !== 'normal' && <Verdict summary={data} />}
    </>
  );
}

function Verdict({ summary: { verdict, expiryHeld, online, expected } }: { readonly summary: FleetSummary }) {
  const [asks, setAsks] = useState(false);
  const confirm = useConfirmOutage();
  const isBlind = verdict.value === 'blind';
  return (
    <Alert severity={verdict.value === 'partial' ? 'warning' : 'error'} title={verdictWord(verdict.value)}>
      <Stack direction="column" gap={1} alignItems="flex-start">
        <Text>{verdict.reason}</Text>
        {expiryHeld !== null && expiryHeld !== verdict.reason && <Text>{expiryHeld}</Text>}
        <Text variant="bodySmall">
          <Trans i18nKey="components.trust.since">Since</Trans> <TimeAgo at={verdict.since} />
        </Text>
        {isBlind && (
          <ActionButton role="approver" size="sm" variant="secondary" onClick={() => setAsks(true)}>
            <Trans i18nKey="components.trust.confirm-outage">Confirm a real outage</Trans>
          </ActionButton>
        )}
      </Stack>
      {asks && (
        <ActionDialog
          title={t('components.trust.outage-title', 'Confirm that the outage is real?')}
          confirm={t('components.trust.outage-confirm', 'The outage is real')}
          destructive
          onConfirm={(reason) => confirm.mutateAsync({ reason })}
          onDismiss={() => setAsks(false)}
        >
          <Trans i18nKey="components.trust.outage-text" values={{ online, expected }}>
            Only {'{{online}}'} of {'{{expected}}'} expected nodes report, so the collector may be at fault rather than
            the fleet, and nothing expires. If you confirm, silent nodes expire and alerts go out, until the fleet is no
            longer blind.
          </Trans>
        </ActionDialog>
      )}
    </Alert>
  );
}
