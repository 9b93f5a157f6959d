import {
  availabilityQuerySchema,
  availabilitySchema,
  BANDS,
  DRIFT_CATEGORIES,
  DRIFT_SEVERITIES,
  driftPageSchema,
  driftQuerySchema,
  fleetMapQuerySchema,
  fleetMapSchema,
  healthScoreSchema,
  historyQuerySchema,
  LIVENESS_STATES,
  reasonOnlySchema,
  RISK_LEVELS,
  scoreHistorySchema,
  summarySchema,
  targetDriftQuerySchema,
  targetPageSchema,
  targetQuerySchema,
  targetViolationQuerySchema,
  timelinePageSchema,
  timelineQuerySchema,
  VIOLATION_CODES,
  VIOLATION_SEVERITIES,
  violationPageSchema,
  violationQuerySchema,
} from '@openclaw-fleet/contract';
import { z } from 'zod';
import { json, noQuery } from '../route.ts';
import type { Route } from '../route.ts';
import { fleetTarget, ofTarget } from './schemas.ts';

const anyOf = <const Values extends readonly [string, ...string[]]>(values: Values) =>
  z.array(z.enum(values)).optional();
const texts = z.array(z.string().min(1).max(128)).max(64).optional();

const documentedFilters = {
  state: anyOf(LIVENESS_STATES),
  band: anyOf(BANDS),
  risk: anyOf(RISK_LEVELS),
  drift: anyOf(DRIFT_CATEGORIES),
  driftSeverity: anyOf(DRIFT_SEVERITIES),
  violation: anyOf(VIOLATION_CODES),
  violationSeverity: anyOf(VIOLATION_SEVERITIES),
  zone: texts,
  tag: texts,
  profile: texts,
  owner: texts,
};
const documentedDrift = { category: anyOf(DRIFT_CATEGORIES), severity: anyOf(DRIFT_SEVERITIES) };
const documentedViolation = { code: anyOf(VIOLATION_CODES), severity: anyOf(VIOLATION_SEVERITIES) };
const documentedOfFleet = { zone: texts };

const fleetSummary = summarySchema.meta({ id: 'FleetSummary' });
const driftPage = driftPageSchema.meta({ id: 'DriftPage' });
const violationPage = violationPageSchema.meta({ id: 'ViolationPage' });

const FILTERS =
  'Several values of one parameter match any of them, but several `tag` match all of them; `drift` with `driftSeverity`, or `violation` with `violationSeverity`, look for one open fault that has both; `q` looks for a part of the id or name, whatever its case.';
const FAULTS =
  'Newest first. `state` is `open` unless it says `resolved` or `all`. Several values of one parameter match any of them.';

