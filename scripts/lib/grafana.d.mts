type Environment = Readonly<Record<string, string | undefined>>;
/** A Grafana that is installed on this machine. */
export interface InstalledGrafana {
  readonly home: string;
  readonly binary: string;
}
export function findGrafana(env?: Environment, exists?: (path: string) => boolean): InstalledGrafana | null;
export function findChromium(env?: Environment): string | null;
