import { satisfies, validRange } from 'semver';

/** Files of a folder by their path in it, with `/`. */
export type Files = ReadonlyMap<string, string>;

interface PluginJson {
  readonly id: string;
  readonly type: string;
  readonly info: {
    readonly author?: { readonly name?: string };
    readonly description?: string;
    readonly keywords?: readonly string[];
    readonly version?: string;
    readonly updated?: string;
    readonly links?: readonly { readonly name: string; readonly url: string }[];
    readonly logos: { readonly small: string; readonly large: string };
    readonly screenshots?: readonly { readonly name?: string; readonly path: string }[];
  };
  readonly includes?: readonly { readonly type: string; readonly path?: string; readonly action?: string }[];
  readonly roles?: readonly {
    readonly role: { readonly permissions: readonly { readonly action: string; readonly scope?: string }[] };
    readonly grants: readonly string[];
  }[];
  readonly routes?: readonly Route[];
  readonly dependencies: { readonly grafanaDependency: string };
}
interface Route {
  readonly path: string;
  readonly method?: string;
  readonly url: string;
  readonly reqAction?: string;
  readonly headers?: readonly { readonly name: string; readonly content: string }[];
}

/** What is built, what the source says, and the version of the package. */
export interface Subject {
  readonly dist: Files;
  /** Of src/, without tests and what is for tests. */
  readonly source: Files;
  readonly config: Files;
  readonly version: string;
}

/** One rule of the catalog, or of Grafana itself: what breaks it, in words. */
export type Rule = (subject: Subject) => string[];

const json = (text: string | undefined): PluginJson => JSON.parse(text ?? '{}') as PluginJson;
const dirOf = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1);
/** Every plugin.json of the build with its folder, the app's first. */
function plugins({ dist }: Subject): { readonly dir: string; readonly plugin: PluginJson }[] {
  return [...dist]
    .filter(([path]) => /(^|\/)plugin\.json$/.test(path))
    .map(([path, text]) => ({ dir: dirOf(path), plugin: json(text) }))
    .sort((a, b) => a.dir.length - b.dir.length);
}
const each = (subject: Subject, check: (dir: string, plugin: PluginJson) => (string | false)[]): string[] =>
  plugins(subject).flatMap(({ dir, plugin }) =>
    check(dir, plugin).flatMap((what) => (what === false ? [] : [`${dir}plugin.json: ${what}`]))
  );

export const ids: Rule = (subject) =>
  each(subject, (_dir, { id, type }) => [
    !/^[0-9a-z]+-([0-9a-z]+-)?(app|panel|datasource)$/.test(id) && `the id ${id} is not org-name-type`,
    !id.endsWith(`-${type}`) && `the id ${id} does not end in its type ${type}`,
  ]);

export const info: Rule = (subject) =>
  each(subject, (dir, { info, type }) => [
    !info.author?.name && 'info.author.name is missing',
    (info.description ?? '').length < 20 && 'info.description says too little',
    (info.keywords ?? []).filter((word) => word !== type).length === 0 && 'info.keywords has nothing but the type',
    info.version !== subject.version &&
      `info.version is ${info.version ?? 'missing'}, the package has ${subject.version}`,
    !/^\d{4}-\d\d-\d\d$/.test(info.updated ?? '') && 'info.updated is no date',
    (info.links ?? []).length === 0 && 'info.links is empty',
    ...(info.links ?? []).map(({ url }) => !url.startsWith('https://') && `the link ${url} is not https`),
    ...[info.logos.small, info.logos.large].map(
      (path) => !subject.dist.has(dir + path) && `the logo ${path} is not there`
    ),
    ...(info.screenshots ?? []).map(
      ({ path }) => !subject.dist.has(dir + path) && `the screenshot ${path} is not there`
    ),
  ]);

export const screenshots: Rule = ({ dist }) => {
  const shown = json(dist.get('plugin.json')).info.screenshots ?? [];
  return [
    ...(shown.length === 0 ? ['plugin.json: info.screenshots is empty'] : []),
    ...shown.flatMap(({ path, name }) => [
      ...(name ? [] : [`plugin.json: the screenshot ${path} has no name`]),
      ...(/\.(png|jpe?g|gif|webp|svg)$/.test(path) ? [] : [`plugin.json: ${path} is no image`]),
    ]),
  ];
};

