import { createHash } from 'node:crypto';
import { isEnded, type Observation, type PlannedTarget, type Run } from '@openclaw-fleet/contract';
import type { FleetNode } from '../../fleet/types.ts';
import type { Executed } from './bridges.ts';
import { condition, Journal, type Followed } from './journal.ts';
import { HOUR, INTERVAL, MINUTE, SECOND } from './target.ts';
import type { SimWorld } from './world.ts';

const NEEDS: Readonly<Record<Run['playbook'], readonly string[]>> = {
  BridgeStuck: ['restart', 'reconcile'],
  ConfigDrift: ['config', 'reconcile', 'reload'],
  FailureBurst: ['throttle', 'resume'],
};

/**
 * The invariants of domain-rules section 6, stated anew: from what is true, from what the registry holds, and from the journal.
 * It asks no guardrail and no rule of remediation. What is violated is noted, and thrown by whoever drives the world.
 */
export class Oracle {
  readonly violations: string[] = [];
  readonly #world: SimWorld;
  readonly #journal: Journal;
  /** When the fleet last left `blind`, or a zone last left `full`. */
  #sawAgainMs = -Infinity;
  readonly #before = new Map<string, string>();
  #starts = 0;
  readonly #zones: ReadonlySet<string>;
  readonly counts = {
    began: 0,
    automatic: 0,
    verbs: 0,
    cured: 0,
    mostInFlight: 0,
    overCap: 0,
    mostAttempts: 0,
    /** Runs that did something to a target of its own nothing was wrong with, whatever of its beats arrived. */
    onHealthy: 0,
    /** Automatic runs that began, or did their first thing, while the fleet was blind. */
    whileBlind: 0,
  };

  constructor(world: SimWorld, journal: Journal) {
    this.#world = world;
    this.#journal = journal;
    this.#zones = new Set([...world.targets.values()].map(({ zone }) => zone));
    journal.onCreated = (run) => {
      this.#created(run);
    };
    journal.onBegan = (run) => {
      this.#began(run);
    };
    journal.onEnded = ({ run }) => {
      if (run.state === 'succeeded') this.counts.cured += 1;
    };
    world.bridges.onExecuted = (verb) => {
      this.#executed(verb);
    };
    world.onStored = (change) => {
      journal.stored(change, world.now);
    };
    world.onTick = () => {
      this.#looked();
    };
  }

