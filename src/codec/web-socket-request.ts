/**
 * The request that opens a WebSocket (RFC 6455, section 4.2.1), and its answers. Only the head of one
 * request is read, and of HTTP only what such a request may have: a body, or a second request before the
 * answer, is nothing that a client of ours sends. Does no I/O.
 */
import { createHash } from 'node:crypto';
import { limits } from '../base/limits.ts';
import { webSocketPath } from '../base/network/role-address.ts';

/** What is spoken on it by clients of cim. */
export const webSocketProtocol = 'cim.v2';

const version = '13';
/** RFC 6455, section 1.3. */
const acceptSuffix = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const headEnd = Buffer.from('\r\n\r\n');
const requestLine = /^([A-Z]+) (\/[!-~]*) HTTP\/1\.1$/;
/** RFC 9110, section 5: a token, and what a field may hold, without the blanks around it. */
const field =
  /^([\w!#$%&'*+.^`|~-]+):[ \t]*((?:[!-~\x80-\xff](?:[ \t!-~\x80-\xff]*[!-~\x80-\xff])?)?)[ \t]*$/;
/** More than one of these would be read differently by who stands between. */
const onlyOnce = new Set([
  ...['host', 'origin', 'sec-websocket-key', 'sec-websocket-version', 'upgrade'],
]);

/** Why there is no WebSocket: an HTTP status, and words. */
export class WebSocketRefusal extends Error {
  override readonly name = 'WebSocketRefusal';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface WebSocketRequest {
  readonly host: string;
  /** Of the page that asks; other programs have none. */
  readonly origin: string | undefined;
  /** Addresses that proxies have added, the last by the one that is nearest. */
  readonly forwardedFor: readonly string[];
  /** What is to be spoken. */
  readonly protocol: string;
  /** What is answered to it. */
  readonly response: string;
}

/** Where the head of a request ends in `bytes`, looked for from `from` on; -1: it has not come yet. */
export function endOfHead(bytes: Buffer, from: number): number {
  const at = bytes.indexOf(headEnd, Math.max(0, from - headEnd.length + 1));
  return at < 0 ? -1 : at + headEnd.length;
}

/**
 * `head`: up to where it ends; `protocols`: what may be spoken, each at the path for all. Throws
 * WebSocketRefusal.
 */
export function readWebSocketRequest(head: Buffer, protocols: readonly string[]): WebSocketRequest {
  const [first = '', ...lines] = head
    .toString('latin1', 0, head.length - headEnd.length)
    .split('\r\n');
  const [, method, path] = requestLine.exec(first) ?? [];
  if (method === undefined) throw malformed();
  const fields = readFields(lines);
  if (path !== webSocketPath)
    throw new WebSocketRefusal(404, `there is nothing here but a WebSocket at ${webSocketPath}`);
  const host = fields.get('host');
  if (host === undefined || hasBody(fields)) throw malformed();
  const isUpgrade =
    hasWord(fields, 'connection', 'upgrade') && hasWord(fields, 'upgrade', 'websocket');
  if (method !== 'GET' || !isUpgrade)
    throw new WebSocketRefusal(
      426,
      'this is for WebSockets: it is to be asked with GET and Upgrade',
    );
  if (fields.get('sec-websocket-version') !== version)
    throw new WebSocketRefusal(426, `the version of WebSocket is to be ${version}`);
  const key = fields.get('sec-websocket-key') ?? '';
  if (!/^[A-Za-z\d+/]{22}==$/.test(key)) throw malformed();
  const asked = wordsOf(fields, 'sec-websocket-protocol');
  const protocol = protocols.find((each) => asked.includes(each));
  if (protocol === undefined)
    throw new WebSocketRefusal(400, `the sub-protocol is to be ${protocols.join(' or ')}`);
  return {
    host,
    origin: fields.get('origin'),
    forwardedFor: wordsOf(fields, 'x-forwarded-for'),
    protocol,
    response: acceptance(key, protocol),
  };
}

function readFields(lines: readonly string[]): ReadonlyMap<string, string> {
  if (lines.length > limits.httpHeadersMax) throw tooLong();
  const fields = new Map<string, string>();
  for (const line of lines) {
    const [, spelling, value] = field.exec(line) ?? [];
    if (spelling === undefined || value === undefined) throw malformed();
    const name = spelling.toLowerCase();
    const before = fields.get(name);
    if (before !== undefined && onlyOnce.has(name)) throw malformed();
    fields.set(name, before === undefined ? value : `${before},${value}`);
  }
  return fields;
}

function hasBody(fields: ReadonlyMap<string, string>): boolean {
  return fields.has('transfer-encoding') || (fields.get('content-length') ?? '0') !== '0';
}

/** What a list in a field holds. */
function wordsOf(fields: ReadonlyMap<string, string>, name: string): readonly string[] {
  const words = (fields.get(name) ?? '').split(',').map((word) => word.trim());
  return words.filter((word) => word !== '');
}

function hasWord(fields: ReadonlyMap<string, string>, name: string, word: string): boolean {
  return wordsOf(fields, name).some((each) => each.toLowerCase() === word);
}

export function tooLong(): WebSocketRefusal {
  return new WebSocketRefusal(431, 'the head of the request is too long');
}

function malformed(): WebSocketRefusal {
  return new WebSocketRefusal(400, 'this is no well-formed request for a WebSocket');
}

function acceptance(key: string, protocol: string): string {
  const accept = createHash('sha1').update(`${key}${acceptSuffix}`).digest('base64');
  return responseOf('101 Switching Protocols', {
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Accept': accept,
    'Sec-WebSocket-Protocol': protocol,
  });
}

const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  426: 'Upgrade Required',
  431: 'Request Header Fields Too Large',
};

/** What is answered where there is none. */
export function refusalResponse({ status, message }: WebSocketRefusal): string {
  const body = `${message}\n`;
  const asksToUpgrade = { Upgrade: 'websocket', 'Sec-WebSocket-Version': version };
  const head = responseOf(`${status} ${reasons[status] ?? 'Refused'}`, {
    Connection: status === 426 ? 'Upgrade, close' : 'close',
    'Content-Type': 'text/plain; charset=utf-8',
    'X-Content-Type-Options': 'nosniff',
    'Content-Length': `${Buffer.byteLength(body)}`,
    ...(status === 426 && asksToUpgrade),
  });
  return head + body;
}

function responseOf(status: string, fields: Readonly<Record<string, string>>): string {
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status}\r\n${lines.join('')}\r\n`;
}
