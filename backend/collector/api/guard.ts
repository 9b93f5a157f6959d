import { problem } from '@openclaw-fleet/contract';
import type { RequestHandler, Response } from 'express';
import { isProblem, mayAct } from './auth.ts';
import type { Authenticate } from './auth.ts';
import { sendProblem } from './problems.ts';
import type { Route } from './route.ts';

/** The path of the table that a request went to, or `none`. */
export function routeOf(response: Response): string {
  const { route } = response.locals as { route?: string };
  return route ?? 'none';
}

/** Notes which path of the table a request goes to. */
export function note(path: string): RequestHandler {
  return (_request, response, next) => {
    response.locals['route'] = path;
    next();
  };
}

/** Lets in whoever has the role, and notes who it is. */
export function admit(role: Route['role'], authenticate: Authenticate): RequestHandler {
  return async (request, response, next) => {
    if (role !== 'open') {
      const caller = await authenticate(request.headers.authorization);
      if (isProblem(caller)) {
        sendProblem(response, caller);
        return;
      }
      if (!mayAct(caller.role, role)) {
        const detail = `This needs the role ${role}, and this token has the role ${caller.role}. Use a token with that role.`;
        sendProblem(response, problem('forbidden', detail));
        return;
      }
      response.locals['caller'] = caller;
    }
    next();
  };
}

/** Answers for seed 000's addresses while their flag is off. */
export const switchedOff: RequestHandler = (_request, response) => {
  const detail =
    'SMART_FLEET_V2_ENABLED is false, so /fleet/* is switched off. Set it (or smartFleet.enabled) to true and restart the collector.';
  sendProblem(response, problem('feature-disabled', detail));
};
