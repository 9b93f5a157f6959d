import type { Judgement, Playbook, StepContext } from './types.ts';

const SECOND = 1000;

/**
 * ConfigDrift (seed 000): the gateway is brought back to the revision that is desired. The bridge fetches and verifies the
 * revision, applies it without a restart, and rolls back by itself when the gateway does not converge.
 * Limits: nothing that needs a restart is applied (`needs-restart`: a person decides).
 */
export const configDrift: Playbook = {
  id: 'ConfigDrift',
  summary: 'Applies the desired configuration revision, reloads where needed, and verifies that the gateway converges.',
  anchor: 'configdrift',
  steps: [
    { does: 'witness', id: 'witness', title: 'Compare the desired and the reported hash' },
    {
      does: 'verb',
      id: 'reconcile',
      title: 'Apply the desired revision',
      verb: 'reconcile',
      ask: (context) => {
        const { desiredRevision, desiredConfigHash } = context.target;
        if (desiredRevision === null || desiredConfigHash === null) return { skip: 'No revision is desired.' };
        if (saved(context)) return { skip: 'The saved configuration is the desired one already.' };
        return {
          instruction: {
            verb: 'reconcile',
            apply: { revision: desiredRevision, configHash: desiredConfigHash, allowRestart: false },
          },
          gatewayBootId: null,
          words: `The bridge was asked to apply revision ${desiredRevision}, without a restart.`,
        };
      },
      // To apply, to converge, and to roll back.
      timeout: ({ convergence, actionValidity }) => 2 * convergence + actionValidity,
    },
    {
      does: 'verb',
      id: 'reload',
      title: 'Reload, if what is saved is not active',
      verb: 'reload',
      looks: true,
      ask: ({ latest }) =>
        latest.config_converged === false
          ? {
              instruction: { verb: 'reload' },
              gatewayBootId: null,
              words: 'The bridge was asked to have the gateway load what is saved.',
            }
          : { skip: 'What is saved is active: no reload is needed.' },
      timeout: ({ convergence, actionValidity }) => convergence + actionValidity,
    },
    {
      does: 'verify',
      id: 'converged',
      title: 'Verify that the gateway runs the desired revision',
      judge: converged,
      timeout: ({ convergence }) => convergence,
    },
    {
      does: 'verb',
      id: 'snapshot',
      title: 'Have the bridge report what it runs',
      verb: 'reconcile',
      ask: () => ({
        instruction: { verb: 'reconcile', apply: null },
        gatewayBootId: null,
        words: 'The bridge was asked for a full snapshot.',
      }),
      timeout: ({ actionValidity }) => actionValidity + 60 * SECOND,
      optional: true,
    },
    {
      does: 'clear',
      id: 'clear',
      title: 'Verify that the drift stays closed',
      settle: ({ convergence }) => convergence,
    },
    { does: 'record', id: 'record', title: 'Record the outcome' },
  ],
  // The bridge rolls back by itself when a mismatch persists; what converged is what was wanted.
  rollback: [],
  actions: (target) => [
    {
      verb: 'reconcile',
      parameters: {
        apply: {
          revision: target?.desiredRevision ?? 'of each target',
          configHash: target?.desiredConfigHash ?? 'of each target',
          allowRestart: false,
        },
      },
    },
    { verb: 'reload', parameters: {} },
    { verb: 'reconcile', parameters: { apply: null } },
  ],
};

function saved({ latest, target }: StepContext): boolean {
  return latest.config_hash === target.desiredConfigHash && latest.revision === target.desiredRevision;
}

function converged(context: StepContext): Judgement {
  const { latest, target } = context;
  if (latest.config_valid === false) return { is: 'not-yet', words: 'The gateway calls its configuration invalid.' };
  if (!saved(context)) {
    return {
      is: 'not-yet',
      words: `The gateway has ${latest.config_hash ?? 'no known hash'}; ${target.desiredConfigHash ?? 'none'} is desired.`,
    };
  }
  if (latest.config_converged === false) return { is: 'not-yet', words: 'What is saved is not active yet.' };
  if (latest.gateway_state !== 'running') return { is: 'not-yet', words: `The gateway is ${latest.gateway_state}.` };
  return {
    is: 'holds',
    words: `The gateway runs revision ${target.desiredRevision ?? ''}, hash ${latest.config_hash ?? ''}.`,
  };
}
