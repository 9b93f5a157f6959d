import type { BridgeWay, FleetTarget } from '@openclaw-fleet/contract';
import { t } from '../../i18n.ts';

export const transportWord = (transport: FleetTarget['transport']): string => {
  switch (transport) {
    case 'direct_https':
      return t('target.transport.direct', 'Direct (HTTPS)');
    case 'reverse_ssh':
      return t('target.transport.tunnel', 'Tunnel (SSH, opened by the node)');
    case 'hybrid':
      return t('target.transport.hybrid', 'Direct, and a tunnel where that fails');
    case null:
      return t('target.transport.unknown', 'Not reported');
  }
};

/** `closed`: it leads nowhere; `failing`: the last request on it failed. */
export type WayState = 'open' | 'failing' | 'untried' | 'closed';

/** How a way is, from what came of it last. Pure. */
export function wayState({ missing, lastOkAt, lastErrorAt }: BridgeWay): WayState {
  if (missing !== null) return 'closed';
  if (lastErrorAt === null) return lastOkAt === null ? 'untried' : 'open';
  return lastOkAt !== null && Date.parse(lastOkAt) > Date.parse(lastErrorAt) ? 'open' : 'failing';
}

/** The words of a way and of its state. */
export function wayWord(way: BridgeWay['way'], state: WayState) {
  const tunnel = way === 'reverse_ssh';
  return {
    title: tunnel ? t('target.way.tunnel', 'Tunnel') : t('target.way.direct', 'Direct way'),
    state: {
      open: t('target.way.open', 'Works'),
      failing: t('target.way.failing', 'Fails'),
      untried: tunnel ? t('target.way.tunnel-open', 'Open, not used yet') : t('target.way.untried', 'Not used yet'),
      closed: tunnel ? t('target.way.tunnel-closed', 'Closed') : t('target.way.closed', 'Leads nowhere'),
    }[state],
    about: {
      open: t('target.way.open-about', 'The last request to its bridge was answered.'),
      failing: t('target.way.failing-about', 'The last request to its bridge failed this way.'),
      untried: t('target.way.untried-about', 'Its bridge is only asked when something is to be repaired.'),
      closed: '',
    }[state],
  };
}
