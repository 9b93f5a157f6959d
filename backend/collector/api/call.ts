import { problem } from '@openclaw-fleet/contract';
import type { Problem, ProblemName } from '@openclaw-fleet/contract';
import type { Response } from 'express';
import type { z } from 'zod';
import type { Caller } from './auth.ts';
import type { ROUTES, RouteId } from './routes.ts';

type Entry<K extends RouteId> = (typeof ROUTES)[K];
type Output<T> = T extends z.ZodType ? z.output<T> : never;

export type QueryOf<K extends RouteId> = z.output<Entry<K>['query']>;
export type ParamsOf<K extends RouteId> = Entry<K> extends { readonly params: infer P } ? Output<P> : null;
export type BodyOf<K extends RouteId> =
  Entry<K> extends { readonly body: { readonly schema: infer S } } ? Output<S> : null;
type VersionOf<K extends RouteId> =
  Entry<K> extends { readonly ifMatch: infer M } ? (M extends 'required' ? number : number | null) : null;
type CallerOf<K extends RouteId> = Entry<K> extends { readonly role: 'open' } ? null : Caller;

/** One admitted request: its caller may ask for this, and everything in it is valid. */
export interface Call<K extends RouteId> {
  readonly query: QueryOf<K>;
  readonly params: ParamsOf<K>;
  readonly body: BodyOf<K>;
  /** The version that If-Match names; null: it names none. */
  readonly version: VersionOf<K>;
  readonly caller: CallerOf<K>;
  /** What `Idempotency-Key` says; null: it is not there. */
  readonly idempotencyKey: string | null;
  readonly response: Response;
}

/** Answers a call: with JSON for what it returns, or as it did itself when it returns undefined. */
export type Handler<K extends RouteId> = (call: Call<K>) => Promise<object | undefined> | object | undefined;
export type Handlers<K extends RouteId> = { readonly [Id in K]: Handler<Id> };

/** Thrown by a handler to answer with problem details. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly problem: Problem;
  constructor(body: Problem) {
    super(body.detail);
    this.problem = body;
  }
}

/** A problem to throw. @param detail what happened and what to do next, without secrets */
export function failure(name: ProblemName, detail: string, errors?: Problem['errors']): ProblemError {
  return new ProblemError(problem(name, detail, errors));
}

/** Says that one field of the query is wrong. @param message begins after the field's name, such as `must be …` */
export function badQuery(field: string, message: string): ProblemError {
  return failure('bad-request', `The query is not valid: ${field} ${message}.`, [{ field, message }]);
}

export function noTarget(): ProblemError {
  return failure(
    'not-found',
    'No target has this id: it never reported, or it was retired. List them at /fleet/targets.'
  );
}

/** Names the version of what is answered with, for a later If-Match. */
export function setVersion(response: Response, version: number): void {
  response.setHeader('etag', `"${version}"`);
}

/** The answer is that `path` was made. */
export function setCreated(response: Response, path: string): void {
  response.status(201).setHeader('location', path);
}
