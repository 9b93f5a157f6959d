import { isEnded } from '@openclaw-fleet/contract';
import type { FleetTarget, HealthScore, Run } from '@openclaw-fleet/contract';
import { t } from '../../i18n.ts';
import { span } from '../../components/TimeAgo.tsx';
import type { OpenFault } from './target-faults.ts';

/** What somebody who was just woken needs to know of a target first. */
export interface FirstThing {
  readonly severity: 'error' | 'warning' | 'info';
  /** The worst that is wrong, in one sentence. */
  readonly reason: string;
  /** What comes next, in one sentence. */
  readonly next: string;
  /** A repair that is open already. */
  readonly run: Run | null;
  /** Whether the suggested repair is to be offered here. */
  readonly offersRepair: boolean;
}

interface Facts {
  readonly target: Pick<FleetTarget, 'liveness' | 'bridged' | 'isolated' | 'band'>;
  readonly score: Pick<HealthScore, 'reasons'> | undefined;
  readonly faults: readonly OpenFault[] | undefined;
  readonly runs: readonly Run[] | undefined;
  /** The actions' word on a repair: null: it can be asked for. */
  readonly whyNoRepair: string | null;
}

/** The worst reason and what to do about it; null: nothing is wrong, or it is retired. */
export function firstThing({ target, score, faults = [], runs = [], whyNoRepair }: Facts): FirstThing | null {
  const { state, reason: liveness } = target.liveness;
  if (state === 'retired') return null;
  const reason = silence(target) ?? score?.reasons[0] ?? faults[0]?.text ?? (isQuiet(state) ? liveness : null);
  if (reason === null) return null;
  const severity = severityOf(target, faults);
  const run = runs.find((each) => !isEnded(each.state)) ?? null;
  if (run !== null) return { severity, reason, next: nextOfRun(run), run, offersRepair: false };
  const offersRepair = whyNoRepair === null;
  const next = offersRepair
    ? t('target.first.repair', 'A playbook repairs this. Look at its plan: nothing begins before you confirm.')
    : (noRepair(target, faults) ??
      t('target.first.not-now', 'It cannot be repaired from here now. {{why}}', { why: whyNoRepair }));
  return { severity, reason, next, run, offersRepair };
}

/** Of a target that is silent by now: what its assessment said of that is as old as its last look. */
function silence({ liveness: { state, ageSeconds } }: Facts['target']): string | null {
  if (state !== 'expired' || ageSeconds === null) return null;
  return t('target.first.silent', 'It has sent no heartbeat for {{age}}.', { age: span(ageSeconds * 1000) });
}

const isQuiet = (state: FleetTarget['liveness']['state']): boolean => state !== 'online';

function severityOf({ band, isolated }: Facts['target'], faults: readonly OpenFault[]): FirstThing['severity'] {
  if (isolated || band === 'critical' || faults[0]?.severity === 'critical') return 'error';
  return band === 'healthy' && faults.every(({ severity }) => severity === 'minor' || severity === 'warning')
    ? 'info'
    : 'warning';
}

function nextOfRun({ state }: Run): string {
  return state === 'pending_approval'
    ? t('target.first.approve', 'A repair waits for approval.')
    : t('target.first.running', 'A repair is under way.');
}

/** Where the state itself says more than why a button is disabled. */
function noRepair({ bridged, liveness: { state } }: Facts['target'], faults: readonly OpenFault[]): string | null {
  if (state === 'stopped')
    return t('target.first.stopped', 'It said that it stops. Look whether somebody meant it to, then start it again.');
  if (!bridged)
    return t(
      'target.first.by-hand',
      'No bridge stands beside it, so the fleet cannot repair it: log in to its host and look at the gateway there.'
    );
  if (state === 'online' && faults.every(({ playbook }) => playbook === null))
    return t('target.first.no-playbook', 'No playbook repairs this. What to do stands under “Drift and violations”.');
  return null;
}