export const files: Rule = ({ dist }) =>
  ['module.js', 'module.js.map', 'plugin.json', 'README.md', 'CHANGELOG.md', 'LICENSE']
    .filter((name) => !dist.has(name))
    .map((name) => `${name} is missing from the build`);

export const license: Rule = ({ dist }) =>
  /Apache License|GNU (AFFERO |LESSER )?GENERAL PUBLIC LICENSE|MIT License|BSD/i.test(dist.get('LICENSE') ?? '')
    ? []
    : ['LICENSE is none that the catalog takes'];

export const readme: Rule = ({ dist }) => {
  const text = dist.get('README.md') ?? '';
  return [
    ...(text.includes('<!--') ? ['README.md has HTML comments'] : []),
    ...(/This template is a starting point/i.test(text) ? ["README.md is the scaffold's"] : []),
    ...(text.length < 500 ? ['README.md says too little'] : []),
    ...[...text.matchAll(/\]\((?!https:|#|mailto:)([^)]+)\)/g)].map(
      ([, link]) => `README.md: ${link ?? ''} is relative, and leads nowhere in the catalog`
    ),
  ];
};

/** Nested plugins are declared with their path and type, or the catalog refuses them. */
export const nested: Rule = (subject) => {
  const all = plugins(subject);
  const includes = all[0]?.plugin.includes ?? [];
  return all.slice(1).flatMap(({ dir, plugin }) => {
    const named = includes.find(({ path }) => path === `${dir}plugin.json`);
    if (named === undefined) return [`${dir}plugin.json is not named in the app's includes`];
    return named.type === plugin.type ? [] : [`${dir}plugin.json is a ${plugin.type}, and included as a ${named.type}`];
  });
};

export const grafanaDependency: Rule = (subject) =>
  each(subject, (_dir, { dependencies: { grafanaDependency: range } }) => [
    validRange(range) === null && `grafanaDependency ${range} is no range`,
    /\.x/.test(range) && `grafanaDependency ${range} has an x`,
    /^\d/.test(range) && `grafanaDependency ${range} is one version`,
    ...['12.3.0', '13.2.2'].map(
      (version) => !satisfies(version, range) && `grafanaDependency ${range} is without ${version}`
    ),
  ]);

/** A wrong prefix keeps the plugin from loading; a route without an action is open to every signed-in visitor. */
export const access: Rule = ({ dist }) => {
  const { id, roles = [], routes = [], includes = [] } = json(dist.get('plugin.json'));
  const permissions = roles.flatMap(({ role }) => role.permissions);
  const held = new Set(permissions.map(({ action }) => action));
  const misnamed = (action: string): boolean => !action.startsWith(`${id}.`) && !action.startsWith(`${id}:`);
  return [
    ...permissions.flatMap(({ action, scope }) => {
      if (action === 'plugins.app:access')
        return scope === `plugins:id:${id}` ? [] : [`${action} is not scoped to ${id}`];
      return misnamed(action) ? [`the action ${action} does not begin with the plugin's id`] : [];
    }),
    ...roles.flatMap(({ grants }) => (grants.length === 0 ? ['a role is granted to nobody'] : [])),
    ...includes.flatMap(({ action }) => (action !== undefined && !held.has(action) ? [`no role holds ${action}`] : [])),
    ...routes.flatMap(({ path, method = '*', url, reqAction, headers = [] }, index) => [
      ...(reqAction === undefined ? [`the route ${path} asks for no action`] : []),
      ...(reqAction !== undefined && !held.has(reqAction) ? [`no role holds ${reqAction} of the route ${path}`] : []),
      ...(/^[A-Z]+$/.test(method) ? [] : [`the route ${path} has the method ${method}: one verb each`]),
      ...(method !== 'GET' && !/^fleet\/(operator|approver)\//.test(path) ? [`${method} ${path} is for no role`] : []),
      ...(url.startsWith('{{ .JsonData.collectorUrl }}/') ? [] : [`the route ${path} leads elsewhere`]),
      ...(path.endsWith('/*') && !url.endsWith(`/${path.slice(0, -2)}`) ? [`the route ${path} loses its prefix`] : []),
      ...(headers.some(({ content }) => content.includes('.SecureJsonData.secret'))
        ? []
        : [`the route ${path} does not prove that it came through Grafana`]),
      // The first that matches decides, so a general route must not stand before one that it contains.
      ...routes
        .slice(0, index)
        .filter((earlier) => (earlier.method ?? '*') === method && covers(earlier.path, path))
        .map((earlier) => `the route ${path} is never reached behind ${earlier.path}`),
    ]),
  ];
};

const covers = (general: string, special: string): boolean =>
  general.endsWith('/*') ? special.startsWith(general.slice(0, -1)) : general === special;

/** React's internals, bundled, end a plugin in Grafana 13. */
export const react: Rule = ({ dist }) =>
  [...dist]
    .filter(([path, text]) => path.endsWith('.js') && /ReactCurrentOwner|__SECRET_INTERNALS/.test(text))
    .map(([path]) => `${path} has React's internals in it`);

/** Lazy chunks of a nested panel are asked for where they are not (grafana/plugin-tools#2172). */
export const eagerPanels: Rule = ({ source }) =>
  [...source]
    .filter(([path, text]) => path.startsWith('panels/') && /\blazy\(|\bimport\(/.test(text))
    .map(([path]) => `${path}: a nested panel must not load anything lazily`);

export const svg: Rule = ({ dist }) =>
  [...dist]
    .filter(([path, text]) => path.endsWith('.svg') && /<script|<foreignObject|\son\w+=/i.test(text))
    .map(([path]) => `${path} has active content`);

/** `@grafana/create-plugin` must be seen to have built it. */
export const buildTools: Rule = ({ config }) =>
  (config.get('webpack/webpack.config.ts') ?? '').includes('@grafana/create-plugin')
    ? []
    : ['.config/webpack/webpack.config.ts is not the scaffold’s'];

const FORBIDDEN: readonly (readonly [RegExp, string])[] = [
  [/\bconsole\.(log|info|table|debug|dir)\b/, 'writes to the console'],
  [
    /\b(window|globalThis)\.(alert|confirm|prompt)\b|(^|[^.\w])(alert|confirm|prompt)\(['"`]/m,
    'asks by a dialog of the browser',
  ],
  [/\bgrafanaBootData\b/, 'reads grafanaBootData'],
  [/\bwindow\.location\b|\bdocument\.location\b/, 'uses window.location: take locationService'],
  [/\bwindow\.open\((?![^)]*noopener,noreferrer)/, 'opens a window without noopener,noreferrer'],
  [/@ts-(ignore|expect-error|nocheck)/, 'silences the type checker'],
  [/import\s+['"][^'"]+\.(css|scss)['"]/, 'imports a style sheet'],
  [/<Global\b/, 'has global styles'],
  [/\/api\/ds\/query/, 'queries data sources by hand'],
  [/gf-form/, "uses Grafana's old classes"],
  [/dangerouslySetInnerHTML/, 'sets HTML'],
  [/from\s+['"]@grafana\/(ui|data|runtime|schema)\//, 'imports from inside a package of Grafana'],
  [/from\s+['"]@grafana\/toolkit/, 'uses the toolkit, which is a stub'],
];
export const source: Rule = ({ source }) =>
  [...source]
    .filter(([path]) => /\.tsx?$/.test(path))
    .flatMap(([path, text]) =>
      FORBIDDEN.filter(([pattern]) => pattern.test(text)).map(([, what]) => `src/${path} ${what}`)
    );

export const RULES = {
  ids,
  info,
  screenshots,
  files,
  license,
  readme,
  nested,
  grafanaDependency,
  access,
  react,
  eagerPanels,
  svg,
  buildTools,
  source,
} as const satisfies Record<string, Rule>;
