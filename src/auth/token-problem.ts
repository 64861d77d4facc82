/** What is wrong with a token, in words that tell nothing secret. */
import { errors } from 'jose';
import { CimError } from '../base/errors.ts';

/** `signer`: whose signature was expected. */
export function tokenProblem(error: unknown, signer: string): CimError {
  if (error instanceof CimError) return error;
  return new CimError('unauthenticated', reasonOf(error, signer), { cause: error });
}

function reasonOf(error: unknown, signer: string): string {
  if (error instanceof errors.JWTExpired) return 'the token has expired';
  if (error instanceof errors.JOSEAlgNotAllowed)
    return `the token is not signed as ${signer} signs`;
  if (error instanceof errors.JWSSignatureVerificationFailed)
    return 'the signature of the token is wrong';
  if (error instanceof errors.JWTClaimValidationFailed)
    return `the claim ${error.claim} of the token is missing or not the one expected`;
  return `this is not a token of ${signer}`;
}
