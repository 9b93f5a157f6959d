import { problem } from '@openclaw-fleet/contract';
import type { Problem } from '@openclaw-fleet/contract';
import type { RequestHandler, Response } from 'express';
import { isProblem, mayAct } from './auth.ts';
import type { Caller, Identify } from './auth.ts';
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

/** Why a caller may not ask; null: it may. */
function whyNot({ role: has, kind, actor }: Caller, { role, person }: Needs): Problem | null {
  if (role !== 'open' && !mayAct(has, role)) {
    const grafana = actor.via === 'grafana-id-token';
    const detail = grafana
      ? `This needs the role ${role}, and yours in Grafana gives ${has}. Ask an administrator of Grafana for a higher one.`
      : `This needs the role ${role}, and this token has the role ${has}. Use a token with that role.`;
    return problem('forbidden', detail);
  }
  if (person !== true || kind === 'person') return null;
  const who = kind === 'service' ? 'a service' : 'an anonymous visitor';
  const detail = `Only a person may decide this, and you are ${who}. Log in to Grafana, or use a token of a person (openclaw-fleet token create --kind person).`;
  return problem('person-required', detail);
}

type Needs = Pick<Route, 'role' | 'person'>;

/** Lets in whoever may ask, and notes who it is. */
export function admit(needs: Needs, identify: Identify): RequestHandler {
  return async (request, response, next) => {
    if (needs.role !== 'open') {
      const caller = await identify(request.headers);
      const refused = isProblem(caller) ? caller : whyNot(caller, needs);
      if (refused !== null) {
        sendProblem(response, refused);
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
    'SMART_FLEET_V2_ENABLED is false, so /fleet/* and /alertmanager/* are switched off. Set it (or smartFleet.enabled) to true and restart the collector.';
  sendProblem(response, problem('feature-disabled', detail));
};
