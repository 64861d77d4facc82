/**
 * Bad input over TCP and WebSocket on the packaged executable: that connection ends, with a reason where the peer
 * can read one, and nobody else notices.
 */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { command } from '../../src/codec/commands.ts';
import { frame } from '../../src/codec/frame.ts';
import { com } from '../../src/codec/protobuf.ts';
import { type JavaFrame, JavaPeer, javaRegister } from '../support/java-peer.ts';
import { Client, type Role, startDevelopment } from '../support/roles.ts';
import { waitUntil } from '../support/wait-until.ts';
import { bytes } from '../unit/codec/golden-frames.ts';

const { Request } = com.crossoverjie.cim.common.protocol;

let dev: Role;
let route: string;
let honest: Client;

beforeAll(async () => {
  dev = await startDevelopment(['--data', ':memory:', '--auth', 'open']);
  route = `http://${dev.addresses['route']}`;
  honest = await Client.ready({ userId: 1, name: 'honest', routes: [route] });
});

type CloseFrame = JavaFrame & { readonly code: number; readonly reason: string };

async function whenClosedBecause(peer: JavaPeer): Promise<CloseFrame | undefined> {
  await peer.whenClosed();
  return peer.frames.find(({ cmd }) => cmd === command.close) as CloseFrame | undefined;
}

const beforeLogin: [string, Uint8Array][] = [
  [
    'a command before the login',
    frame(Request.encode({ cmd: command.message, reqMsg: 'hi', to: 1, sendSeq: 1 }).finish()),
  ],
  ['an empty frame, which is a login of user 0', bytes('00')],
  ['a malformed length', bytes('ffffffffff')],
  ['a frame of a gigabyte', bytes('8080808004')],
  ['bytes that are no message', frame(bytes('ffffffffffffffffffffff'))],
];

const afterLogin: [string, Uint8Array, RegExp][] = [
  [
    'a forged sender',
    frame(
      Uint8Array.from([
        ...Request.encode({ cmd: command.message, reqMsg: 'x', to: 1, sendSeq: 1 }).finish(),
        0xc0,
        0x02,
        0x01,
      ]),
    ),
    /field 40/,
  ],
  ['a text that is not UTF-8', frame(bytes('0a02c3281801a80101b80101')), /UTF-8/],
  [
    'a message without receiver',
    frame(Request.encode({ cmd: command.message, reqMsg: 'x', sendSeq: 1 }).finish()),
    /receiver/,
  ],
  [
    'a command that only servers send',
    frame(Request.encode({ cmd: command.welcome }).finish()),
    /command 18/,
  ],
  ['an oversized frame', bytes('81808001'), /over the limit/],
];

describe.each([
  ['TCP', 2],
  ['WebSocket', 3],
])('over %s', (protocol, senderId) => {
  const name = `mallory over ${protocol}`;
  let userId: number;
  beforeAll(async () => {
    userId = await javaRegister(route, name);
  });

  async function connection(): Promise<JavaPeer> {
    const { tcp = '', ws = '' } = dev.addresses;
    if (protocol === 'WebSocket') return JavaPeer.overWebSocket(`ws://${ws}/ws`, userId, name);
    const [host = '', port = ''] = tcp.split(':');
    return JavaPeer.connect(host, Number(port), userId, name);
  }

  /** A connection that speaks cim and is logged in. */
  async function loggedIn(): Promise<JavaPeer> {
    const peer = await connection();
    peer.socket.write(
      frame(
        Request.encode({
          requestId: userId,
          reqMsg: name,
          protocolVersion: 1,
          device: 'laptop',
          connectionNumber: Date.now(),
          epoch: new Uint8Array(8).fill(7),
          ephemeral: true,
        }).finish(),
      ),
    );
    await peer.whenReceived(({ cmd }) => cmd === command.welcome);
    return peer;
  }

  test.each(beforeLogin)('%s ends the connection', async (_, input) => {
    const peer = await connection();
    peer.socket.write(input);
    await peer.whenClosed();
  });

  test.each(afterLogin)('%s ends the connection, and says why', async (_, input, reason) => {
    const peer = await loggedIn();
    peer.socket.write(input);
    const close = await whenClosedBecause(peer);
    expect(close?.code).toBe(302);
    expect(close?.reason).toMatch(reason);
  });

  test('a device that connects again ends its older connection as replaced', async () => {
    const first = await loggedIn();
    const second = await loggedIn();
    expect((await whenClosedBecause(first))?.code).toBe(300);
    expect(second.closed).toBe(false);
  });

  test('nobody else noticed', async () => {
    const sent = honest.events.filter(({ event }) => event === 'sent').length;
    honest.say('1;;note to self');
    await honest.whenSent(sent + 1);
    expect(honest.events.filter(({ event }) => event === 'offline')).toEqual([]);
    expect(dev.process.hasExited).toBe(false);
  });

  test('a reader that does not read is closed when too much waits for it, and others are served meanwhile', async () => {
    // How fast one may send is bounded.
    const sender = await Client.ready({
      userId: senderId,
      name: `sender-${senderId}`,
      routes: [route],
    });
    const frozen = await loggedIn();
    frozen.socket.pause();
    const text = 'x'.repeat(60_000);
    for (let index = 0; index < 200; index++) sender.say(`${userId};;${text}`);
    await sender.whenSent(200);
    await waitUntil('the server lets go of the frozen reader', async () => {
      const response = await fetch(`${route}/onlineUser`);
      const { dataBody } = (await response.json()) as { dataBody: { userName: string }[] };
      return dataBody.every(({ userName }) => userName !== name);
    });
  });
});
