import type { ConfigValues, Json } from './configuration.ts';

/** What OpenClaw writes where a secret stands; we write the same. */
export const REDACTED = '__OPENCLAW_REDACTED__';
/** Stands where a secret is wanted and something else is, so that redacting it again does not take it for that secret. */
const UNLIKE = `${REDACTED}unlike`;

/** `{"$secretRef": "name"}`: a secret by its name. */
export function isSecretReference(value: Json | undefined): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const name = value['$secretRef'];
  return Object.keys(value).length === 1 && typeof name === 'string' && /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(name);
}

/** Why something is taken for a secret: the name it stands under, its own look, or because it was redacted already. */
export type SecretSign = 'name' | 'shape' | 'redacted';

/** One secret in plain. Steps of `path` that could tell something are shown as `*`. */
export interface PlainSecret {
  readonly path: string;
  readonly sign: SecretSign;
}

/** Every secret that stands in plain in a managed value, or in the name of a member. */
export function plainSecrets(path: string, value: Json): PlainSecret[] {
  const found: PlainSecret[] = [];
  const steps = path.split('.');
  if (steps.some(looksSecret)) found.push({ path: shownPath(path), sign: 'shape' });
  walk(value, steps.some(isSecretName), [shownPath(path)]);
  return found;

  function walk(at: Json, named: boolean, shown: readonly string[]): void {
    const sign = signOf(at, named);
    if (sign !== null) found.push({ path: shown.join('.'), sign });
    if (typeof at !== 'object' || at === null) return;
    if (isSecretReference(at)) {
      if (signOfReference(at) !== null) found.push({ path: [...shown, '$secretRef'].join('.'), sign: 'shape' });
      return;
    }
    for (const [name, inner] of Object.entries(at)) {
      if (Array.isArray(at)) walk(inner, named, shown);
      else {
        if (looksSecret(name)) found.push({ path: [...shown, '*'].join('.'), sign: 'shape' });
        walk(inner, named || isSecretName(name), [...shown, shownStep(name)]);
      }
    }
  }
}

/**
 * The value with REDACTED where a secret stands. What equals `wanted` stays, since whoever gets it wrote it; where `wanted`
 * names a secret and one is there, that name stands for it. Whatever else is there may be the secret in another form: of it
 * only null, booleans and the empty string stay.
 */
export function redactedValue(path: string, value: Json, wanted: Json | undefined): Json {
  return hide(value, wanted, path.split('.').some(isSecretName));

  function hide(at: Json, wish: Json | undefined, named: boolean): Json {
    if (at === UNLIKE) return at;
    if (wish !== undefined && isSecretReference(wish)) return standsFor(wish, at) ? wish : unlike(at);
    if (wish !== undefined && kindOf(at) !== kindOf(wish) && namesSecret(wish)) return unlike(at);
    if (typeof at !== 'object' || at === null) return at === wish || signOf(at, named) === null ? at : REDACTED;
    if (isSecretReference(at)) return signOfReference(at) === null || isEqual(at, wish) ? at : REDACTED;
    if (Array.isArray(at)) return hideItems(at, Array.isArray(wish) ? wish : [], named);
    const wishes = typeof wish === 'object' && wish !== null && !Array.isArray(wish) ? wish : {};
    const members = Object.entries(at)
      .filter(([name]) => Object.hasOwn(wishes, name) || !looksSecret(name))
      .map(([name, inner]): [string, Json] => {
        const innerWish = Object.hasOwn(wishes, name) ? wishes[name] : undefined;
        return [name, hide(inner, innerWish, named || isSecretName(name))];
      });
    return Object.fromEntries(members);
  }

  /** Items have no names: in a list with a secret, any that is not as wanted could be that secret. */
  function hideItems(items: readonly Json[], wishes: readonly Json[], named: boolean): Json[] {
    const withSecret = wishes.some(namesSecret);
    return items.map((item, index) => {
      const wish = wishes[index];
      const known = wish !== undefined && (namesSecret(wish) || isEqual(item, wish));
      return withSecret && !known ? unlike(item) : hide(item, wish, named);
    });
  }
}

/** Every value redacted, as `redactedValue` does it. */
export function redactedValues(values: ConfigValues, wanted: ConfigValues = {}): ConfigValues {
  return Object.fromEntries(
    Object.entries(values).map(([path, value]) => [
      path,
      redactedValue(path, value, Object.hasOwn(wanted, path) ? wanted[path] : undefined),
    ])
  );
}

/** A path for a message: steps that could hold a secret are `*`. */
export function shownPath(path: string): string {
  return path.split('.').map(shownStep).join('.');
}

function shownStep(step: string): string {
  return /^[A-Za-z0-9_$-]{1,64}$/.test(step) && !looksSecret(step) ? step : '*';
}

const kindOf = (value: Json): string => (Array.isArray(value) ? 'array' : typeof value);

const unlike = (value: Json): Json => (value === null || value === '' || typeof value === 'boolean' ? value : UNLIKE);

/** Whether a value names a secret, at any depth. */
export function namesSecret(value: Json): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return isSecretReference(value) || Object.values(value).some(namesSecret);
}

const standsFor = (reference: Json, value: Json): boolean => holdsSecret(value) || isEqual(value, reference);

