const MAX_LENGTH = 128;
/** What a line cannot show, or what would turn it round. */
const UNSHOWABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]+/gu;
/** What a cut may leave of a character. */
const HALF = /\p{Cs}$/u;
const EMAIL_ADDRESS = /^\S+@\S+$/;

/**
 * What a person is called: the first of `candidates` that is a name, cleaned, in at most 128 characters. An address for mail
 * is none: it is kept with approvals, and shown to everybody who may view.
 * @param candidates claims or settings, of any type
 * @returns null when there is none
 */
export function personName(...candidates: readonly unknown[]): string | null {
  for (const candidate of candidates) {
    if (typeof candidate !== 'string') continue;
    const name = candidate.replace(UNSHOWABLE, ' ').replace(/ +/g, ' ').trim();
    if (name !== '' && !EMAIL_ADDRESS.test(name)) return name.slice(0, MAX_LENGTH).replace(HALF, '').trimEnd();
  }
  return null;
}

/** The same as a member of an actor; empty when there is none. */
export function labelOf(...candidates: readonly unknown[]): { readonly label?: string } {
  const label = personName(...candidates);
  return label === null ? {} : { label };
}
