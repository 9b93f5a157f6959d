import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import type { CredentialFiles, Credentials } from './credentials.ts';
import { messageOf, PublishFailure } from './failure.ts';
import { signEs256 } from './jws.ts';
import type { QuietLog } from './log.ts';
import { failureOf } from './problem.ts';
import { canReplace, replaceFile, replacePair } from './replacement.ts';
import type { ClientTimings } from './timings.ts';
import type { Transport } from './transport.ts';
import type { Clock } from './types.ts';

/** A certificate is renewed once less than this share of its life is left. */
const REMAINING_SHARE = 1 / 3;

/** Whether a certificate is due for renewal. @param now milliseconds since the epoch */
export function renewalDue(certificate: X509Certificate, now: number): boolean {
  const from = certificate.validFromDate.getTime();
  const to = certificate.validToDate.getTime();
  return to - now < (to - from) * REMAINING_SHARE;
}

export interface RenewalOptions {
  readonly nodeId: string;
  readonly files: CredentialFiles;
  /** Path of the collector's renewal resource. */
  readonly path: string;
  /** Undefined: when the files can be written. */
  readonly wanted: boolean | undefined;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: () => number;
  readonly timings: ClientTimings;
  readonly log: QuietLog;
}

export interface Renewal {
  /**
   * Renews the certificate when it is due; a failure is logged and tried again later. Never rejects.
   * @returns the `Retry-After` of an answer that says "later"
   */
  check(credentials: Credentials): Promise<string | undefined>;
}

export function createRenewal(options: RenewalOptions): Renewal {
  const { files, clock, timings, log } = options;
  const paths = [files.keyFile, files.certFile, files.caFile];
  let failures = 0;
  let notBefore = -Infinity;

  return {
    check: async (credentials) => {
      if (options.wanted === false || clock.monotonic() < notBefore) return undefined;
      if (!renewalDue(credentials.leaf, clock.now())) return undefined;
      try {
        if (!(await canReplace(paths))) {
          // Somebody else then rotates the files.
          if (options.wanted === undefined) return undefined;
          throw new Error('OPENCLAW_RENEW is true, and the key, certificate and CA file cannot be written');
        }
        const until = await renew(options, credentials);
        failures = 0;
        log.clear('renewal');
        log.info(`the node certificate was renewed; it is valid until ${until}`);
        return undefined;
      } catch (error) {
        const wait = Math.min(timings.renewRetryMax, timings.renewRetry * 2 ** failures);
        failures++;
        notBefore = clock.monotonic() + wait * (0.8 + 0.4 * options.random());
        const end = credentials.leaf.validToDate.toISOString();
        const next = 'it is tried again; if that does not help, enrol the node again';
        log.warn('renewal', `the node certificate, valid until ${end}, was not renewed: ${messageOf(error)}; ${next}`);
        return error instanceof PublishFailure && error.verdict === 'retry' ? error.retryAfter : undefined;
      }
    },
  };
}

/** @returns when the new certificate ends */
async function renew(options: RenewalOptions, current: Credentials): Promise<string> {
  const { nodeId, files, transport, timings } = options;
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const request = {
    public_key: publicKey.export({ type: 'spki', format: 'pem' }),
    proof: signEs256(Buffer.from(`openclaw-renew:${nodeId}`, 'ascii'), privateKey),
  };
  const reply = await transport.post({
    path: options.path,
    body: Buffer.from(JSON.stringify(request)),
    credentials: current,
    timeoutMs: timings.requestTimeout,
  });
  if (reply.status !== 200) throw failureOf(`POST ${options.path}`, reply);
  const { certificate, ca } = parseReply(reply.body);
  const leaf = new X509Certificate(certificate);
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const renewed: Credentials = { ca, cert: certificate, key, leaf, privateKey };
  checkRenewed(renewed, current, nodeId, options.clock.now());
  // The new bundle must vouch for the collector, or this node would never reach it again.
  await transport.probe(renewed, timings.requestTimeout);
  if (ca !== current.ca) await replaceFile(files.caFile, ca);
  await replacePair(files.certFile, files.keyFile, certificate, key);
  return leaf.validToDate.toISOString();
}

function parseReply(body: string): { certificate: string; ca: string } {
  const parsed = JSON.parse(body) as { certificate?: unknown; ca?: unknown } | null;
  if (typeof parsed?.certificate !== 'string' || typeof parsed.ca !== 'string') {
    throw new Error('the reply holds no certificate and CA bundle');
  }
  return { certificate: parsed.certificate, ca: parsed.ca };
}

function checkRenewed(renewed: Credentials, current: Credentials, nodeId: string, now: number): void {
  const { leaf } = renewed;
  if (!leaf.checkPrivateKey(renewed.privateKey)) throw new Error('the new certificate is of another key');
  const names = leaf.subjectAltName?.split(', ') ?? [];
  if (!names.includes(`URI:openclaw://node/${nodeId}`)) throw new Error('the new certificate names another node');
  if (leaf.validToDate.getTime() <= Math.max(now, current.leaf.validToDate.getTime())) {
    throw new Error('the new certificate ends no later than the old one');
  }
  const authorities = renewed.ca.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const signed = authorities.some((pem) => {
    const authority = new X509Certificate(pem);
    return authority.ca && leaf.checkIssued(authority) && leaf.verify(authority.publicKey);
  });
  if (!signed) throw new Error('no authority of the new CA bundle signed the new certificate');
}