function isEqual(a: Json, b: Json | undefined): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  const [members, others] = [Object.entries(a), new Map(Object.entries(b))];
  return (
    Array.isArray(a) === Array.isArray(b) &&
    members.length === others.size &&
    members.every(([name, inner]) => isEqual(inner, others.get(name)))
  );
}

const nameOf = (reference: Json): string => (reference as { $secretRef: string }).$secretRef;

/** Somebody wrote the secret where its name belongs. */
const signOfReference = (reference: Json): SecretSign | null => (looksSecret(nameOf(reference)) ? 'shape' : null);

/** Something is there that a secret's name may stand for: redacted, plain, or OpenClaw's own reference. */
function holdsSecret(value: Json): boolean {
  if (typeof value === 'string') return value !== '';
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return ['source', 'provider', 'id'].every((name) => typeof value[name] === 'string');
}

function signOf(value: Json, named: boolean): SecretSign | null {
  if (typeof value === 'number') return named ? 'name' : null;
  if (typeof value !== 'string' || value === '') return null;
  if (value.includes(REDACTED)) return 'redacted';
  if (named) return 'name';
  return looksSecret(value) ? 'shape' : null;
}

const SECRET_NAME =
  /(token|password|passwd|passphrase|passcode|secret|apikey|credential|authorization|cookie|serviceaccount|webhookurl|connectionstring|(private|secret|access|signing|encryption|master|shared|hmac|account|session|client)key)s?$/;
/** Secrets as a whole word alone: `smtpPass` is one, `compass` is not. */
const SECRET_WORD = /^(pass|pwd|dsn|jwt|otp|totp)s?$/;
/** What follows a secret's name and leaves it one: `botTokenProd`, `privateKeyPem`. */
const QUALIFIER =
  /^(prod|production|staging|stage|dev|development|test|live|main|primary|secondary|backup|old|new|current|previous|default|pem|der|base|hex|value|string|text|plain|raw)$/;
/** Numbers of something, by the words of the name. */
const COUNT =
  /^(max|min|num|total|reserved?)( |tokens?$)|(context|budget|threshold|input|output|prompt|completion) ?tokens$/;

/** Whether what stands under this name is a secret: `botToken` and `api_key` are, `maxTokens` is not. */
function isSecretName(name: string): boolean {
  const words = (name.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g) ?? []).map((word) => word.toLowerCase());
  const bare = words.slice(0, words.findLastIndex((word) => !QUALIFIER.test(word)) + 1);
  return [words, bare].some(
    (all) => !COUNT.test(all.join(' ')) && (SECRET_NAME.test(all.join('')) || SECRET_WORD.test(all.at(-1) ?? ''))
  );
}

/** Nodes send what these are run over: each takes time in proportion to the text, so none may start anew at every character. */
const SHAPES = [
  /-----BEGIN [A-Z0-9 ]+-----/,
  // JSON Web Tokens.
  /(?<![\w-])eyJ[\w-]+\.[\w-]+\.[\w-]*/,
  // Keys that say whose they are: OpenAI, Anthropic, Stripe, GitHub, GitLab, Slack, AWS, Google, npm, Hugging Face, ours.
  /\b[spr]k[-_][\w-]{8,}/,
  /\bgh[pousr]_\w{16,}/,
  /\bgithub_pat_\w{16,}/,
  /\bglpat-[\w-]{16,}/,
  /\bx(ox[a-z]|app)-[\w-]{8,}/,
  /\bA[KS]IA[A-Z0-9]{16}/,
  /\bAIza[\w-]{30,}/,
  /\bya29\.[\w-]{16,}/,
  /\bSG\.[\w-]{16,}/,
  /\bnpm_\w{30,}/,
  /\bhf_\w{20,}/,
  /\bocf_[0-9a-f]{12}_/,
  // Telegram bots.
  /\b\d{6,12}:[\w-]{30,}/,
  /\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/i,
  // A password in an address.
  /:\/\/[^\s/@:]*:[^\s/@]+@/,
];

/** Whether a text looks like a secret, wherever it stands. */
function looksSecret(text: string): boolean {
  if (SHAPES.some((shape) => shape.test(text))) return true;
  if (/^[A-Za-z0-9+/]{40,}={0,2}$/.test(text) && entropy(text) >= 4.6) return true;
  return text.split(/[^A-Za-z0-9+=_-]+/).some(isRandom);
}

/** Long, of letters and digits, and without the repetition of words: a key, a hash or a token. */
function isRandom(run: string): boolean {
  if (run.length < 24 || !/\d/.test(run) || !/[A-Za-z]/.test(run)) return false;
  // Words, numbers, dates and UUIDs joined by dashes.
  if (run.split(/[-_]/).every((part) => part.length <= 12 || /^([a-z]+|[A-Z]+|\d+)$/.test(part))) return false;
  if (/^[0-9a-fA-F]+$/.test(run)) return run.length >= 32 && entropy(run) >= 3;
  return entropy(run) >= (run.length < 32 ? 4 : 4.2);
}

/** Shannon's entropy of the text's characters, in bits each. */
function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  return -[...counts.values()].reduce((sum, count) => {
    const share = count / text.length;
    return sum + share * Math.log2(share);
  }, 0);
}
