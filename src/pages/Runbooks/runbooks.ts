import pluginJson from '../../plugin.json';
import { href } from '../../constants.ts';

/** The list of all runbooks, as docs/runbooks has it. */
export const INDEX = 'README';

const NAME = /^[A-Za-z][A-Za-z0-9]{0,79}$/;
const DOCUMENTATION = pluginJson.info.links.find(({ name }) => name === 'Documentation')?.url ?? '';

/** Where Grafana serves a runbook's text from: webpack copies docs/runbooks there. Null: no runbook can have that name. */
export function sourceOf(name: string): string | null {
  return NAME.test(name) ? `public/plugins/${pluginJson.id}/runbooks/${name}.md` : null;
}

/** The title of a runbook, and what comes below it. */
export function split(markdown: string): { readonly title: string | null; readonly text: string } {
  const [, title, text] = /^#\s+(.+)\n([\s\S]*)$/.exec(markdown.trimStart()) ?? [];
  return title === undefined ? { title: null, text: markdown } : { title: title.trim(), text: text ?? '' };
}

/** Makes links between files of the repository lead where they lead from this page: to other runbooks, or to the documentation. */
export function withLinks(markdown: string): string {
  return markdown.replace(/\]\((?![a-z]+:|\/|#)([^)\s]+)\)/g, (whole, path: string) => {
    const [file = '', anchor] = path.split('#');
    const [, name] = /^(?:\.\/)?([A-Za-z0-9]+)\.md$/.exec(file) ?? [];
    if (name !== undefined) return `](${href.runbook(name === INDEX ? undefined : name)})`;
    const [, above] = /^\.\.\/(?!\.\.)(.+)$/.exec(file) ?? [];
    if (above !== undefined) return `](${DOCUMENTATION}/${above}${anchor === undefined ? '' : `#${anchor}`})`;
    return whole;
  });
}
