/**
 * What a proxy may send before everything else, to say whom it speaks for: the PROXY protocol
 * (haproxy.org, proxy-protocol.txt), version 1 in a line of text (section 2.1), as nginx writes it,
 * or version 2 in binary (section 2.2), as load balancers of clouds do.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { limits } from '../base/limits.ts';
import { canonicalHost } from '../base/network/host-port.ts';
import { ProtocolError } from '../codec/protocol-error.ts';

export interface ProxyHeader {
  readonly bytes: number;
  /** Of the client; empty if the proxy does not say, as for its own health checks. */
  readonly address: string;
}

const lineStart = Buffer.from('PROXY ');
const binaryStart = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const addressChecks = new Map([
  ['TCP4', isIPv4],
  ['TCP6', isIPv6],
]);
/** The longest line that the protocol knows, with its end. */
const lineBytesMax = 107;
/** Of version 2: what comes before the addresses. */
const fixedBytes = 16;

/**
 * `absent`: the bytes begin with something else. As a frame, a line would be one of 80 bytes whose
 * first field no client has, and a binary header one of 13 bytes whose first field does not end in
 * it, so neither is taken for the other. Throws ProtocolError.
 */
export function readProxyHeader(bytes: Buffer): ProxyHeader | 'absent' | 'incomplete' {
  if (beginsLike(bytes, lineStart)) return readLine(bytes);
  return beginsLike(bytes, binaryStart) ? readBinary(bytes) : 'absent';
}

/** As far as it has come. */
function beginsLike(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length);
  return bytes.subarray(0, length).equals(start.subarray(0, length));
}

function readLine(bytes: Buffer): ProxyHeader | 'incomplete' {
  const end = bytes.subarray(0, lineBytesMax).indexOf('\r\n');
  if (end < 0) {
    if (bytes.length >= lineBytesMax) throw malformed();
    return 'incomplete';
  }
  const line = bytes.toString('latin1', lineStart.length, end);
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

/** Behind the addresses there may be more, which is of no interest here. */
function readBinary(bytes: Buffer): ProxyHeader | 'incomplete' {
  if (bytes.length < fixedBytes) return 'incomplete';
  const [versionAndCommand = 0, kind = 0] = bytes.subarray(binaryStart.length);
  const length = bytes.readUInt16BE(fixedBytes - 2);
  const isForOther = versionAndCommand === 0x21;
  if (!isForOther && versionAndCommand !== 0x20) throw malformed();
  if (length > limits.proxyHeaderBytesMax) throw malformed();
  const end = fixedBytes + length;
  if (bytes.length < end) return 'incomplete';
  const address = isForOther ? addressOfKind(kind, bytes.subarray(fixedBytes, end)) : '';
  return { bytes: end, address };
}

/** Of a TCP connection; of everything else a proxy says nothing that could be used. */
function addressOfKind(kind: number, addresses: Buffer): string {
  const [isTcp4, isTcp6] = [kind === 0x11, kind === 0x21];
  if (!isTcp4 && !isTcp6) return '';
  if (addresses.length < (isTcp4 ? 12 : 36)) throw malformed();
  if (isTcp4) return addresses.subarray(0, 4).join('.');
  const groups = Array.from({ length: 8 }, (_, index) =>
    addresses.readUInt16BE(2 * index).toString(16),
  );
  return canonicalHost(groups.join(':')) ?? '';
}

function malformed(): ProtocolError {
  return new ProtocolError('the PROXY header is malformed');
}
