/**
 * The line that a proxy may send before everything else, to say whom it speaks for: version 1 of the
 * PROXY protocol (haproxy.org, proxy-protocol.txt, section 2.1), as nginx writes it.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { ProtocolError } from '../codec/protocol-error.ts';

export interface ProxyHeader {
  readonly bytes: number;
  /** Of the client; empty if the proxy does not say, as for its own health checks. */
  readonly address: string;
}

const signature = Buffer.from('PROXY ');
const addressChecks = new Map([
  ['TCP4', isIPv4],
  ['TCP6', isIPv6],
]);
/** The longest line that the protocol knows, with its end. */
const bytesMax = 107;

/**
 * `absent`: the bytes begin with something else. As a frame, a header would be one of 80 bytes whose
 * first field no client has, so neither is taken for the other. Throws ProtocolError.
 */
export function readProxyHeader(bytes: Buffer): ProxyHeader | 'absent' | 'incomplete' {
  const start = bytes.subarray(0, signature.length);
  if (!start.equals(signature.subarray(0, start.length))) return 'absent';
  const end = bytes.subarray(0, bytesMax).indexOf('\r\n');
  if (end < 0) {
    if (bytes.length >= bytesMax) throw malformed();
    return 'incomplete';
  }
  const line = bytes.toString('latin1', signature.length, end);
  return { bytes: end + 2, address: addressIn(line) };
}

function addressIn(line: string): string {
  const [protocol, source = '', destination = '', ...ports] = line.split(' ');
  if (protocol === 'UNKNOWN') return '';
  const isAddress = addressChecks.get(protocol ?? '');
  if (!isAddress?.(source) || !isAddress(destination)) throw malformed();
  if (ports.length !== 2 || !ports.every(isPort)) throw malformed();
  return source;
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535;
}

function malformed(): ProtocolError {
  return new ProtocolError('the PROXY header is malformed');
}
