import { z } from 'zod';

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
}
interface Content {
  readonly [type: string]: { readonly schema: object };
}
interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required?: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content; readonly headers?: object }>>;
}
export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

export interface Call {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly header?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}
export interface Answer {
  readonly status: number;
  readonly etag: string | null;
  readonly location: string | null;
  /** Checked against the schema of its status; text where the document says no JSON. */
  readonly data: unknown;
}

/** A client of which the document alone says what there is: addresses, parameters, bodies, answers and their shapes. */
export class OpenApiClient {
  readonly operations = new Map<string, { method: string; path: string; operation: Operation }>();
  readonly called = new Set<string>();
  readonly #schemas: Readonly<Record<string, object>>;
  readonly #origin: string;
  readonly #token: string;

  constructor(document: OpenApi, origin: string, token: string) {
    this.#schemas = document.components.schemas;
    this.#origin = origin;
    this.#token = token;
    for (const [path, item] of Object.entries(document.paths)) {
      for (const [method, operation] of Object.entries(item)) {
        this.operations.set(operation.operationId, { method: method.toUpperCase(), path, operation });
      }
    }
  }

  /** @throws Error when the call or its answer is not as the document says */
  async call(id: string, { path = {}, query = {}, header = {}, body }: Call = {}): Promise<Answer> {
    const found = this.operations.get(id);
    if (found === undefined) throw new Error(`the document has no operation ${id}`);
    const { method, operation } = found;
    const given = { path, query, header };
    for (const [kind, values] of Object.entries(given)) {
      const known = (operation.parameters ?? []).filter((each) => each.in === kind);
      for (const name of Object.keys(values))
        if (!known.some((each) => each.name === name)) throw new Error(`${id} takes no ${kind} parameter ${name}`);
      for (const { name, required } of known)
        if (required && !(name in values)) throw new Error(`${id} needs the ${kind} parameter ${name}`);
    }
    const { requestBody } = operation;
    if ((body === undefined) === (requestBody?.required === true)) throw new Error(`${id}: a body, or no body, is due`);
    if (requestBody !== undefined) this.#check(requestBody.content['application/json']?.schema ?? {}, body);
    const address = found.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(path[name] ?? ''));
    const url = new URL(address, this.#origin);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const response = await fetch(url, {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...header,
        ...(requestBody && { 'content-type': 'application/json' }),
      },
      ...(requestBody && { body: JSON.stringify(body) }),
    });
    this.called.add(id);
    return this.#answer(id, operation, response);
  }

  async #answer(id: string, { responses }: Operation, response: Response): Promise<Answer> {
    const { status, headers } = response;
    const documented = responses[String(status)];
    if (documented === undefined) throw new Error(`${id} answered ${status}, which is not documented`);
    for (const name of Object.keys(documented.headers ?? {}))
      if (!headers.has(name)) throw new Error(`${id} answered ${status} without ${name}`);
    const type = headers.get('content-type')?.split(';')[0];
    const content = type === undefined ? undefined : documented.content?.[type];
    if (type !== undefined && content === undefined) throw new Error(`${id} answered ${status} with ${type}`);
    const stream = type === 'text/event-stream';
    if (stream) await response.body?.cancel();
    const text = stream ? '' : await response.text();
    const json = type !== undefined && /[/+]json$/.test(type);
    const data: unknown = json ? JSON.parse(text) : text;
    if (json && content !== undefined) this.#check(content.schema, data);
    return { status, etag: headers.get('etag'), location: headers.get('location'), data };
  }

  /** @throws ZodError when the value is not of the document's schema */
  #check(schema: object, value: unknown): void {
    const local = JSON.parse(
      JSON.stringify({ ...schema, $defs: this.#schemas }).replaceAll('#/components/schemas/', '#/$defs/')
    ) as Parameters<typeof z.fromJSONSchema>[0];
    z.fromJSONSchema(local).parse(value);
  }
}
