import { alertAnswerSchema, alertNotificationSchema } from '@openclaw-fleet/contract';
import { json, noQuery } from '../route.ts';
import type { Route } from '../route.ts';

/** 200 alerts with their annotations. */
const NOTIFICATION_BYTES = 512 * 1024;

/** What Alertmanager asks for. */
export const ALERT_ROUTES = {
  takeAlerts: {
    method: 'post',
    path: '/alertmanager/webhook',
    role: 'operator',
    summary: 'Ask for repairs by alerts',
    description:
      'A webhook of Alertmanager (version 4). A firing alert with the labels `playbook` and `target` asks for that repair, under every guardrail, once for each time it began to fire. A repair that is refused is no error: the answer says what became of each alert. While `automation.enabled` is false each is refused with `automation-off`, and nothing is stored.',
    query: noQuery,
    body: { schema: alertNotificationSchema.meta({ id: 'AlertNotification' }), limit: NOTIFICATION_BYTES },
    replies: [json(alertAnswerSchema.meta({ id: 'AlertAnswer' }), 'What became of each alert')],
    problems: ['not-ready'],
  },
} as const satisfies Record<string, Route>;
