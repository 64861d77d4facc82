/** Why a handshake failed, for whoever has to do something about it. */

/** The options by which a caller says whom to believe. */
interface TlsRemedies {
  readonly ca: string;
  /** Absent: the other end is called by a name that its certificate is for. */
  readonly name?: string;
  /** What is said is for people who are not to know names of that end. */
  readonly hidesNames?: true;
}

const notKnown = 'its certificate is signed by an authority that is not known here';
const notTls = 'it does not speak TLS';

/** By the codes of Node.js and OpenSSL. */
const failures: Readonly<Record<string, string>> = {
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: notKnown,
  UNABLE_TO_GET_ISSUER_CERT: notKnown,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: notKnown,
  DEPTH_ZERO_SELF_SIGNED_CERT: notKnown,
  SELF_SIGNED_CERT_IN_CHAIN: notKnown,
  CERT_SIGNATURE_FAILURE: notKnown,
  CERT_UNTRUSTED: notKnown,
  INVALID_PURPOSE: 'its certificate is not meant for servers',
  CERT_HAS_EXPIRED: 'its certificate has expired and must be renewed there',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet: one of the clocks is wrong',
  CERT_REVOKED: 'its certificate was revoked',
  ERR_SSL_WRONG_VERSION_NUMBER: notTls,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: notTls,
  EPROTO: notTls,
};

/** What to say of the other end; undefined if it is no matter of TLS. */
export function describeTlsFailure(
  error: unknown,
  remedies: TlsRemedies = { ca: '--tls-ca', name: '--tls-name' },
): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, cert, cause } = error as TlsError;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return forOthers(cert?.subjectaltname ?? 'none', remedies);
  const failure = code !== undefined && Object.hasOwn(failures, code) && failures[code];
  if (!failure) return describeTlsFailure(cause, remedies);
  return failure === notKnown ? `${failure} (${remedies.ca} names the file of another)` : failure;
}

interface TlsError {
  readonly code?: string;
  readonly cert?: { readonly subjectaltname?: string };
  readonly cause?: unknown;
}

function forOthers(names: string, { name, hidesNames }: TlsRemedies): string {
  if (hidesNames) return 'its certificate is for another name';
  const remedy = name === undefined ? '' : `; ${name} says which to expect`;
  return `its certificate is for another name (it is for: ${names}${remedy})`;
}
