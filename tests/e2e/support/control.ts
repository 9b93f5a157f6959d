import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Fault } from '../../../backend/simulator/faults.ts';
import type { Stage } from './stage.ts';

/** One fault for one node. */
export interface Befall {
  readonly id: string;
  readonly fault: Fault;
}

/**
 * Lets other processes break nodes of the stage: `POST <url>` with `{"id": "gateway-03", "fault": {"kind": "gateway-hang"}}`.
 * Loopback alone, at an address that nobody guesses.
 */
export async function openControl(stage: Stage): Promise<{ url: string; close: () => Promise<void> }> {
  const path = `/${randomBytes(16).toString('hex')}/befall`;
  const server = createServer((req, res) => {
    if (req.method !== 'POST' || req.url !== path) {
      res.writeHead(404).end();
      return;
    }
    void bodyOf(req)
      .then((text) => {
        const { id, fault } = JSON.parse(text) as Befall;
        stage.befall(id, fault);
        res.writeHead(204).end();
      })
      .catch((error: unknown) => res.writeHead(400).end((error as Error).message));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function bodyOf(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** A fault befalls a node of a stage in another process. */
export async function befall(controlUrl: string, { id, fault }: Befall): Promise<void> {
  const answer = await fetch(controlUrl, { method: 'POST', body: JSON.stringify({ id, fault }) });
  if (!answer.ok) throw new Error(`${id} cannot have ${fault.kind}: ${await answer.text()}`);
}