/** How the fleet and its targets are doing, and were. */
export const TARGET_ROUTES = {
  listTargets: {
    method: 'get',
    path: '/fleet/targets',
    role: 'viewer',
    summary: 'List targets',
    description:
      `A page of targets. ${FILTERS} ` +
      'Names and zones are ordered by code point; a target without a score comes before all that have one. A cursor names a place in the order, so targets that come and go do not shift pages; one that moves in the order between two pages may be missed or come twice.',
    query: targetQuerySchema,
    documentedQuery: targetQuerySchema.extend(documentedFilters),
    replies: [json(targetPageSchema.extend({ items: z.array(fleetTarget) }).meta({ id: 'TargetPage' }), 'The page')],
    problems: [],
  },
  getFleetMap: {
    method: 'get',
    path: '/fleet/map',
    role: 'viewer',
    summary: 'Show every target in short',
    description: `All targets that match in one answer, for a map of the fleet: by zone, then by name, then by id, at most 20,000 (then \`truncated\` is true, and \`total\` still counts all). ${FILTERS} The same question within a second gets the same answer, of the time \`at\`.`,
    query: fleetMapQuerySchema,
    documentedQuery: fleetMapQuerySchema.extend(documentedFilters),
    replies: [json(fleetMapSchema.meta({ id: 'FleetMap' }), 'The targets')],
    problems: ['overloaded'],
  },
  getTarget: {
    method: 'get',
    path: '/fleet/targets/:targetId',
    role: 'viewer',
    summary: 'Show one target',
    description: 'What is known of one target, what is expected of it, and why it is in its state.',
    query: noQuery,
    params: ofTarget,
    replies: [json(fleetTarget, 'The target')],
    problems: ['not-found'],
  },
  getHealthScore: {
    method: 'get',
    path: '/fleet/targets/:targetId/health-score',
    role: 'viewer',
    summary: "Explain one target's health score",
    description:
      'The five components with the reason and inputs of each, what capped the sum, and since when the band holds.',
    query: noQuery,
    params: ofTarget,
    replies: [json(healthScoreSchema.meta({ id: 'HealthScore' }), 'The score')],
    problems: ['not-found'],
  },
  listTargetDrift: {
    method: 'get',
    path: '/fleet/targets/:targetId/drift',
    role: 'viewer',
    summary: "List one target's drift",
    description: `Where it differs from what is expected of it. ${FAULTS} Open drift of the configuration names the paths that differ, once the bridge has reported them.`,
    query: targetDriftQuerySchema,
    documentedQuery: targetDriftQuerySchema.extend(documentedDrift),
    params: ofTarget,
    replies: [json(driftPage, 'The page')],
    problems: ['not-found', 'storage-unavailable'],
  },
  listTargetViolations: {
    method: 'get',
    path: '/fleet/targets/:targetId/violations',
    role: 'viewer',
    summary: "List one target's policy violations",
    description: `Which rules of its profile it breaks, and what to do about each. ${FAULTS}`,
    query: targetViolationQuerySchema,
    documentedQuery: targetViolationQuerySchema.extend(documentedViolation),
    params: ofTarget,
    replies: [json(violationPage, 'The page')],
    problems: ['not-found', 'storage-unavailable'],
  },
  getScoreHistory: {
    method: 'get',
    path: '/fleet/targets/:targetId/history',
    role: 'viewer',
    summary: "Show one target's score over time",
    description:
      'A point for each change of band and each move of 5 points or more, from `from` on and before `to` (the last 24 h when nothing is said).',
    query: historyQuerySchema,
    params: ofTarget,
    replies: [json(scoreHistorySchema.meta({ id: 'ScoreHistory' }), 'The points')],
    problems: ['not-found', 'storage-unavailable'],
  },
  getTimeline: {
    method: 'get',
    path: '/fleet/targets/:targetId/timeline',
    role: 'viewer',
    summary: 'Show what happened to one target',
    description: 'Reports, drift, violations, liveness and changes by people, newest first, with who and why.',
    query: timelineQuerySchema,
    params: ofTarget,
    replies: [json(timelinePageSchema.meta({ id: 'TimelinePage' }), 'The page')],
    problems: ['not-found', 'storage-unavailable'],
  },
  listDrift: {
    method: 'get',
    path: '/fleet/drift',
    role: 'viewer',
    summary: 'List drift in the fleet',
    description: `Where targets differ from what is expected of them. ${FAULTS}`,
    query: driftQuerySchema,
    documentedQuery: driftQuerySchema.extend({ ...documentedDrift, ...documentedOfFleet }),
    replies: [json(driftPage, 'The page')],
    problems: ['storage-unavailable'],
  },
  listViolations: {
    method: 'get',
    path: '/fleet/violations',
    role: 'viewer',
    summary: 'List policy violations in the fleet',
    description: `Which rules of their profiles targets break, and what to do about each. ${FAULTS}`,
    query: violationQuerySchema,
    documentedQuery: violationQuerySchema.extend({ ...documentedViolation, ...documentedOfFleet }),
    replies: [json(violationPage, 'The page')],
    problems: ['storage-unavailable'],
  },
  getSummary: {
    method: 'get',
    path: '/fleet/summary',
    role: 'viewer',
    summary: 'Show the fleet in numbers',
    description:
      'Counts by state, band and zone, open drift and violations by severity, and the blindness verdict with its reason.',
    query: noQuery,
    replies: [json(fleetSummary, 'The summary')],
    problems: [],
  },
  confirmOutage: {
    method: 'post',
    path: '/fleet/confirm-outage',
    role: 'approver',
    summary: 'Confirm that an outage is real',
    description:
      'While the fleet is `blind` nothing expires, because the collector rather than the fleet may be at fault. This says that the fleet is: expiry goes on until the fleet is no longer blind.',
    query: noQuery,
    body: { schema: reasonOnlySchema },
    replies: [json(fleetSummary, 'The fleet after it')],
    problems: ['conflict'],
  },
  listAvailable: {
    method: 'get',
    path: '/openclaw/availability',
    role: 'viewer',
    summary: 'List nodes to route work to',
    description:
      'For routers and orchestrators: the nodes that are online and not isolated, in order of `node_id`. Several `tag` match all of them. `min_slots` leaves out nodes with fewer available slots, and nodes that do not say.',
    query: availabilityQuerySchema,
    documentedQuery: availabilityQuerySchema.extend({ tag: texts }),
    replies: [json(availabilitySchema.meta({ id: 'Availability' }), 'The page')],
    problems: [],
  },
} as const satisfies Record<string, Route>;
