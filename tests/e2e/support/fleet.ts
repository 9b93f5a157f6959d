import type { AuditPage, FleetTarget, Run, RunDetail } from '@openclaw-fleet/contract';
import { expect } from '@playwright/test';
import type { Fault } from '../../../backend/simulator/faults.ts';
import { befall } from './control.ts';
import type { stageFacts } from './facts.ts';

type Facts = ReturnType<typeof stageFacts>;

/** The fleet behind the page, asked directly: what a test compares the page with. */
export class FleetView {
  readonly #facts: Facts;

  constructor(facts: Facts) {
    this.#facts = facts;
  }

  async get<T>(path: string): Promise<T> {
    const { collectorUrl, tokens } = this.#facts;
    const answer = await fetch(collectorUrl + path, { headers: { authorization: `Bearer ${tokens.approver}` } });
    if (!answer.ok) throw new Error(`GET ${path} answered ${answer.status}`);
    return (await answer.json()) as T;
  }

  async break(id: string, fault: Fault): Promise<void> {
    await befall(this.#facts.controlUrl, { id, fault });
  }

  /** Has a gateway hang until that is critical, so that a repair needs an approval. */
  async hang(id: string): Promise<void> {
    await this.break(id, { kind: 'gateway-hang' });
    await expect
      .poll(async () => (await this.target(id)).isolated, { message: `${id} is isolated`, timeout: 90_000 })
      .toBe(true);
  }

  target(id: string): Promise<FleetTarget> {
    return this.get(`/fleet/targets/${id}`);
  }

  run(id: string): Promise<RunDetail> {
    return this.get(`/fleet/remediations/runs/${id}`);
  }

  async runsOf(targetId: string): Promise<readonly Run[]> {
    return (await this.get<{ items: Run[] }>(`/fleet/remediations/runs?target=${targetId}`)).items;
  }

  /** Who did what about a run, the newest first. */
  async auditedOf(runId: string): Promise<{ actor: string; action: string }[]> {
    const { items } = await this.get<AuditPage>('/fleet/audit?limit=200');
    const about = items.filter((item) => JSON.stringify(item).includes(runId));
    return about.map(({ actor, action }) => ({ actor, action }));
  }

  /** Waits until nothing is open about the target. */
  async well(id: string): Promise<void> {
    await expect
      .poll(async () => (await this.target(id)).reported?.healthStatus, { message: `${id} is well`, timeout: 60_000 })
      .toBe('ok');
  }
}
