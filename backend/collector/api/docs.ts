import { createHash } from 'node:crypto';
import type { OpenApiDocument } from './openapi.ts';

const STYLE = `
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1b1f24; background: #fff; }
@media (prefers-color-scheme: dark) { body { color: #d8dee6; background: #14171c; } a { color: #7fb2ff; } th, td { border-color: #39414d; } }
h2 { margin-top: 2.5rem; } code, pre { font: 14px/1.4 ui-monospace, monospace; } pre { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid #d0d7de; }
`;

/** The page has one style, named by its hash, and nothing else: no script, no request to anywhere. */
export const DOCS_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** Text with `code` in back quotes. */
function prose(text: string): string {
  return escape(text).replaceAll(/`([^`]*)`/g, '<code>$1</code>');
}

function list(rows: readonly (readonly string[])[], heads: readonly string[]): string {
  if (rows.length === 0) return '';
  const head = heads.map((each) => `<th scope="col">${escape(each)}</th>`).join('');
  const body = rows.map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('');
  return `<table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>`;
}

function json(value: unknown): string {
  return `<pre>${escape(JSON.stringify(value, null, 2))}</pre>`;
}

function schemaBlock(title: string, schema: unknown): string {
  return `<details><summary>${escape(title)}</summary>${json(schema)}</details>`;
}

type Operation = NonNullable<NonNullable<OpenApiDocument['paths']>[string]['get']>;

function contents(content: Readonly<Record<string, { schema?: unknown }>> | undefined, title: string): string {
  return Object.entries(content ?? {})
    .map(([type, { schema }]) => schemaBlock(`${title} (${type})`, schema))
    .join('');
}

function operationSection(method: string, path: string, operation: Operation): string {
  const parameters = (operation.parameters ?? []).flatMap((each) =>
    'name' in each
      ? [[`<code>${escape(each.name)}</code>`, escape(each.in), `<code>${escape(JSON.stringify(each.schema))}</code>`]]
      : []
  );
  const responses = Object.entries((operation.responses ?? {}) as Record<string, { description: string }>).map(
    ([status, { description }]) => [`<code>${escape(status)}</code>`, prose(description)]
  );
  const answers = Object.entries(
    (operation.responses ?? {}) as Record<string, { content?: Record<string, { schema?: unknown }> }>
  ).filter(([status]) => status.startsWith('2'));
  const body = operation.requestBody && 'content' in operation.requestBody ? operation.requestBody.content : undefined;
  return [
    `<section id="${escape(operation.operationId ?? '')}"><h2>${escape(operation.summary ?? path)}</h2>`,
    `<p><code>${method.toUpperCase()} ${escape(path)}</code></p><p>${prose(operation.description ?? '')}</p>`,
    list(parameters, ['Parameter', 'In', 'Schema']),
    contents(body, 'Body'),
    list(responses, ['Status', 'Meaning']),
    ...answers.map(([status, { content }]) => contents(content, `Answer ${status}`)),
    '</section>',
  ].join('');
}

/** The document as one page of HTML that needs nothing else. */
export function renderDocs(document: OpenApiDocument): string {
  const operations = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    (['get', 'post', 'put', 'patch', 'delete'] as const).flatMap((method) => {
      const operation = item[method];
      return operation ? [{ method, path, operation }] : [];
    })
  );
  const index = operations.map(({ method, path, operation }) => [
    `<a href="#${escape(operation.operationId ?? '')}"><code>${method.toUpperCase()} ${escape(path)}</code></a>`,
    prose(operation.summary ?? ''),
  ]);
  const { title, version, description = '' } = document.info;
  return [
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">`,
    `<title>${escape(title)} API</title><style>${STYLE}</style></head><body><main>`,
    `<h1>${escape(title)} API ${escape(version)}</h1><p>${prose(description)}</p>`,
    list(index, ['Address', 'What it does']),
    ...operations.map(({ method, path, operation }) => operationSection(method, path, operation)),
    '<section><h2>Schemas</h2>',
    ...Object.entries(document.components?.schemas ?? {}).map(([name, schema]) => schemaBlock(name, schema)),
    '</section></main></body></html>',
  ].join('\n');
}
