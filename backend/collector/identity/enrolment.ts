import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { NODE_ID_PATTERN } from '@openclaw-fleet/contract';
import type { Actor, Enrolment, TrustStore } from '../storage/types.ts';
import { type Authority, checkNames } from './authority.ts';
import { CredentialError } from './credential-error.ts';
import { ensureKeyFolder, PUBLIC, refuseExisting, SECRET, writeFileAtomic } from './files.ts';
import { newKeyPair, privatePem, type KeyPair } from './keys.ts';
import { nodeEnv, withPins } from './node-env.ts';
import { pinOfKey } from './pins.ts';
import type { Pins } from './pki.ts';

/** What a node's folder holds. */
export function nodeFiles(folder: string) {
  const at = (name: string): string => join(folder, name);
  return { certificate: at('node.crt'), key: at('node.key'), ca: at('ca.crt'), env: at('node.env') };
}

export interface NodeSettings {
  /** Where the files are written. */
  readonly out: string;
  /** Where the node will find them, when it is not `out`. */
  readonly nodeFolder: string | null;
  readonly endpoint: string;
  readonly audience: string;
  readonly zone: string | null;
  readonly timings: 'production' | 'demo';
}

export interface EnrolRequest extends NodeSettings {
  readonly name: string;
  /** Null: a UUID is made. */
  readonly nodeId: string | null;
  /** DNS names and IP addresses at which the collector will reach the node. */
  readonly names: readonly string[];
  readonly requireSignature: boolean;
}

export interface EnrolmentContext {
  readonly store: TrustStore;
  readonly authority: Authority;
  readonly pins: Pins;
  readonly days: number;
  readonly actor: Actor;
  readonly nowMs: number;
  readonly newId: () => string;
}

export interface EnrolledNode {
  readonly nodeId: string;
  readonly name: string;
  readonly folder: string;
  readonly fingerprint: string;
  readonly notAfterMs: number;
  /** Pin of the node's own key. */
  readonly pin: string;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/;
const ZONE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,119}$/;

function checkRequest(request: EnrolRequest): void {
  if (!NAME.test(request.name))
    throw new CredentialError(
      `the name ${JSON.stringify(request.name)} is not valid: use 1 to 253 of A-Z a-z 0-9 . _ -, starting with a letter or a digit`
    );
  if (request.nodeId !== null && !NODE_ID_PATTERN.test(request.nodeId)) {
    throw new CredentialError(
      `the id ${JSON.stringify(request.nodeId)} is not valid: use 1 to 64 of A-Z a-z 0-9 . _ -, starting with a letter or a digit`
    );
  }
  if (request.zone !== null && !ZONE.test(request.zone))
    throw new CredentialError(
      `the zone ${JSON.stringify(request.zone)} is not valid: use 1 to 120 of A-Z a-z 0-9 . _ -`
    );
  checkNames(request.names);
}

/**
 * Enrols a node: its certificate, its key and its settings in a folder, and its enrolment in storage.
 * @throws CredentialError when the id or the name is taken, a file is there already, or a value is not valid
 */
export async function enrolNode(request: EnrolRequest, context: EnrolmentContext): Promise<EnrolledNode> {
  checkRequest(request);
  const { enrolments } = await context.store.trustSnapshot();
  const nodeId = request.nodeId ?? context.newId();
  const sameId = enrolments.find((one) => one.nodeId === nodeId);
  if (sameId?.revokedMs === null)
    throw new CredentialError(
      `the id ${nodeId} is enrolled already (as ${sameId.name}): run openclaw-fleet rotate ${nodeId} for new credentials`
    );
  if (sameId !== undefined)
    throw new CredentialError(`the id ${nodeId} is revoked and stays so: enrol under another id`);
  const sameName = enrolments.find((one) => one.name === request.name && one.revokedMs === null);
  if (sameName !== undefined)
    throw new CredentialError(
      `the name ${request.name} is enrolled already (id ${sameName.nodeId}): choose another, or run openclaw-fleet rotate or revoke with that id`
    );

  const folder = resolve(request.out);
  ensureKeyFolder(folder);
  refuseExisting(folder, Object.values(nodeFiles(folder)), 'choose another folder with --out');
  const enrolment = {
    nodeId,
    name: request.name,
    enrolledMs: context.nowMs,
    requireSignature: request.requireSignature,
    revokedMs: null,
  };
  return issueInto(
    folder,
    { enrolment, settings: request, names: request.names, action: 'node.enrolled', reason: null },
    context,
    () => {
      for (const path of Object.values(nodeFiles(folder))) rmSync(path, { force: true });
    }
  );
}

