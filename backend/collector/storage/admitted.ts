/**
 * So many are kept, where few are usual: one that still counts must not be pushed out by a thief who renews, and renewals
 * come at most once an hour. These are 100 days of them; a certificate lives 90, unless it is set to more.
 */
const MOST = 2400;

/**
 * The certificates of a node that count after one more was issued, when not all that it ever had do. The one that it was
 * renewed from goes on to count: the answer may be lost, and the node then asks again with it.
 * @param from of the certificate it was renewed from; null: a person made the new one
 */
export function admittedAfter(admitted: readonly string[], from: string | null, issued: string): string[] {
  const others = admitted.filter((one) => one !== from && one !== issued);
  return [...others, ...(from === null ? [] : [from]), issued].slice(-MOST);
}

/** As it is stored: null where every certificate counts that is not revoked. */
export const admittedText = (admitted: readonly string[]): string => admitted.join(' ');

export function admittedFrom(text: string): string[] {
  return text === '' ? [] : text.split(' ');
}
