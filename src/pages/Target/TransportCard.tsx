import { Trans } from '@grafana/i18n';
import { Alert, Badge, Stack, Text } from '@grafana/ui';
import type { BridgeWay, FleetTarget } from '@openclaw-fleet/contract';
import { t } from '../../i18n.ts';
import { span, TimeAgo } from '../../components/TimeAgo.tsx';
import { Fact, Facts, Section } from './Section.tsx';
import { transportWord, wayState, wayWord } from './transport-words.ts';

interface Props {
  readonly target: FleetTarget;
}

/** How the collector reaches the bridge beside the gateway, and what came of it last. */
export function TransportCard({ target }: Props) {
  const { bridged, bridge, transport, environment, capabilities } = target;
  return (
    <Section title={t('target.transport.title', 'Transport')}>
      {!bridged && (
        <Alert
          bottomSpacing={0}
          severity="info"
          title={t('target.transport.unbridged', 'No bridge stands beside its gateway')}
        >
          <Trans i18nKey="target.transport.unbridged-text">
            It only sends heartbeats: it is listed and scored, and the fleet can neither look at its gateway nor repair
            it. Install a bridge to change that.
          </Trans>
        </Alert>
      )}
      {bridged && (
        <Facts>
          <Fact label={t('target.transport.kind', 'Kind')}>{transportWord(transport)}</Fact>
          <Fact label={t('target.transport.environment', 'Environment')}>{environment ?? '–'}</Fact>
          <Fact label={t('target.transport.capabilities', 'What its bridge can do')}>
            {capabilities.length > 0 ? capabilities.join(', ') : t('target.transport.nothing', 'Nothing')}
          </Fact>
        </Facts>
      )}
      {bridge?.ways.map((way) => (
        <Way key={way.way} way={way} />
      ))}
    </Section>
  );
}

const LOOKS = {
  open: ['green', 'check-circle'],
  failing: ['red', 'exclamation-circle'],
  untried: ['blue', 'question-circle'],
  closed: ['orange', 'exclamation-triangle'],
} as const;

function Way({ way }: { readonly way: BridgeWay }) {
  const state = wayState(way);
  const [color, icon] = LOOKS[state];
  const words = wayWord(way.way, state);
  return (
    <div>
      <Text element="h3" variant="h6">
        {words.title}
      </Text>
      <Stack direction="column" gap={1}>
        <Stack direction="row" gap={1} alignItems="center" wrap="wrap">
          <Badge color={color} icon={icon} text={words.state} />
          <Text>{way.missing ?? words.about}</Text>
        </Stack>
        <Facts>
          <Fact label={t('target.transport.address', 'Address')}>
            {way.address ?? t('target.transport.no-address', 'None')}
          </Fact>
          <Fact label={t('target.transport.last-ok', 'Last answer')}>
            <TimeAgo
              at={way.lastOkAt}
              never={t('target.transport.not-since-start', 'None since the collector started')}
            />
          </Fact>
          <Fact label={t('target.transport.last-error', 'Last error')}>
            {way.lastErrorAt === null ? (
              t('target.transport.not-since-start', 'None since the collector started')
            ) : (
              <>
                {way.lastError} (<TimeAgo at={way.lastErrorAt} />)
              </>
            )}
          </Fact>
        </Facts>
      </Stack>
    </div>
  );
}

/** What runs there, and how loaded it is. */
export function GatewayCard({ target }: Props) {
  const { reported, capacity, queueDepth, version, uptimeSeconds, publisher } = target;
  const queues = Object.entries(queueDepth);
  return (
    <Section title={t('target.gateway.title', 'Gateway and sender')}>
      {reported !== undefined && reported.healthReasons.length > 0 && (
        <Alert
          bottomSpacing={0}
          severity={reported.healthStatus === 'error' ? 'error' : 'warning'}
          title={t('target.gateway.says', 'What its bridge says of it')}
        >
          <ul>
            {reported.healthReasons.map((reason) => (
              <li key={reason}>{reason}</li>
            ))}
          </ul>
        </Alert>
      )}
      <Facts>
        {reported !== undefined && (
          <>
            <Fact label={t('target.gateway.state', 'Gateway')}>{reported.gatewayState}</Fact>
            <Fact label={t('target.gateway.health', 'Health it reports')}>{reported.healthStatus}</Fact>
            <Fact label={t('target.gateway.openclaw', 'OpenClaw version')}>{reported.openclawVersion ?? '–'}</Fact>
            <Fact label={t('target.gateway.bridge', 'Bridge version')}>{reported.bridgeVersion}</Fact>
            <Fact label={t('target.gateway.apply', 'Applying the configuration')}>{reported.applyStatus}</Fact>
            <Fact label={t('target.gateway.valid', 'Saved configuration is valid')}>{yesNo(reported.configValid)}</Fact>
            <Fact label={t('target.gateway.converged', 'Saved configuration is active')}>
              {yesNo(reported.configConverged)}
            </Fact>
            <Fact label={t('target.gateway.cpu', 'CPU')}>{percent(reported.metrics.cpuPct)}</Fact>
            <Fact label={t('target.gateway.memory', 'Memory')}>{megabytes(reported.metrics.memUsedBytes)}</Fact>
            <Fact label={t('target.gateway.pushes', 'Failed pushes in the last hour')}>
              {reported.metrics.failedPushes1h ?? '–'}
            </Fact>
          </>
        )}
        <Fact label={t('target.gateway.sender', 'Sender version')}>{version ?? '–'}</Fact>
        <Fact label={t('target.gateway.uptime', 'Sender is up since')}>
          {uptimeSeconds === null ? '–' : span(uptimeSeconds * 1000)}
        </Fact>
        {Object.entries(capacity).map(([name, amount]) => (
          <Fact key={name} label={t('target.gateway.capacity', 'Capacity: {{name}}', { name })}>
            {amount}
          </Fact>
        ))}
        {queues.map(([name, depth]) => (
          <Fact key={name} label={t('target.gateway.queue', 'Waiting in {{name}}', { name })}>
            {depth}
          </Fact>
        ))}
        {publisher?.buffered !== undefined && (
          <Fact label={t('target.gateway.buffered', 'Heartbeats not delivered yet')}>{publisher.buffered}</Fact>
        )}
      </Facts>
    </Section>
  );
}

const yesNo = (value: boolean | null): string =>
  value === null ? '–' : value ? t('target.yes', 'Yes') : t('target.no', 'No');
const percent = (value: number | undefined): string => (value === undefined ? '–' : `${String(Math.round(value))} %`);
const megabytes = (bytes: number | undefined): string =>
  bytes === undefined ? '–' : `${String(Math.round(bytes / 1_048_576))} MiB`;
