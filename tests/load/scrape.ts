import { get } from 'node:http';

/**
 * Scrapes a subject and lets the text go unread: keeping it would hold up those who measure, on a machine of two cores.
 * @returns its size in bytes
 */
export function scrape(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path: '/metrics' }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`the scrape was answered ${response.statusCode}`));
      let bytes = 0;
      response.on('data', (chunk: Buffer) => (bytes += chunk.length));
      response.once('end', () => resolve(bytes)).once('error', reject);
    });
    request.once('error', reject);
  });
}
