// Tells stories until an invariant is violated, and prints one line of JSON; a process of prove-guardrails.ts.
import { argv, stdout } from 'node:process';
import fc from 'fast-check';
import { property } from '../../backend/collector/remediation/simulation/model.ts';
import { stories } from '../../backend/collector/remediation/simulation/stories.ts';

const [, , count = '300', seed = '1'] = argv;
let theme = '';
const outcome = await fc.check(
  property(
    stories().map((story) => {
      theme = story.theme;
      return story;
    })
  ),
  { numRuns: Number(count), seed: Number(seed), endOnFailure: true }
);
const [violated = ''] = outcome.errorInstance instanceof Error ? outcome.errorInstance.message.split('\n') : [];
stdout.write(`${JSON.stringify({ failed: outcome.failed, stories: outcome.numRuns, theme, violated })}\n`);
