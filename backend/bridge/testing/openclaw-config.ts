/** The smallest configuration that a gateway starts with, and stays within its machine (openclaw-notes section 10). */
export const SMALLEST = {
  gateway: { mode: 'local', bind: 'loopback', controlUi: { enabled: false } },
  agents: { defaults: { skipBootstrap: true, heartbeat: { every: '0m' } }, entries: { main: {} } },
  plugins: { enabled: false },
  discovery: { mdns: { mode: 'off' } },
  update: { checkOnStart: false },
};

/** What a gateway is started with, but for PATH: a home of its own, and nothing that leaves its machine. */
export function gatewayEnvironment(home: string, token: string): Record<string, string> {
  return {
    HOME: home,
    LANG: 'C.UTF-8',
    NO_COLOR: '1',
    // By the environment: arguments are visible to every user of the machine.
    OPENCLAW_GATEWAY_TOKEN: token,
    OPENCLAW_SKIP_CHANNELS: '1',
    OPENCLAW_DISABLE_BONJOUR: '1',
  };
}
