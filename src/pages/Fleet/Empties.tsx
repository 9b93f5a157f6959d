import { Trans } from '@grafana/i18n';
import { PluginPage } from '@grafana/runtime';
import { Button, ClipboardButton, EmptyState, Stack, Text } from '@grafana/ui';
import { t } from '../../i18n.ts';
import { Empty } from '../../components/states.tsx';
import { missing } from '../../permissions.ts';

const ENROL = `npx openclaw-fleet enroll gw-1 --zone eu-west-1 \\
  --endpoint https://fleet.example.com:8443 \\
  --out ./gw-1 --node-dir /etc/openclaw-bridge/node`;

/** There is no target at all: how to get the first. */
export const NoTargets = () => (
  <EmptyState
    variant="call-to-action"
    message={t('fleet.empty.title', 'No gateway is enrolled yet')}
    button={
      <ClipboardButton getText={() => ENROL} icon="copy" variant="secondary">
        <Trans i18nKey="fleet.empty.copy">Copy the command</Trans>
      </ClipboardButton>
    }
  >
    <Stack direction="column" gap={1}>
      <Text>
        <Trans i18nKey="fleet.empty.run">
          Enrol the first one on the host of the collector, with the address that the gateway will reach it by:
        </Trans>
      </Text>
      <pre style={{ textAlign: 'left' }}>{ENROL}</pre>
      <Text>
        <Trans i18nKey="fleet.empty.then">
          Then copy the folder that it writes to the gateway and start the bridge there. It appears here within seconds
          of its first report.
        </Trans>
      </Text>
    </Stack>
  </EmptyState>
);

/** There are targets, and the filters leave none of them. */
export const NoMatches = ({ onClear }: { readonly onClear: () => void }) => (
  <Empty
    title={t('fleet.no-match.title', 'No node matches the filters')}
    button={
      <Button variant="secondary" onClick={onClear}>
        <Trans i18nKey="fleet.no-match.clear">Show all nodes</Trans>
      </Button>
    }
  />
);

export const NotPermitted = () => (
  <PluginPage>
    <Empty title={t('fleet.not-permitted.title', 'You are not permitted to see the fleet')}>{missing('viewer')}</Empty>
  </PluginPage>
);
