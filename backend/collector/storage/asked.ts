import type { OperationName, Operations } from './worker.ts';
import type { EventStore, HistoryStore, PolicyStore, Storage, TrustStore } from './types.ts';

type Reads = Omit<EventStore, 'onEvents'> & TrustStore & HistoryStore & PolicyStore;

/** What the database's thread is asked as it is: one question, one answer. */
export abstract class AskedStore implements Reads {
  protected abstract ask<N extends OperationName>(
    name: N,
    ...args: Parameters<Operations[N]>
  ): Promise<Awaited<ReturnType<Operations[N]>>>;

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

  revokeNode(...args: Parameters<Storage['revokeNode']>): Promise<boolean> {
    return this.ask('revokeNode', ...args);
  }

  revokeCertificate(...args: Parameters<Storage['revokeCertificate']>): Promise<void> {
    return this.ask('revokeCertificate', ...args);
  }

  putToken(...args: Parameters<Storage['putToken']>): Promise<void> {
    return this.ask('putToken', ...args);
  }

  revokeToken(...args: Parameters<Storage['revokeToken']>): Promise<boolean> {
    return this.ask('revokeToken', ...args);
  }

  faults(...args: Parameters<Storage['faults']>): ReturnType<Storage['faults']> {
    return this.ask('faults', ...args);
  }

  scores(...args: Parameters<Storage['scores']>): ReturnType<Storage['scores']> {
    return this.ask('scores', ...args);
  }

  timeline(...args: Parameters<Storage['timeline']>): ReturnType<Storage['timeline']> {
    return this.ask('timeline', ...args);
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
}
