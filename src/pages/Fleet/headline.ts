import type { Band, FleetSummary, RemediationStatus } from '@openclaw-fleet/contract';
import { t } from '../../i18n.ts';
import { bandWord } from '../../words.ts';

/** How loud the page's first line is. */
export type Loudness = 'well' | 'look' | 'wrong' | 'unsure';

export interface Headline {
  readonly loudness: Loudness;
  readonly title: string;
  /** What is wrong, worst first; empty: nothing. */
  readonly concerns: readonly string[];
}

const BAD: readonly Band[] = ['critical', 'degraded', 'warning', 'unknown'];

function counted(word: string, count: number): string[] {
  return count === 0 ? [] : [`${word}: ${count.toLocaleString()}`];
}

/** Whether repairs wait for a person, or were stopped by one. */
function ofRepairs(status: RemediationStatus | undefined): string[] {
  if (status === undefined) return [];
  const paused = status.holds.some(isPauseOfAll);
  return [
    ...counted(t('fleet.headline.approvals', 'Waiting for approval'), status.pendingApprovals),
    ...(paused ? [t('fleet.headline.paused', 'All repairs are paused')] : []),
  ];
}

export const isPauseOfAll = ({ kind, targetId }: RemediationStatus['holds'][number]): boolean =>
  kind === 'pause' && targetId === null;

/**
 * The answer to "is anything wrong?", in words.
 * @param status undefined: nothing is known of repairs
 * @param isStale the summary is old, and nothing newer can be read
 */
export function headlineOf(summary: FleetSummary, status: RemediationStatus | undefined, isStale: boolean): Headline {
  const { bands, verdict } = summary;
  const concerns = [
    ...BAD.flatMap((band) => counted(bandWord(band), bands[band])),
    ...counted(t('fleet.headline.isolated', 'Isolated'), summary.isolated),
    ...counted(t('fleet.headline.flapping', 'Flapping'), summary.flapping),
    ...ofRepairs(status),
  ];
  if (verdict.value === 'blind' || isStale)
    return {
      loudness: 'unsure',
      title: t('fleet.headline.unsure', 'It is not known whether anything is wrong'),
      concerns,
    };
  if (bands.critical > 0 || bands.degraded > 0 || verdict.value !== 'normal')
    return { loudness: 'wrong', title: t('fleet.headline.wrong', 'Something is wrong'), concerns };
  if (concerns.length > 0)
    return { loudness: 'look', title: t('fleet.headline.look', 'Nothing is broken, but have a look'), concerns };
  return { loudness: 'well', title: t('fleet.headline.well', 'Nothing is wrong'), concerns };
}

/** The answer to "can I trust this view?", in words. The collector's own reason follows it. */
export function trustOf(
  { verdict, expiryHeld }: Pick<FleetSummary, 'verdict' | 'expiryHeld'>,
  isStale: boolean
): string {
  if (isStale) return t('fleet.trust.stale', 'This view is old: the collector does not answer.');
  switch (verdict.value) {
    case 'normal':
      if (expiryHeld !== null)
        return t('fleet.trust.held', 'Trust this view with care: for now, nobody is reported as gone.');
      return t('fleet.trust.normal', 'You can trust this view.');
    case 'partial':
      return t('fleet.trust.partial', 'Trust this view with care: part of the fleet went silent at once.');
    case 'full':
      return t('fleet.trust.full', 'You can trust this view: most of the fleet is down.');
    case 'blind':
      return t('fleet.trust.blind', 'Do not trust this view: the collector may be cut off from the fleet.');
  }
}
