import type { RouteConfig } from '@asteasolutions/zod-to-openapi';
import { PROBLEMS, problemSchema } from '@openclaw-fleet/contract';
import type { ProblemName } from '@openclaw-fleet/contract';

const PROBLEM_TYPE = 'application/problem+json';

export type Responses = RouteConfig['responses'];

// Named schemas become components; the library knows a name only from the schema's own metadata.
const problems = problemSchema.meta({ id: 'Problem' });

/** How the document shows the problems that an operation may answer with. */
export function problemResponses(names: readonly ProblemName[]): Responses {
  const byStatus = Map.groupBy(new Set(names), (name) => PROBLEMS[name].status);
  const responses: Responses = {};
  for (const [status, these] of byStatus) {
    responses[status] = {
      description: these.map((name) => `\`${name}\`: ${PROBLEMS[name].title}`).join('. '),
      content: { [PROBLEM_TYPE]: { schema: problems } },
    };
  }
  return responses;
}
