export * from './api.ts';
export * from './event.ts';
export * from './heartbeat.ts';
export * from './node-id.ts';
export * from './problem.ts';
export * from './target.ts';
export * from './timings.ts';
