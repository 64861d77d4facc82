/** What attackers have in common: many logged-in connections, and requests written by hand. */
import { limits } from '../../src/base/limits.ts';
import { frame } from '../../src/codec/frame.ts';
import { com } from '../../src/codec/protobuf.ts';
import { encodeRequest, type RequestFields } from '../../src/codec/sdk-frame.ts';
import { javaRegister } from './java-peer.ts';
import { connections, type RawConnection } from './raw-connection.ts';
import { waitUntil } from './wait-until.ts';

const { Request } = com.crossoverjie.cim.common.protocol;

/** What a process is beside what others make it hold, in bytes. */
const ownBytesMax = 120_000_000;
export const residentMiBMax = (limits.processBytesMax + ownBytesMax) / (1024 * 1024);

export interface Attacker {
  readonly userId: number;
  readonly peer: RawConnection;
}

/** So many connections to a server, of accounts of their own or of so many devices each. */
export async function attackers(
  tcp: string,
  route: string,
  count: number,
  devicesPerUser = 1,
): Promise<Attacker[]> {
  const peers = await connections(tcp, count);
  const all: Attacker[] = [];
  let user = { userId: 0, name: '' };
  for (const [index, peer] of peers.entries()) {
    if (index % devicesPerUser === 0) {
      const name = `mallory-${index}`;
      user = { userId: await javaRegister(`http://${route}`, name), name };
    }
    const login = Request.encode({
      requestId: user.userId,
      reqMsg: user.name,
      protocolVersion: 1,
      device: `device-${index}`,
      connectionNumber: Date.now(),
      epoch: Uint8Array.from({ length: 8 }, (_, byte) => index >> (8 * byte)),
      ephemeral: true,
    });
    peer.send(frame(login.finish()));
    all.push({ userId: user.userId, peer });
  }
  await waitUntil('all are welcome', () => peers.every(({ received }) => received !== ''));
  return all;
}

export function messageFrame(fields: RequestFields): Uint8Array {
  return encodeRequest({ cmd: 1, ...fields });
}

/** Ends when all of it is in the hands of the kernel, or nobody takes it any more. */
export async function whenWritten(peers: readonly RawConnection[]): Promise<void> {
  await waitUntil('it is sent', () =>
    peers.every(({ isClosed, socket }) => isClosed || socket.writableLength === 0),
  );
}

export function postText(path: string, body: object): string {
  const text = JSON.stringify(body);
  return `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}

/** Answers with the status, and throws if the server has no answer or a failure of its own. */
export async function statusOf(address: string, path: string, body?: object): Promise<number> {
  const response = await fetch(`http://${address}${path}`, {
    ...(body && {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-cim-version': '1' },
      body: JSON.stringify(body),
    }),
  });
  await response.arrayBuffer();
  if (response.status >= 500) throw new Error(`${path}: HTTP ${response.status}`);
  return response.status;
}
