export interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}
export function progress(out: Output, title: string, detail?: () => string): { end(outcome: string): void };
