import type { SideOperations } from './checkpoint-worker.ts';
import type {
  AuditCutStore,
  AuditReadStore,
  AuditStore,
  EventStore,
  HistoryStore,
  PolicyStore,
  RemediationStore,
  Storage,
  TrustStore,
} from './types.ts';
import type { WriterOperations } from './worker.ts';

type Asked = Omit<EventStore, 'onEvents'> &
  TrustStore &
  HistoryStore &
  PolicyStore &
  AuditStore &
  AuditCutStore &
  AuditReadStore &
  Omit<RemediationStore, 'writeRemediation'>;

/** What is asked as it is: one question, one answer. */
export abstract class AskedStore implements Asked {
  /** Asks the thread that writes. */
  protected abstract ask<N extends keyof WriterOperations>(
    name: N,
    ...args: Parameters<WriterOperations[N]>
  ): Promise<Awaited<ReturnType<WriterOperations[N]>>>;

  /** Asks the thread beside it, where what takes long keeps no heartbeat waiting. */
  protected abstract askAside<N extends keyof SideOperations>(
    name: N,
    ...args: Parameters<SideOperations[N]>
  ): Promise<Awaited<ReturnType<SideOperations[N]>>>;

  eventsAfter(...args: Parameters<Storage['eventsAfter']>): ReturnType<Storage['eventsAfter']> {
    return this.ask('eventsAfter', ...args);
  }

  eventBounds(): ReturnType<Storage['eventBounds']> {
    return this.ask('eventBounds');
  }

  trustVersion(): Promise<number> {
    return this.ask('trustVersion');
  }

  trustSnapshot(): ReturnType<Storage['trustSnapshot']> {
    return this.ask('trustSnapshot');
  }

  putEnrolment(...args: Parameters<Storage['putEnrolment']>): Promise<void> {
    return this.ask('putEnrolment', ...args);
  }

  renewEnrolment(...args: Parameters<Storage['renewEnrolment']>): ReturnType<Storage['renewEnrolment']> {
    return this.ask('renewEnrolment', ...args);
  }

  revokeNode(...args: Parameters<Storage['revokeNode']>): Promise<boolean> {
    return this.ask('revokeNode', ...args);
  }

  revokeCertificate(...args: Parameters<Storage['revokeCertificate']>): Promise<void> {
    return this.ask('revokeCertificate', ...args);
  }

  revokeIssued(...args: Parameters<Storage['revokeIssued']>): Promise<boolean> {
    return this.ask('revokeIssued', ...args);
  }

  putToken(...args: Parameters<Storage['putToken']>): Promise<void> {
    return this.ask('putToken', ...args);
  }

  revokeToken(...args: Parameters<Storage['revokeToken']>): Promise<boolean> {
    return this.ask('revokeToken', ...args);
  }

  appendAudit(...args: Parameters<Storage['appendAudit']>): Promise<void> {
    return this.ask('appendAudit', ...args);
  }

  cutAudit(...args: Parameters<Storage['cutAudit']>): Promise<number> {
    return this.ask('cutAudit', ...args);
  }

  auditRecords(...args: Parameters<Storage['auditRecords']>): ReturnType<Storage['auditRecords']> {
    return this.askAside('auditRecords', ...args);
  }

  auditHead(): ReturnType<Storage['auditHead']> {
    return this.askAside('auditHead');
  }

  runs(...args: Parameters<Storage['runs']>): ReturnType<Storage['runs']> {
    return this.askAside('runs', ...args);
  }

  run(id: string): ReturnType<Storage['run']> {
    return this.askAside('run', id);
  }

  plan(id: string): ReturnType<Storage['plan']> {
    return this.askAside('plan', id);
  }

  holds(): ReturnType<Storage['holds']> {
    return this.ask('holds');
  }

  idempotent(caller: string, key: string): ReturnType<Storage['idempotent']> {
    return this.ask('idempotent', caller, key);
  }

  faults(...args: Parameters<Storage['faults']>): ReturnType<Storage['faults']> {
    return this.askAside('faults', ...args);
  }

  scores(...args: Parameters<Storage['scores']>): ReturnType<Storage['scores']> {
    return this.askAside('scores', ...args);
  }

  timeline(...args: Parameters<Storage['timeline']>): ReturnType<Storage['timeline']> {
    return this.askAside('timeline', ...args);
  }

  profiles(): ReturnType<Storage['profiles']> {
    return this.ask('profiles');
  }

  putProfile(...args: Parameters<Storage['putProfile']>): ReturnType<Storage['putProfile']> {
    return this.ask('putProfile', ...args);
  }

  deleteProfile(...args: Parameters<Storage['deleteProfile']>): ReturnType<Storage['deleteProfile']> {
    return this.ask('deleteProfile', ...args);
  }

  lastProfileVersion(id: string): Promise<number> {
    return this.ask('lastProfileVersion', id);
  }

  settings(): ReturnType<Storage['settings']> {
    return this.ask('settings');
  }

  putSettings(...args: Parameters<Storage['putSettings']>): ReturnType<Storage['putSettings']> {
    return this.ask('putSettings', ...args);
  }

  revisions(): ReturnType<Storage['revisions']> {
    return this.ask('revisions');
  }

  putRevision(...args: Parameters<Storage['putRevision']>): Promise<boolean> {
    return this.ask('putRevision', ...args);
  }

  issuedHashes(): Promise<string[]> {
    return this.ask('issuedHashes');
  }

  putIssuedHash(...args: Parameters<Storage['putIssuedHash']>): Promise<void> {
    return this.ask('putIssuedHash', ...args);
  }

  putConfigReport(...args: Parameters<Storage['putConfigReport']>): Promise<void> {
    return this.ask('putConfigReport', ...args);
  }

  configReport(nodeId: string): ReturnType<Storage['configReport']> {
    return this.ask('configReport', nodeId);
  }

  proposals(): ReturnType<Storage['proposals']> {
    return this.ask('proposals');
  }

  putProposal(...args: Parameters<Storage['putProposal']>): Promise<void> {
    return this.ask('putProposal', ...args);
  }

  dropProposal(...args: Parameters<Storage['dropProposal']>): Promise<boolean> {
    return this.ask('dropProposal', ...args);
  }
}
