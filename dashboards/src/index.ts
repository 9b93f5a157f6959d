import { collector } from './collector.ts';
import { heartbeats } from './heartbeats.ts';
import { UIDS } from './lib/links.ts';
import { overview } from './overview.ts';
import { remediation } from './remediation.ts';
import { target } from './target.ts';

/** Every dashboard by its uid, which is also the name of its file. */
export const DASHBOARDS: Readonly<Record<string, object>> = {
  [UIDS.overview]: overview,
  [UIDS.target]: target,
  [UIDS.heartbeats]: heartbeats,
  [UIDS.remediation]: remediation,
  [UIDS.collector]: collector,
};
