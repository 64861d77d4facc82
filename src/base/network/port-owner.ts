/**
 * Who listens on a port of this machine. A client without TLS believes what answers there, and any
 * user of the machine may listen where nobody else does. Linux tells whose a listening socket is;
 * elsewhere nothing is known, and nobody is refused.
 */
import { readFileSync } from 'node:fs';
import { isIPv4, type Socket } from 'node:net';
import { endianness } from 'node:os';
import { CimError } from '../errors.ts';

interface Row {
  readonly address: string;
  readonly port: number;
  readonly remotePort: number;
  readonly isListening: boolean;
  readonly uid: number;
}

const listening = '0A';
const anyIPv4 = '00000000';
const anyIPv6 = anyIPv4.repeat(4);

/**
 * Of a connection that has just been made, before anything is sent on it: the user who listens at its
 * other end is refused, where that is this machine and they are neither root nor we nor `trusted`.
 */
export function refusalOfStranger(socket: Socket, trusted?: number): CimError | undefined {
  const uid = strangerAt(socket, trusted);
  if (uid === undefined) return undefined;
  const { remoteAddress, remotePort } = socket;
  return new CimError(
    'unavailable',
    `on ${remoteAddress} another user of this machine (${uid}) listens at port ${remotePort}, and was sent nothing: start cim yourself, use https://, or trust that user with --port-owner ${uid}`,
  );
}

function strangerAt(socket: Socket, trusted: number | undefined): number | undefined {
  const own = process.geteuid?.();
  const { remoteAddress = '', localAddress = '', remotePort = 0, localPort = 0 } = socket;
  if (own === undefined || process.platform !== 'linux') return undefined;
  if (remoteAddress !== localAddress && !isLoopbackAddress(remoteAddress)) return undefined;
  const isStranger = (uid: number) => uid !== own && uid !== 0 && uid !== trusted;
  return ownersOf({ address: remoteAddress, port: remotePort, callerPort: localPort }).find(
    isStranger,
  );
}

function isLoopbackAddress(address: string): boolean {
  return /^(::ffff:)?127\./i.test(address) || address === '::1';
}

interface End {
  readonly address: string;
  readonly port: number;
  /** Of the other end of the connection. */
  readonly callerPort: number;
}

/** Of those who take connections there; if that is nobody any more, of who has taken this one. */
function ownersOf({ address, port, callerPort }: End): number[] {
  const rows = [...rowsOf('/proc/net/tcp'), ...rowsOf('/proc/net/tcp6')].filter(
    (row) => row.port === port,
  );
  const exact = formsOf(address);
  const listeners = rows.filter(({ isListening }) => isListening);
  // The kernel gives a connection to who listens at the very address, and else to who does at any.
  for (const forms of [exact, [anyIPv4], [anyIPv6]]) {
    const found = listeners.filter((row) => forms.includes(row.address));
    if (found.length > 0) return found.map(({ uid }) => uid);
  }
  return rows
    .filter((row) => exact.includes(row.address) && row.remotePort === callerPort)
    .map(({ uid }) => uid);
}

/** As /proc has it: an IPv4 address is also one of IPv6. */
function formsOf(address: string): string[] {
  const ipv4 = address.replace(/^::ffff:(?=\d+\.)/i, '');
  if (!isIPv4(ipv4)) return [hexOf(ipv6Bytes(address))];
  const bytes = ipv4.split('.').map(Number);
  const hex = hexOf(bytes);
  return [hex, hexOf([...Array<number>(10).fill(0), 0xff, 0xff]) + hex];
}

function ipv6Bytes(address: string): number[] {
  const [head = '', tail] = address.replace(/%.*/, '').split('::');
  const groups = (text: string) =>
    text === '' ? [] : text.split(':').map((part) => Number.parseInt(part, 16));
  const [first, last] = [groups(head), groups(tail ?? '')];
  const middle = Array<number>(8 - first.length - last.length).fill(0);
  return [...first, ...middle, ...last].flatMap((group) => [group >> 8, group & 0xff]);
}

/** In words of four bytes, in the order of the machine. */
function hexOf(bytes: readonly number[]): string {
  const words = Array.from({ length: bytes.length / 4 }, (_, index) =>
    bytes.slice(index * 4, index * 4 + 4),
  );
  const ordered = endianness() === 'LE' ? words.map((word) => word.toReversed()) : words;
  return ordered
    .flat()
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase();
}

function rowsOf(path: string): Row[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    // A machine without IPv6, or without /proc.
    return [];
  }
  return text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, local = '', remote = '', state, , , , uid] = line.trim().split(/\s+/);
      const [address = '', port = ''] = local.split(':');
      if (port === '') return [];
      return [
        {
          address,
          port: Number.parseInt(port, 16),
          remotePort: Number.parseInt(remote.split(':')[1] ?? '', 16),
          isListening: state === listening,
          uid: Number(uid),
        },
      ];
    });
}
