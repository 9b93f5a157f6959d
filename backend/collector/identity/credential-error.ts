/** A credential is missing, unsafe or wrong. The message says what happened and the fix, and holds no secret. */
export class CredentialError extends Error {
  override readonly name = 'CredentialError';
}
