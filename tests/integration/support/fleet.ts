import { join } from 'node:path';
import { newKeyPair, privatePem } from '../../../backend/collector/identity/keys.ts';
import { requireAuthority } from '../../../backend/collector/identity/pki.ts';
import { openStorage } from '../../../backend/collector/storage/index.ts';
import type { Credentials } from '../../../backend/simulator/index.ts';
import type { TestCollector } from './collector.ts';

/**
 * What `enroll` does, for many nodes and in memory: a process for each would take minutes.
 * @param days that their certificates are good for
 */
export async function enrolMany(collector: TestCollector, ids: readonly string[], days = 1): Promise<Credentials[]> {
  const authority = requireAuthority(join(collector.folder, 'pki'));
  const store = await openStorage({ file: join(collector.folder, 'data', 'fleet.db') });
  const atMs = Date.now();
  try {
    return await Promise.all(
      ids.map(async (id) => {
        const { publicKey, privateKey } = newKeyPair();
        const issued = await authority.issueNode(id, { publicKey, names: [], days, nowMs: atMs });
        const { certificate: cert, fingerprint, notAfterMs } = issued;
        await store.putEnrolment(
          { nodeId: id, name: id, enrolledMs: atMs, fingerprint, notAfterMs, requireSignature: false, revokedMs: null },
          {
            actor: { name: 'cli:test', via: 'local-shell' },
            action: 'node.enrolled',
            subject: id,
            reason: null,
            atMs,
            data: { name: id, fingerprint, notAfterMs },
          }
        );
        return { id, cert, key: privatePem(privateKey), ca: authority.bundle };
      })
    );
  } finally {
    await store.close();
  }
}
