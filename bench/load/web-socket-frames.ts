/**
 * Frames of WebSocket as loads write and read them. Those of clients are masked, with a mask of zeros:
 * the server does its work all the same, and the load does not.
 */

export const opcode = { text: 1, binary: 2, close: 8 } as const;

export interface Frame {
  readonly opcode: number;
  /** Of its payload. */
  readonly start: number;
  readonly end: number;
}

/** Undefined: it is not there as a whole. */
export function findFrame(bytes: Buffer, offset: number): Frame | undefined {
  if (bytes.length - offset < 2) return undefined;
  const short = (bytes[offset + 1] as number) & 0x7f;
  const headerBytes = short === 126 ? 4 : short === 127 ? 10 : 2;
  const start = offset + headerBytes;
  if (start > bytes.length) return undefined;
  const length =
    short === 126
      ? bytes.readUInt16BE(offset + 2)
      : short === 127
        ? Number(bytes.readBigUInt64BE(offset + 2))
        : short;
  const end = start + length;
  return end > bytes.length ? undefined : { opcode: (bytes[offset] as number) & 0x0f, start, end };
}

/** Of up to 64 KiB. */
export function frameOf(kind: number, payload: Buffer): Buffer {
  const { length } = payload;
  const header =
    length < 126
      ? Buffer.from([0x80 | kind, 0x80 | length])
      : Buffer.from([0x80 | kind, 0x80 | 126, length >> 8, length & 0xff]);
  return Buffer.concat([header, Buffer.alloc(4), payload]);
}

export function upgradeRequest(port: number, path: string): Buffer {
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    'Sec-WebSocket-Version: 13',
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
}