export interface RotateRequest extends NodeSettings {
  readonly enrolment: Enrolment;
  readonly names: readonly string[];
  /** Every certificate it had until now is refused, also before the new one is in place. */
  readonly revokeCurrent: boolean;
  readonly reason: string | null;
}

/**
 * Makes a new key and certificate for an enrolled node, replacing the files in its folder.
 * @throws CredentialError when it is revoked
 */
export async function rotateNode(request: RotateRequest, context: EnrolmentContext): Promise<EnrolledNode> {
  const { enrolment } = request;
  if (enrolment.revokedMs !== null)
    throw new CredentialError(`the node ${enrolment.nodeId} is revoked and stays so: enrol it under another id`);
  checkNames(request.names);
  const folder = resolve(request.out);
  ensureKeyFolder(folder);
  if (request.revokeCurrent) {
    const audit = {
      actor: context.actor,
      action: 'certificate.revoked',
      subject: enrolment.nodeId,
      reason: request.reason,
      atMs: context.nowMs,
      data: { fingerprint: enrolment.fingerprint, andAllBefore: true },
    };
    await context.store.revokeIssued(enrolment.nodeId, enrolment.fingerprint, context.nowMs, audit);
  }
  return issueInto(
    folder,
    { enrolment, settings: request, names: request.names, action: 'node.rotated', reason: request.reason },
    context,
    () => undefined
  );
}

interface Issue {
  readonly enrolment: Omit<Enrolment, 'fingerprint' | 'notAfterMs'>;
  readonly settings: NodeSettings;
  readonly names: readonly string[];
  readonly action: string;
  readonly reason: string | null;
}

/** Files first, then storage: files of a node that is not enrolled open nothing, an enrolment without files helps nobody. */
async function issueInto(
  folder: string,
  issue: Issue,
  context: EnrolmentContext,
  undo: () => void
): Promise<EnrolledNode> {
  const { enrolment, names } = issue;
  const keys = newKeyPair();
  const issued = await context.authority.issueNode(enrolment.nodeId, {
    publicKey: keys.publicKey,
    names,
    days: context.days,
    nowMs: context.nowMs,
  });
  const { fingerprint, notAfterMs } = issued;
  try {
    writeNode(folder, keys, issued.certificate, issue, context);
    await context.store.putEnrolment(
      { ...enrolment, fingerprint, notAfterMs },
      {
        actor: context.actor,
        action: issue.action,
        subject: enrolment.nodeId,
        reason: issue.reason,
        atMs: context.nowMs,
        data: { name: enrolment.name, fingerprint, notAfterMs },
      }
    );
  } catch (error) {
    undo();
    throw error;
  }
  return {
    nodeId: enrolment.nodeId,
    name: enrolment.name,
    folder,
    fingerprint,
    notAfterMs,
    pin: pinOfKey(keys.publicKey),
  };
}

function writeNode(
  folder: string,
  keys: KeyPair,
  certificate: string,
  { enrolment, settings }: Issue,
  context: EnrolmentContext
): void {
  const files = nodeFiles(folder);
  writeFileAtomic(files.key, privatePem(keys.privateKey), SECRET);
  writeFileAtomic(files.certificate, certificate, PUBLIC);
  writeFileAtomic(files.ca, context.authority.bundle, PUBLIC);
  // What a person added to it, such as tags, outlives a rotation.
  const env = existsSync(files.env)
    ? withPins(readFileSync(files.env, 'utf8'), context.pins)
    : nodeEnv({
        nodeId: enrolment.nodeId,
        name: enrolment.name || enrolment.nodeId,
        files: nodeFiles(settings.nodeFolder ?? folder),
        endpoint: settings.endpoint,
        audience: settings.audience,
        zone: settings.zone,
        requireSignature: enrolment.requireSignature,
        timings: settings.timings,
        pins: context.pins,
      });
  writeFileAtomic(files.env, env, PUBLIC);
}