  #fail(rule: string, words: string): void {
    const at = `${((this.#world.now - Date.parse('2026-02-06T12:00:00Z')) / SECOND).toFixed(0)} s`;
    this.violations.push(`${rule}: ${words} (at ${at})`);
  }

  #node(targetId: string): FleetNode | undefined {
    return this.#world.fleet.get(targetId);
  }

  /** Follows the verdicts, for what they were just before. */
  #looked(): void {
    const { fleet, now, starts } = this.#world;
    // Another collector has not seen anything yet.
    if (starts !== this.#starts) this.#before.clear();
    this.#starts = starts;
    const verdicts = new Map<string, string>([['', fleet.fleetVerdict()]]);
    for (const zone of this.#zones) verdicts.set(zone, fleet.zoneVerdict(zone));
    for (const [zone, verdict] of this.#before) {
      const gone = zone === '' ? 'blind' : 'full';
      if (verdict === gone && verdicts.get(zone) !== gone) this.#sawAgainMs = now;
    }
    for (const [zone, verdict] of verdicts) this.#before.set(zone, verdict);
  }

  /** Nobody asked a person for it. */
  #unasked({ run, planId }: Followed): boolean {
    const trigger = this.#journal.plans.get(planId)?.plan.trigger ?? run.trigger;
    return trigger === 'automation' || trigger === 'alertmanager';
  }

  #created(followed: Followed): void {
    const { run } = followed;
    if (run.state === 'blocked') {
      this.#refused(followed);
      return;
    }
    const others = [...this.#journal.runs.values()].filter(
      (one) => one.run.id !== run.id && one.run.targetId === run.targetId && !isEnded(one.run.state)
    );
    if (others.length > 0) this.#fail('target-busy', `${run.id} of ${run.targetId} beside ${others[0]?.run.id ?? ''}`);
    const plan = this.#journal.plans.get(run.planId)?.plan;
    const most = Number(this.#world.policies.guardrails(run.targetId)['planMost'] ?? 50);
    if (plan !== undefined && plan.targets.length > most) {
      this.#fail('plan-too-large', `${plan.targets.length} targets in ${plan.id}, ${most} is the most`);
    }
  }

  /** A refusal must not tell a person something that is not so. */
  #refused({ run }: Followed): void {
    const reason = run.refusal?.reason ?? 'none';
    const node = this.#node(run.targetId);
    if (node === undefined || !this.#world.target(run.targetId).bridged) {
      const before = ['no-bridge', 'retired', 'unknown-state'];
      if (!before.includes(reason)) this.#fail('no-bridge', `${run.id} of a plain sender was refused as ${reason}`);
    }
    if (reason === 'in-flight-cap' && run.trigger === 'alertmanager') {
      const halted = this.#haltedBatch(run);
      if (halted !== null) this.#fail('batch-halted', `${run.id} was told to wait for ${halted}, which is halted`);
    }
  }

  /** A batch of what begins by itself, for the same condition, that was halted and has nothing under way. */
  #haltedBatch(run: Run): string | null {
    for (const [planId, { plan }] of this.#journal.plans) {
      if (plan.trigger !== 'automation' && plan.trigger !== 'alertmanager') continue;
      const runs = this.#journal.ofPlan(planId).filter((one) => one.run.state !== 'blocked');
      if (runs.length === 0 || runs.some((one) => !isEnded(one.run.state))) continue;
      const same = runs.every(
        (one) => one.run.playbook === run.playbook && condition(one.run.fault) === condition(run.fault)
      );
      if (same && this.#halted(runs)) return planId;
    }
    return null;
  }

  #halted(runs: readonly Followed[]): boolean {
    const bad = runs.filter(({ run }) => ['failed', 'no_effect', 'rolled_back'].includes(run.state));
    const acted = runs.filter(({ run }) => run.state === 'succeeded').length + bad.length;
    return bad.some(({ run }) => run.wave === 0) || (acted >= 5 && bad.length > acted / 10);
  }

  #began(followed: Followed): void {
    const { run, planId } = followed;
    const world = this.#world;
    const journal = this.#journal;
    const { now, policies } = world;
    const node = this.#node(run.targetId);
    const known = journal.plans.get(planId);
    this.counts.began += 1;
    if (node === undefined || known === undefined) {
      this.#fail('no-target', `${run.id} of ${run.targetId}`);
      return;
    }
    const { plan } = known;
    const what = `${run.id} (${run.trigger}, ${run.playbook} on ${run.fault}) of ${run.targetId}`;
    const never = (rule: string, holds: boolean, why = ''): void => {
      if (holds) this.#fail(rule, `${what} began${why === '' ? '' : `: ${why}`}`);
    };
    const state = world.fleet.liveness(node, now).state;

    never('retired', node.state === 'retired');
    never('unknown-state', state === 'unknown');
    never('no-bridge', !world.target(run.targetId).bridged);
    never('no-desired-revision', run.playbook === 'ConfigDrift' && policies.get(run.targetId).revision === null);
    const missing = NEEDS[run.playbook].filter((one) => node.report.capabilities?.includes(one) !== true);
    never('not-capable', missing.length > 0, missing.join());
    never('no-fault', !this.#holdsOpen(node, run, state));
    never('paused', journal.fleetPaused);
    never('target-paused', journal.paused.has(run.targetId));
    never('quarantined', journal.quarantined.has(Journal.key(run.targetId, run.fault)));
    const most = Number(policies.guardrails(run.targetId)['attempts'] ?? 3);
    const attempts = journal.attempts(run.targetId, run.fault, now);
    never('attempts-exhausted', attempts.length >= most, `${attempts.length} attempts`);
    const last = attempts.at(-1)?.endedMs ?? -Infinity;
    never('backoff', now < last + 10 * MINUTE, `${now - last} ms after the last`);
    this.#flying(never);
    this.#inTurn(followed, never);
    this.#asPlanned(node, plan.targets, run, never);
    if (this.#unasked(followed) || (run.trigger === 'retry' && plan.approvalsNeeded === 0)) {
      this.counts.automatic += 1;
      this.#automatic(followed, node, state, never);
    } else this.#asked(followed, node, never);
  }

  /** The registry holds the condition open, by its own books. */
  #holdsOpen({ assessment, report }: FleetNode, run: Run, state: string): boolean {
    const keys = assessment.faults.map(({ kind, code }) => condition(`${kind}.${code}`));
    if (run.fault === 'liveness.expired') return state === 'expired';
    return (
      keys.includes(condition(run.fault)) || (run.fault === 'anomaly.job-failures' && (report.jobs?.failing ?? 0) > 0)
    );
  }

  #flying(never: (rule: string, holds: boolean, why: string) => void): void {
    const flying = this.#journal.inFlight().size;
    const { expected } = this.#world.fleet.summary(this.#world.now);
    const cap = Math.min(50, Math.max(1, Math.floor(expected / 5 + 1e-9)));
    this.counts.mostInFlight = Math.max(this.counts.mostInFlight, flying);
    if (flying > cap) this.counts.overCap += 1;
    never('in-flight-cap', flying > cap, `${flying} in flight, of ${expected} expected`);
  }

  /** Waves one after the other; a halted batch takes no new target. */
  #inTurn({ run, planId }: Followed, never: (rule: string, holds: boolean, why: string) => void): void {
    if (run.batchId === null || run.trigger === 'retry') return;
    const others = this.#journal.ofPlan(planId).filter((one) => one.run.id !== run.id && one.run.state !== 'blocked');
    const earlier = others.find((one) => one.run.wave < run.wave && !isEnded(one.run.state));
    never(
      'waves',
      earlier !== undefined,
      `in wave ${run.wave}, while ${earlier?.run.id ?? ''} is in ${earlier?.run.wave ?? ''}`
    );
    never('batch-halted', this.#halted(others), `of the halted batch ${planId}`);
  }

  /** What was approved is what is there. */
  #asPlanned(
    node: FleetNode,
    targets: readonly PlannedTarget[],
    run: Run,
    never: (rule: string, holds: boolean, why: string) => void
  ): void {
    const planned = targets.find(({ targetId }) => targetId === run.targetId);
    const { reported } = node.report;
    // What says again what is open already, and how bad it is short of critical, changes nothing.
    const faults = node.assessment.faults.map(({ kind, code, severity }) => ({ key: `${kind}.${code}`, severity }));
    const open = faults
      .filter(({ key }) => !faults.some((other) => other.key !== key && other.key === condition(key)))
      .map(({ key, severity }) => (severity === 'critical' ? `${key}:critical` : key))
      .sort();
    const is = [reported?.gateway_boot_id, reported?.config_hash, reported?.bridge_version, node.isolated, open.join()];
    const was = [
      planned?.gatewayBootId,
      planned?.configHash,
      planned?.bridgeVersion,
      planned?.isolated,
      planned?.openFaults.join(),
    ];
    never('as-planned', JSON.stringify(is) !== JSON.stringify(was), `${JSON.stringify(was)} is ${JSON.stringify(is)}`);
    const { revision } = this.#world.policies.get(run.targetId);
    never('as-planned', planned?.desiredRevision !== revision, 'another revision is desired');
  }

  /** What binds whatever begins by itself. */
  #automatic(
    { run, planId }: Followed,
    node: FleetNode,
    state: string,
    never: (rule: string, holds: boolean, why?: string) => void
  ): void {
    const world = this.#world;
    const { fleet, now, automation, policies } = world;
    const { mode, windowOpen, guardrails } = policies.get(run.targetId);
    never('unknown-state', state === 'stopped' || state === 'inactive', state);
    never('blind', fleet.fleetVerdict() === 'blind');
    if (fleet.fleetVerdict() === 'blind') this.counts.whileBlind += 1;
    const zones = fleet.summary(now).zones.filter(({ expected }) => expected > 0);
    const normal = zones.filter(({ zone }) => fleet.zoneVerdict(zone) === 'normal');
    never('zones-not-normal', 2 * normal.length < zones.length, `${normal.length} of ${zones.length}`);
    // No simulated zone is large enough for the slow pace in a partial one.
    never('zone-not-normal', fleet.zoneVerdict(node.zone) !== 'normal', fleet.zoneVerdict(node.zone));
    this.#blast(never);
    const fromMs = Math.max(world.startedMs, this.#sawAgainMs) + 5 * MINUTE;
    never('after-start', now < fromMs, `${fromMs - now} ms too early`);
    never('maintenance-window', !windowOpen);
    const fault = node.assessment.faults.find(({ kind, code }) => `${kind}.${code}` === run.fault);
    never('isolated', node.isolated || fault?.severity === 'critical');
    never('breaker-open', this.#journal.breakers.has(`${run.playbook} ${run.fault}`));
    never('automation-off', !automation.enabled || guardrails['automation'] === false);
    never('not-in-rollout', placeOf(run.targetId) >= automation.percent);
    never('drift-mode', mode !== 'ApplyAndAutoCorrect', mode);
    const low = fault === undefined || fault.severity === 'minor' || fault.severity === 'warning';
    const config = fault?.severity === 'major' && run.fault === 'drift.config';
    never('not-low-risk', !low && !config, fault?.severity);
    never('cordoned', this.#journal.cordoned.has(run.targetId));
    if (fault !== undefined) never('too-soon', now < fault.openedMs + MINUTE, `open since ${now - fault.openedMs} ms`);
    const silentMs = now - (node.seenMs ?? now);
    if (run.playbook === 'BridgeStuck' && run.fault !== 'drift.runtime' && silentMs > 2 * INTERVAL) {
      never('too-soon', silentMs < 5 * MINUTE, `silent for ${silentMs} ms`);
    }
    const others = this.#journal.of(run.targetId, run.fault).filter((one) => one.run.id !== run.id);
    const waits = others.filter((one) => ['unreachable', 'no_fault', 'cancelled', 'denied'].includes(one.run.state));
    const lastMs = Math.max(...waits.map(({ endedMs }) => endedMs ?? -Infinity), -Infinity);
    never('backoff', now < lastMs + 10 * MINUTE, `${now - lastMs} ms after the last, in ${planId}`);
  }

  /** Counted over all nodes anew: those of normal zones that became expired or critical within the hour. */
  #blast(never: (rule: string, holds: boolean, why?: string) => void): void {
    const { fleet, now } = this.#world;
    let [of, became] = [0, 0];
    for (const node of fleet.nodes()) {
      if (fleet.zoneVerdict(node.zone) !== 'normal' || node.state === 'retired' || node.state === 'stopped') continue;
      if (node.seenMs !== null && now - node.seenMs <= HOUR) of += 1;
      const expired = node.state === 'expired' && node.stateSinceMs >= now - HOUR;
      if (expired || (node.assessment.band === 'critical' && node.bandSinceMs >= now - HOUR)) became += 1;
    }
    const allowed = Math.max(of < 5 ? 1 : 2, Math.floor(of / 5 + 1e-9));
    never('blast-radius', became > allowed, `${became} of ${of}`);
  }

  /** What binds what a person asked for: who must have agreed, and when. */
  #asked(
    { run, planId, createdMs }: Followed,
    node: FleetNode,
    never: (rule: string, holds: boolean, why?: string) => void
  ): void {
    const { fleet, now, policies } = this.#world;
    const { plan, requester } = this.#journal.plans.get(planId) ?? {};
    if (plan === undefined) return;
    const said = this.#journal.said.filter((one) => one.planId === planId);
    const madeMs = Date.parse(plan.createdAt);
    const inTime = said.filter(
      ({ atMs, meantIt, person }) => meantIt && person !== null && atMs < madeMs + 30 * MINUTE
    );
    const quorum = new Map<string, number>();
    for (const { person, what, atMs } of inTime) {
      const counts = what !== 'deny' && person !== null && person !== requester;
      if (counts && !quorum.has(person)) quorum.set(person, atMs);
    }
    const broken = inTime.filter(({ what }) => what === 'break-glass');
    never(
      'denied',
      said.some(
        ({ what, person, atMs }) => what === 'deny' && person !== null && atMs < now && !this.#begunBefore(planId, atMs)
      )
    );

    const fault = node.assessment.faults.find(({ kind, code }) => `${kind}.${code}` === run.fault);
    const critical = node.isolated || fault?.severity === 'critical';
    const dark = fleet.fleetVerdict() !== 'normal' || fleet.zoneVerdict(node.zone) !== 'normal';
    const needs: readonly [string, number][] = [
      ['maintenance-window', policies.get(run.targetId).windowOpen ? 0 : 2],
      ['isolated', critical ? (plan.targets.length > 10 ? 2 : 1) : 0],
      ['blind', dark ? 1 : 0],
      ['breaker-open', this.#journal.breakers.has(`${run.playbook} ${run.fault}`) ? 1 : 0],
      ['quorum', plan.targets.length > 1 ? 1 : 0],
    ];
    for (const [rule, needed] of needs) {
      if (quorum.size >= needed) continue;
      const alone = broken.length > 0 && run.breakGlass;
      never(rule, !alone, `${quorum.size} of ${needed} approved it`);
    }
    never('break-glass', run.breakGlass && broken.length === 0, 'marked, and nobody broke the glass');

    const agreedMs = Math.max(
      ...quorum.values(),
      ...broken.map(({ atMs }) => atMs),
      plan.approvalsNeeded === 0 ? createdMs : -Infinity
    );
    const tried = plan.targets
      .flatMap((one) => this.#journal.of(one.targetId, one.fault))
      .filter(({ startedMs }) => startedMs !== null);
    // A backoff ends within 12 min.
    const backoffMs = Math.max(agreedMs, ...tried.map(({ endedMs }) => (endedMs ?? 0) + 12 * MINUTE));
    const begun = this.#begunBefore(planId, now) || run.trigger === 'retry';
    const byMs = begun ? agreedMs + HOUR : Math.min(backoffMs + 10 * MINUTE, agreedMs + HOUR);
    never('expired', now > byMs, `${now - agreedMs} ms after it was agreed`);
  }

  /** Another run of the plan had begun by then. */
  #begunBefore(planId: string, atMs: number): boolean {
    return this.#journal.ofPlan(planId).some(({ startedMs }) => startedMs !== null && startedMs < atMs);
  }

  #executed(verb: Executed): void {
    const { runId, targetId, atMs } = verb;
    this.counts.verbs += 1;
    const followed = this.#journal.runs.get(runId);
    if (followed?.run.state !== 'running') {
      this.#fail(
        'stored-first',
        `${verb.verb} at ${targetId} for ${runId}, which is ${followed?.run.state ?? 'not there'}`
      );
      return;
    }
    const { run, startedMs } = followed;
    followed.verbs += 1;
    const twice = this.#world.bridges.executed.filter((one) => one.runId === runId && one.verb === 'restart').length;
    if (twice > 1) this.#fail('twice', `${runId} restarted ${targetId} ${twice} times`);
    if (followed.verbs > 1) return;
    if (this.#unasked(followed) && this.#world.fleet.fleetVerdict() === 'blind') {
      this.counts.whileBlind += 1;
      this.#fail('blind', `${verb.verb} at ${targetId} for ${runId}, which nobody asked for`);
    }
    const attempts = this.#journal.attempts(targetId, run.fault, atMs).length;
    this.counts.mostAttempts = Math.max(this.counts.mostAttempts, attempts);
    if (attempts > 3) this.#fail('attempts-exhausted', `attempt ${attempts} on ${run.fault} of ${targetId}`);
    const { told, wellSinceMs, lastLieMs } = verb;
    if (told === null || told.atMs < (startedMs ?? Infinity))
      this.#fail('witness', `nobody asked ${targetId} before ${verb.verb}`);
    else if (!shows(run, told.seen, this.#world.policies.get(targetId).revision)) {
      this.#fail('witness', `${verb.verb} at ${targetId}, which said that it is well`);
    }
    const honest = lastLieMs < (startedMs ?? 0);
    const well = wellSinceMs !== null && wellSinceMs < (startedMs ?? 0) && this.#configured(targetId);
    if (well && honest) this.counts.onHealthy += 1;
    if (well && honest && !verb.beatsStale) {
      this.#fail('healthy', `${verb.verb} at ${targetId}, with which nothing is wrong`);
    }
  }

  #configured(targetId: string): boolean {
    return this.#world.target(targetId).revision === this.#world.policies.get(targetId).revision;
  }
}

/** Whether an answer of a bridge shows anything at all that the playbook is for. */
function shows({ playbook }: Run, seen: Observation, revision: string | null): boolean {
  const stale = 2 * INTERVAL;
  switch (playbook) {
    case 'BridgeStuck':
      return (
        seen.gateway_state !== 'running' ||
        seen.health_status !== 'ok' ||
        seen.sync_lag_ms > stale ||
        (seen.last_accepted_ms ?? 0) > stale
      );
    case 'ConfigDrift':
      return seen.revision !== revision || !(seen.config_hash ?? '').startsWith('aaaa');
    case 'FailureBurst':
      return seen.jobs?.some(({ enabled, consecutive_errors: errors }) => enabled && errors > 0) ?? false;
  }
}

/** A target's place in the rollout, 0 to under 100: the first 48 bits of a hash (docs/safety.md). */
function placeOf(targetId: string): number {
  const hex = createHash('sha256').update(`automation:${targetId}`).digest('hex').slice(0, 12);
  return (Number.parseInt(hex, 16) / 2 ** 48) * 100;
}
