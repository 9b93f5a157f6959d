import type { DriftCategory, FleetTarget, TargetPolicyView } from '@openclaw-fleet/contract';
import { t } from '../../i18n.ts';
import { shortHash } from '../../components/FaultTable/hash.ts';
import { span } from '../../components/TimeAgo.tsx';

/** One line of desired against reported. */
export interface DesiredRow {
  readonly field: 'bridgeVersion' | 'configHash' | 'configRevision' | 'syncLag' | 'capabilities' | 'autoRemediation';
  readonly label: string;
  /** Null: nothing is expected. */
  readonly desired: string | null;
  /** Null: not reported. */
  readonly reported: string | null;
  /** Null: there is nothing to compare. */
  readonly differs: boolean | null;
  /** Whose word the desired value is; null while that is not known. */
  readonly source: 'own' | 'profile' | null;
  /** The drift that would tell of it. */
  readonly category: DriftCategory | null;
  /** The value in full, where it is shown short. */
  readonly full?: { readonly desired: string | null; readonly reported: string | null };
}

type Target = Pick<FleetTarget, 'desired' | 'reported' | 'capabilities'>;

const differ = (desired: string | null, reported: string | null): boolean | null =>
  desired === null || reported === null ? null : desired !== reported;

const yesNo = (value: boolean): string => (value ? t('target.desired.on', 'On') : t('target.desired.off', 'Off'));

/** What is expected of a target beside what it reports. @param view null while it has not been read */
export function desiredRows({ desired, reported, capabilities }: Target, view: TargetPolicyView | null): DesiredRow[] {
  const whose = (field: keyof TargetPolicyView['own']): DesiredRow['source'] => {
    if (view === null) return null;
    return view.own[field] === undefined ? 'profile' : 'own';
  };
  const hashes = { desired: desired.configHash, reported: reported?.configHash ?? null };
  const revisions = { desired: view?.configRevision ?? null, reported: reported?.revision ?? null };
  const lacking = desired.requiredCapabilities.filter((each) => !capabilities.includes(each));
  const required = desired.requiredCapabilities.length > 0 ? desired.requiredCapabilities.join(', ') : null;
  const lagMs = reported?.syncLagMs ?? null;
  return [
    {
      field: 'bridgeVersion',
      label: t('target.desired.bridge-version', 'Bridge version'),
      desired: desired.bridgeVersion,
      reported: reported?.bridgeVersion ?? null,
      differs: differ(desired.bridgeVersion, reported?.bridgeVersion ?? null),
      source: whose('bridgeVersion'),
      category: 'version',
    },
    {
      field: 'configRevision',
      label: t('target.desired.revision', 'Configuration revision'),
      desired: shortened(revisions.desired),
      reported: shortened(revisions.reported),
      differs: differ(revisions.desired, revisions.reported),
      source: whose('configRevision'),
      category: 'config',
      full: revisions,
    },
    {
      field: 'configHash',
      label: t('target.desired.hash', 'Configuration hash'),
      desired: shortened(hashes.desired),
      reported: shortened(hashes.reported),
      differs: differ(hashes.desired, hashes.reported),
      source: whose('configRevision'),
      category: 'config',
      full: hashes,
    },
    {
      field: 'syncLag',
      label: t('target.desired.sync-lag', 'Sync lag'),
      desired: t('target.desired.at-most', 'At most {{span}}', { span: span(desired.maxSyncLagMs) }),
      reported: lagMs === null ? null : span(lagMs),
      differs: lagMs === null ? null : lagMs > desired.maxSyncLagMs,
      source: whose('maxSyncLagMs'),
      category: 'sync',
    },
    {
      field: 'capabilities',
      label: t('target.desired.capabilities', 'Required capabilities'),
      desired: required,
      reported: capabilities.length > 0 ? capabilities.join(', ') : null,
      differs: required === null ? null : lacking.length > 0,
      source: whose('requiredCapabilities'),
      category: 'runtime',
    },
    {
      field: 'autoRemediation',
      label: t('target.desired.auto', 'Automatic repairs'),
      desired: yesNo(desired.allowAutoRemediation),
      reported: null,
      differs: null,
      source: whose('allowAutoRemediation'),
      category: null,
    },
  ];
}

const shortened = (hash: string | null): string | null => (hash === null ? null : shortHash(hash));
