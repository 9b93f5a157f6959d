/** So many are kept: renewals come at most once an hour, and what is older than the last of them was replaced long ago. */
const MOST = 16;

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
