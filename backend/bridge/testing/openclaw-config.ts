/** The smallest configuration that a gateway starts with, and stays within its machine (openclaw-notes section 10). */
export const SMALLEST = {
  gateway: { mode: 'local', bind: 'loopback', controlUi: { enabled: false } },
  agents: { defaults: { skipBootstrap: true, heartbeat: { every: '0m' } }, entries: { main: {} } },
  plugins: { enabled: false },
  discovery: { mdns: { mode: 'off' } },
  update: { checkOnStart: false },
};
