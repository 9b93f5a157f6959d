import { isHeartbeat } from '../../gateway/jobs.ts';
import { list, number, record, text } from '../../gateway/parse.ts';

type Payload = Readonly<Record<string, unknown>>;
const PAGE = 200;
const MAX_PAGES = 10;

/** One scheduled job, as far as throttling needs it. */
export interface Job {
  readonly id: string;
  readonly name: string;
  readonly enabled: boolean;
  /** No heartbeat job, none that a plugin declared (openclaw-notes section 5). */
  readonly throttleable: boolean;
  /** OpenClaw disabled it itself. */
  readonly autoDisabled: boolean;
  readonly consecutiveErrors: number;
  /** For `expectedConfigRevision`; null: the gateway gave none. */
  readonly revision: string | number | null;
}

/** All jobs, disabled ones too. @param call `cron.list`. @throws as it does */
export async function listJobs(call: (params: Payload) => Promise<Payload>): Promise<Job[]> {
  const jobs: Job[] = [];
  for (let offset: number | null = 0, page = 0; offset !== null && page < MAX_PAGES; page += 1) {
    const answer: Payload = await call({ includeDisabled: true, includeDeliveryPreviews: false, limit: PAGE, offset });
    jobs.push(...list(answer['jobs']).map(record).flatMap(jobOf));
    offset = answer['hasMore'] === true ? number(answer['nextOffset']) : null;
  }
  return jobs;
}

function jobOf(job: Payload): Job[] {
  const id = text(job['id']);
  if (id === null) return [];
  const state = record(job['state']);
  const revision = job['configRevision'];
  return [
    {
      id,
      name: text(job['name']) ?? id,
      enabled: job['enabled'] === true,
      throttleable: !isHeartbeat(job) && text(job['declarationKey']) === null,
      autoDisabled: Object.keys(record(state['autoDisabled'])).length > 0 || state['autoDisabled'] === true,
      consecutiveErrors: Math.min(Number.MAX_SAFE_INTEGER, Math.trunc(number(state['consecutiveErrors']) ?? 0)),
      revision: typeof revision === 'string' || typeof revision === 'number' ? revision : null,
    },
  ];
}
