import { verify } from 'node:crypto';
import type { ProblemName } from '@openclaw-fleet/contract';
import { type TrustStore } from '../storage/types.ts';
import type { Authority } from './authority.ts';
import { parsePublicKey } from './keys.ts';
import type { Peer } from './peer.ts';
import type { Trust, TrustedNode } from './trust.ts';

const HOUR = 3_600_000;
const DAY = 86_400_000;

/** What the sender of a renewal signs with its new key, so that nobody gets a certificate for a key they do not hold. */
export const renewalText = (nodeId: string): string => `openclaw-renew:${nodeId}`;

/** A renewal was refused. `message` says why and what to do. */
export class RenewalRefused extends Error {
  override readonly name = 'RenewalRefused';
  readonly problem: ProblemName;
  readonly field: string | null;
  readonly retryAfterSeconds: number | null;

  constructor(problem: ProblemName, message: string, details: { field?: string; retryAfterSeconds?: number } = {}) {
    super(message);
    this.problem = problem;
    this.field = details.field ?? null;
    this.retryAfterSeconds = details.retryAfterSeconds ?? null;
  }
}

/**
 * When a node may renew again: not within an hour of the last time, unless a third of the new certificate's life is over already.
 * @returns milliseconds to wait, 0 for now
 */
export function renewalWait(notAfterMs: number, lifeMs: number, nowMs: number): number {
  const left = notAfterMs - nowMs;
  const age = lifeMs - left;
  return Math.max(0, Math.min(HOUR - age, left - (lifeMs * 2) / 3));
}

export interface RenewalContext {
  readonly store: TrustStore;
  readonly trust: Trust;
  /** Null when its key is not on this host. */
  readonly authority: Authority | null;
  readonly days: number;
  readonly nowMs: number;
}

export interface Renewed {
  /** PEM. */
  readonly certificate: string;
  /** PEM bundle. */
  readonly ca: string;
}

/** Node ids whose renewal is under way in this process. */
const underWay = new Set<string>();

/**
 * Gives an enrolled node a certificate for a new key. The id is that of the certificate it came with, so a stolen one cannot
 * be turned into another node's.
 * @throws RenewalRefused, StorageError
 */
export async function renewNode(
  request: { publicKey: string; proof: string },
  peer: Peer,
  context: RenewalContext
): Promise<Renewed> {
  const { nodeId } = peer;
  if (underWay.has(nodeId))
    throw new RenewalRefused('rate-limited', 'a renewal of this node is under way: wait for its answer', {
      retryAfterSeconds: 1,
    });
  underWay.add(nodeId);
  try {
    return await renew(request, peer, context);
  } finally {
    underWay.delete(nodeId);
  }
}

async function renew(
  request: { publicKey: string; proof: string },
  peer: Peer,
  context: RenewalContext
): Promise<Renewed> {
  const { nodeId } = peer;
  await context.trust.refresh();
  const node = requireTrusted(context.trust, peer);
  const publicKey = parsePublicKey(request.publicKey);
  if (publicKey === null)
    throw new RenewalRefused('invalid-body', 'public_key must be a P-256 public key as SPKI PEM ("BEGIN PUBLIC KEY")', {
      field: 'public_key',
    });
  const proof = Buffer.from(request.proof, 'base64url');
  if (
    proof.length !== 64 ||
    !verify('sha256', Buffer.from(renewalText(nodeId)), { key: publicKey, dsaEncoding: 'ieee-p1363' }, proof)
  ) {
    throw new RenewalRefused(
      'invalid-body',
      `proof must be the ES256 signature (64 bytes, base64url) of "${renewalText(nodeId)}" by the new key`,
      { field: 'proof' }
    );
  }
  const { authority } = context;
  if (authority === null) {
    throw new RenewalRefused(
      'renewal-unavailable',
      `the authority's key is not on this host: run openclaw-fleet rotate ${nodeId} where it is, and bring the node its files`
    );
  }
  const wait = renewalWait(node.notAfterS * 1000, context.days * DAY, context.nowMs);
  if (wait > 0)
    throw new RenewalRefused('rate-limited', 'this node was renewed within the last hour: try again later', {
      retryAfterSeconds: Math.ceil(wait / 1000),
    });

  const issued = await authority.issueNode(nodeId, {
    publicKey,
    names: peer.names ?? [],
    days: context.days,
    nowMs: context.nowMs,
  });
  const { fingerprint, notAfterMs } = issued;
  const enrolment = {
    nodeId,
    name: node.name,
    enrolledMs: context.nowMs,
    requireSignature: node.requireSignature,
    fingerprint,
    notAfterMs,
    revokedMs: null,
  };
  const renewed = await context.store.renewEnrolment(enrolment, peer.fingerprint256, {
    actor: { name: `node:${nodeId}`, via: 'system' },
    action: 'node.renewed',
    subject: nodeId,
    reason: null,
    atMs: context.nowMs,
    // A renewal from a certificate that is not the newest may be a lost answer, or a thief.
    data: { fingerprint, notAfterMs, from: peer.fingerprint256, fromNewest: peer.fingerprint256 === node.fingerprint },
  });
  // Revoked since it was asked for: what was issued goes to nobody.
  if (renewed === null) throw revoked(nodeId);
  await context.trust.adopt(nodeId, renewed);
  return { certificate: issued.certificate, ca: authority.bundle };
}

function requireTrusted(trust: Trust, peer: Peer): TrustedNode {
  const node = trust.node(peer.nodeId);
  if (node === undefined)
    throw new RenewalRefused('not-enrolled', `the node ${peer.nodeId} is not enrolled: run openclaw-fleet enroll`);
  if (trust.isRevoked(peer.nodeId, peer.fingerprint256)) throw revoked(peer.nodeId);
  return node;
}

const revoked = (nodeId: string): RenewalRefused =>
  new RenewalRefused(
    'revoked',
    `the node ${nodeId} or its certificate is revoked: bring it the files of openclaw-fleet rotate, or enrol it anew`
  );
