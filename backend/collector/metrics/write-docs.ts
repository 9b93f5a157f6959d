import { writeFileSync } from 'node:fs';
import { metricsDocument } from './documentation.ts';

writeFileSync(new URL('../../../docs/metrics.md', import.meta.url), metricsDocument());
