import type { RealGateway } from './openclaw.ts';

type Json = Record<string, unknown>;
type Addressed = Pick<RealGateway, 'url' | 'token'>;

/**
 * One call with full rights, for tests that must change a gateway. The bridge itself has nothing like it.
 * @throws Error with the gateway's refusal
 */
export async function adminCall(gateway: Addressed, method: string, params: Json): Promise<Json> {
  const socket = new WebSocket(`ws://${gateway.url.host}`);
  const ask = (id: string, name: string, body: Json): void =>
    socket.send(JSON.stringify({ type: 'req', id, method: name, params: body }));
  const client = { id: 'gateway-client', mode: 'backend', version: '0.1.0', platform: process.platform };
  const scopes = ['operator.read', 'operator.admin'];
  try {
    return await new Promise<Json>((resolve, reject) => {
      socket.onclose = (event) => reject(new Error(`${method}: the gateway closed the connection (${event.code})`));
      socket.onmessage = (message) => {
        const frame = JSON.parse(String(message.data)) as Json;
        if (frame['event'] === 'connect.challenge') {
          const auth = { token: gateway.token };
          ask('connect', 'connect', {
            minProtocol: 4,
            maxProtocol: 4,
            role: 'operator',
            scopes,
            caps: [],
            client,
            auth,
          });
        } else if (frame['type'] === 'res' && frame['ok'] !== true) {
          reject(new Error(`${method}: ${JSON.stringify(frame['error'])}`));
        } else if (frame['id'] === 'connect') ask('call', method, params);
        else if (frame['id'] === 'call') resolve(frame['payload'] as Json);
      };
    });
  } finally {
    socket.close();
  }
}

/** Adds a job that fails whenever it is run, and is due in an hour. @returns the job */
export function addFailingJob(gateway: Addressed): Promise<Json> {
  return adminCall(gateway, 'cron.add', {
    name: 'fails',
    enabled: true,
    schedule: { kind: 'every', everyMs: 3_600_000 },
    sessionTarget: 'isolated',
    wakeMode: 'now',
    payload: { kind: 'command', argv: ['sh', '-c', 'exit 3'] },
    delivery: { mode: 'none' },
  });
}
