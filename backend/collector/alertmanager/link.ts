const APP = 'a/openclaw-fleet-app/remediations/runs';

/** Where Grafana is, as the settings have it. */
export interface GrafanaPlace {
  readonly url?: string | undefined;
  /** Its root address as people know it; Grafana signs its tokens with that. */
  readonly issuer?: string | undefined;
}

/** Where a person looks at a run: in Grafana, or the path of the collector's API where no Grafana is set. */
export function runLink({ url, issuer }: GrafanaPlace, runId: string): string {
  const id = encodeURIComponent(runId);
  const root = [issuer, url].find((one) => one !== undefined && /^https?:$/.test(URL.parse(one)?.protocol ?? ''));
  if (root === undefined) return `/fleet/remediations/runs/${id}`;
  return new URL(`${APP}/${id}`, root.endsWith('/') ? root : `${root}/`).href;
}
