/** Where the parts of the stack listen on 127.0.0.1. */
export interface StackPorts {
  readonly api: number;
  readonly prometheus: number;
  readonly alertmanager: number;
  readonly grafana: number;
}

/** As they stand in the files of `provisioning/`. */
export const PROVISIONED_PORTS: StackPorts = { api: 8080, prometheus: 9090, alertmanager: 9093, grafana: 3000 };

const ADDRESS = /(?<![\d.])127\.0\.0\.1:(8080|9090|9093|3000)(?!\d)/g;

/**
 * A provisioning file for a stack on other ports: the four addresses that it may name are rewritten, all at once.
 * @param ports those that are absent stay as they are in the files
 */
export function relocate(text: string, ports: Partial<StackPorts>): string {
  const moved = new Map(
    (Object.keys(PROVISIONED_PORTS) as (keyof StackPorts)[]).map((part) => [
      String(PROVISIONED_PORTS[part]),
      String(ports[part] ?? PROVISIONED_PORTS[part]),
    ])
  );
  return text.replace(ADDRESS, (_, port: string) => `127.0.0.1:${moved.get(port) ?? port}`);
}
