import {
  clearQuarantineSchema,
  closeBreakerSchema,
  holdListSchema,
  holdQuerySchema,
  holdSchema,
  reasonOnlySchema,
} from '@openclaw-fleet/contract';
import type { ProblemName } from '@openclaw-fleet/contract';
import { z } from 'zod';
import { json, noQuery } from '../route.ts';
import type { Route } from '../route.ts';
import { fleetTarget, ofTarget } from './schemas.ts';

const hold = holdSchema.meta({ id: 'Hold' });
const holdList = holdListSchema.extend({ items: z.array(hold) }).meta({ id: 'HoldList' });

const why = { query: noQuery, body: { schema: reasonOnlySchema } } as const;
const held = json(hold, 'What holds back now');
const left = json(holdList, 'What still holds back');
const ofFleet: readonly ProblemName[] = ['conflict', 'not-ready'];
const ofOne: readonly ProblemName[] = ['not-found', ...ofFleet];

/** What holds repairs back, and what people decide about a target. */
export const HOLD_ROUTES = {
  listHolds: {
    method: 'get',
    path: '/fleet/holds',
    role: 'viewer',
    summary: 'List what holds repairs back',
    description: 'Pauses, cordons, quarantines and open breakers, each with who or what began it and why.',
    query: holdQuerySchema,
    replies: [json(holdList, 'The holds')],
    problems: [],
  },
  pauseFleet: {
    method: 'post',
    path: '/fleet/pause',
    role: 'operator',
    summary: 'Pause all repairs',
    description: 'Nothing new begins until it is resumed. What runs finishes.',
    ...why,
    replies: [held],
    problems: ofFleet,
  },
  resumeFleet: {
    method: 'post',
    path: '/fleet/resume',
    role: 'operator',
    summary: 'Resume repairs',
    description: 'Targets that are paused by themselves stay so.',
    ...why,
    replies: [left],
    problems: ofFleet,
  },
  pauseTarget: {
    method: 'post',
    path: '/fleet/targets/:targetId/pause',
    role: 'operator',
    summary: 'Pause repairs of one target',
    description: 'Nothing new begins there until it is resumed. What runs finishes.',
    ...why,
    params: ofTarget,
    replies: [held],
    problems: ofOne,
  },
  resumeTarget: {
    method: 'post',
    path: '/fleet/targets/:targetId/resume',
    role: 'operator',
    summary: 'Resume repairs of one target',
    description: 'A pause of everything still holds.',
    ...why,
    params: ofTarget,
    replies: [left],
    problems: ofOne,
  },
  cordonTarget: {
    method: 'post',
    path: '/fleet/targets/:targetId/cordon',
    role: 'operator',
    summary: 'Cordon one target',
    description: 'Automation leaves it alone and routers are not told of it; it is still watched.',
    ...why,
    params: ofTarget,
    replies: [held],
    problems: ofOne,
  },
  uncordonTarget: {
    method: 'post',
    path: '/fleet/targets/:targetId/uncordon',
    role: 'operator',
    summary: 'End the cordon of one target',
    description: 'Automation and routers have it again.',
    ...why,
    params: ofTarget,
    replies: [left],
    problems: ofOne,
  },
  clearQuarantine: {
    method: 'post',
    path: '/fleet/targets/:targetId/clear-quarantine',
    role: 'approver',
    person: true,
    summary: 'Clear the quarantine of one target',
    description: 'After its attempts were used up. They are counted anew; find out first why they did not help.',
    query: noQuery,
    body: { schema: clearQuarantineSchema.meta({ id: 'ClearQuarantine' }) },
    params: ofTarget,
    replies: [left],
    problems: ofOne,
  },
  liftIsolation: {
    method: 'post',
    path: '/fleet/targets/:targetId/lift-isolation',
    role: 'approver',
    person: true,
    summary: 'Lift the isolation of one target',
    description: 'For the critical drift that is open now; a new one isolates it again.',
    ...why,
    params: ofTarget,
    replies: [json(fleetTarget, 'The target as it is now')],
    problems: ofOne,
  },
  retireTarget: {
    method: 'post',
    path: '/fleet/targets/:targetId/retire',
    role: 'approver',
    summary: 'Retire one target',
    description: 'It is not managed any more, nothing is told of it and nothing is done to it.',
    ...why,
    params: ofTarget,
    replies: [{ status: 204, content: null, description: 'It is retired' }],
    problems: ofOne,
  },
  reinstateTarget: {
    method: 'post',
    path: '/fleet/targets/:targetId/reinstate',
    role: 'approver',
    summary: 'Manage a retired target again',
    description: 'It is judged by what it reports from now on.',
    ...why,
    params: ofTarget,
    replies: [{ status: 204, content: null, description: 'It is managed again' }],
    problems: ofOne,
  },
  closeBreaker: {
    method: 'post',
    path: '/fleet/breakers/close',
    role: 'approver',
    person: true,
    summary: 'Close the breaker of a playbook',
    description:
      'It opened because the playbook helped too rarely on that fault. What it did before is counted no more.',
    query: noQuery,
    body: { schema: closeBreakerSchema.meta({ id: 'CloseBreaker' }) },
    replies: [left],
    problems: ofFleet,
  },
} as const satisfies Record<string, Route>;
