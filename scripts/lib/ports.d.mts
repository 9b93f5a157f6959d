export interface WantedPort {
  readonly name: string;
  readonly port: number;
  readonly flag: string;
}
export interface Holder {
  readonly pid: number;
  readonly command: string;
}
export function portTrouble(port: number): Promise<string | null>;
export function socketsOn(table: string, port: number): string[];
export function holderOf(port: number): Holder | null;
export function portMessage(wanted: WantedPort, code: string, holder: Holder | null): string;
export function portProblems(ports: readonly WantedPort[]): Promise<string[]>;
