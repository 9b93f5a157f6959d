/** What serve.ts writes on its standard output, as one line of JSON, once its fleet is there. */
export interface Served {
  readonly origin: string;
  /** Of an approver. */
  readonly token: string;
  /** A repair that succeeded. */
  readonly runId: string;
  /** A repair of two nodes that waits for approval. */
  readonly batchId: string;
  /** What `drifter` should run and does not. */
  readonly configId: string;
}
