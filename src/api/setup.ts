import { getBackendSrv, isFetchError, locationService } from '@grafana/runtime';
import { lastValueFrom } from 'rxjs';
import { PLUGIN_ID, PROXY_URL } from '../constants.ts';

/** The answer to one request, whatever its status; null when none came, with why. */
export type Raw =
  | { readonly came: true; readonly status: number; readonly data: unknown; readonly ms: number }
  | { readonly came: false; readonly why: string };

const HOW = { showErrorAlert: false, showSuccessAlert: false } as const;

/** Asks the collector with the settings that are saved, and tells what came back as it came. */
export async function ask(path: 'fleet/me' | 'fleet/summary'): Promise<Raw> {
  const begin = performance.now();
  const answer = (status: number, data: unknown): Raw => ({
    came: true,
    status,
    data,
    ms: Math.round(performance.now() - begin),
  });
  try {
    const { status, data } = await lastValueFrom(
      getBackendSrv().fetch({ url: `${PROXY_URL}/${path}`, method: 'GET', retry: 0, ...HOW })
    );
    return answer(status, data);
  } catch (error) {
    if (isFetchError(error) && error.status > 0) return answer(error.status, error.data);
    return { came: false, why: error instanceof Error ? error.message : '' };
  }
}

/** Stores the app's settings in Grafana. @throws Error in words for people */
export async function saveSettings(update: object): Promise<void> {
  try {
    await lastValueFrom(
      getBackendSrv().fetch({ url: `/api/plugins/${PLUGIN_ID}/settings`, method: 'POST', data: update, ...HOW })
    );
  } catch (error) {
    throw new Error(whyNotSaved(error), { cause: error });
  }
}

function whyNotSaved(error: unknown): string {
  if (!isFetchError<{ message?: string } | null>(error))
    return 'Grafana did not answer. Check your connection, and try again.';
  if (error.status === 401) return 'Your session in Grafana has ended. Log in again.';
  if (error.status === 403)
    return 'Grafana does not let you change the settings of plugins: you need the permission plugins:write, which the role Admin has.';
  return error.data?.message ?? `Grafana answered ${String(error.status)}. Try again, or look into its log.`;
}

/**
 * Loads the page anew. Grafana hands a plugin the settings that it read first, and `locationService.reload` of 12.3 renders
 * the same page again, with the old ones.
 * @param query what the address says then, beside what it said
 */
export function reloadPage(query: Readonly<Record<string, string | null>>): void {
  locationService.partial(query, true);
  // Typed by the package `history`, which is Grafana's own.
  (locationService.getHistory() as { go(steps: number): void }).go(0);
}
