import type { Judgement, Playbook, StepContext } from './types.ts';

const SECOND = 1000;

/**
 * BridgeStuck (seed 000). Its faces (domain-rules section 6): `gateway-hung` and `gateway-unwell`, beside a bridge that lives
 * and restarts it; `beats-stale`: heartbeats stopped while the bridge's door answers, so it is asked to end itself for its
 * supervisor to start it anew. Where nothing answers, the witness ends the run as `unreachable`.
 * Limits: one restart a run; the node itself refuses more than 1 in 5 min and 3 in an hour.
 */
export const bridgeStuck: Playbook = {
  id: 'BridgeStuck',
  summary: 'Restarts a gateway that hangs, or a bridge whose heartbeats stopped, and verifies that it is well again.',
  anchor: 'bridgestuck',
  steps: [
    { does: 'witness', id: 'witness', title: 'Ask the bridge what it sees' },
    {
      does: 'verb',
      id: 'restart',
      title: 'Restart it safely',
      verb: 'restart',
      ask: ({ face, latest }) =>
        face === 'beats-stale'
          ? {
              instruction: { verb: 'restart', what: 'bridge' },
              gatewayBootId: null,
              words: 'The bridge was asked to end itself, for its supervisor to start it anew.',
            }
          : {
              instruction: { verb: 'restart', what: 'gateway' },
              // Somebody who restarted it meanwhile makes this one needless.
              gatewayBootId: latest.gateway_boot_id,
              words: 'The bridge was asked to restart its gateway.',
            },
      timeout: ({ gatewayStart, actionValidity }) => gatewayStart + actionValidity,
    },
    {
      does: 'verify',
      id: 'started',
      title: 'Verify that it runs and was started anew',
      judge: (context) => (context.face === 'beats-stale' ? bridgeStarted(context) : gatewayStarted(context)),
      timeout: ({ gatewayStart }) => gatewayStart,
    },
    {
      does: 'verify',
      id: 'metrics',
      title: "Verify the bridge's /metrics",
      judge: ({ latest }) =>
        latest.metrics_ok
          ? { is: 'holds', words: 'The bridge’s /metrics answers as it should.' }
          : { is: 'not-yet', words: 'The bridge’s /metrics does not answer as it should.' },
      timeout: ({ gatewayStart }) => gatewayStart,
    },
    {
      does: 'verb',
      id: 'reconcile',
      title: 'Force a full snapshot',
      verb: 'reconcile',
      ask: () => ({
        instruction: { verb: 'reconcile', apply: null },
        gatewayBootId: null,
        words: 'The bridge was asked for a full snapshot.',
      }),
      timeout: ({ actionValidity }) => actionValidity + 60 * SECOND,
    },
    {
      does: 'clear',
      id: 'clear',
      title: 'Verify that the condition stays clear',
      settle: ({ gatewayStart }) => gatewayStart,
    },
    { does: 'record', id: 'record', title: 'Record the outcome' },
  ],
  // A restart cannot be undone.
  rollback: [],
  actions: () => [
    { verb: 'restart', parameters: { what: 'gateway or bridge, by what the bridge itself sees' } },
    { verb: 'reconcile', parameters: { apply: null } },
  ],
};

function gatewayStarted({ before, latest }: StepContext): Judgement {
  const { gateway_state: state, gateway_boot_id: bootId } = latest;
  if (state !== 'running') return { is: 'not-yet', words: `The gateway is ${state}.` };
  return anew('gateway', before.gateway_boot_id, bootId);
}

/** Whatever its gateway does: that is seen once the bridge reports again. */
function bridgeStarted({ before, latest }: StepContext): Judgement {
  return anew('bridge', before.bridge_boot_id, latest.bridge_boot_id);
}

function anew(what: string, before: string | null, after: string | null): Judgement {
  if (after === null || after === before) {
    return { is: 'not-yet', words: `The ${what} still has the boot id ${before ?? 'that it had'}.` };
  }
  return { is: 'holds', words: `The ${what} runs, with the new boot id ${after}.` };
}
