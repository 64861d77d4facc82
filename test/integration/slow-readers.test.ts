/**
 * Readers that do not keep up, with real sockets: what the operating system buffers is not the
 * server's to bound, but what it does not take is.
 */
import { connect, type Socket } from 'node:net';
import { beforeEach, expect, test } from '@jest/globals';
import { limits } from '../../src/base/limits.ts';
import { command } from '../../src/codec/commands.ts';
import { FrameDecoder } from '../../src/codec/frame-decoder.ts';
import { decodeServerFrame, type ServerFrame } from '../../src/codec/sdk-frame.ts';
import { openTcpPort } from '../support/tcp-port.ts';
import { onTeardown } from '../support/teardown.ts';
import { settle } from '../support/virtual-clock.ts';
import { waitUntil } from '../support/wait-until.ts';
import { body, cimLogin, GatewayHarness } from '../unit/server/support/gateway-harness.ts';

const frozenCount = 20;
let harness: GatewayHarness;
/** The gateway's ends. */
let accepted: Socket[];
let port: number;

beforeEach(async () => {
  harness = new GatewayHarness();
  accepted = [];
  const listener = await openTcpPort({
    onArrival: (socket, arrival) => {
      accepted.push(socket);
      harness.gateway.accept(socket, arrival, harness.wire);
    },
  });
  port = listener.port;
});

async function login(userId: number): Promise<{ socket: Socket; frames: ServerFrame[] }> {
  const socket = connect(port, '127.0.0.1');
  onTeardown(() => socket.destroy());
  const frames: ServerFrame[] = [];
  const decoder = new FrameDecoder(limits.frameBytesMax);
  socket.on('data', (chunk: Buffer) =>
    decoder.push(chunk, (bytes, start, end) =>
      frames.push(decodeServerFrame(bytes.slice(start, end))),
    ),
  );
  socket.write(cimLogin(userId));
  await waitUntil('the welcome', () => frames.some(({ cmd }) => cmd === command.welcome));
  return { socket, frames };
}

test('frozen readers in a busy lobby have little waiting for them, and others get everything', async () => {
  const reader = await login(1);
  const frozen = await Promise.all(
    Array.from({ length: frozenCount }, (_, index) => login(index + 2)),
  );
  for (const { socket } of frozen) socket.pause();
  const pushed = body(9_999, 'x'.repeat(32_000), 'lobby');
  // Until the operating system takes no more for any of them, and some.
  let head = 0;
  const isFull = () =>
    accepted.filter(({ writableLength }) => writableLength >= limits.liveBytesMax).length >=
    frozenCount;
  await waitUntil('all are full', async () => {
    for (let index = 0; index < 50; index++) {
      head += 1;
      await harness.pushGroup('lobby', head, pushed);
      await settle();
    }
    await waitUntil('the others have it', () => reader.frames.at(-1)?.seq === head);
    return isFull();
  });
  for (const { writableLength } of accepted)
    expect(writableLength).toBeLessThan(limits.liveBytesMax + 2 * pushed.length);
  const shown = reader.frames.filter(({ cmd }) => cmd === command.message);
  expect(shown).toHaveLength(head);
  expect(reader.frames.some(({ cmd }) => cmd === command.hint)).toBe(false);

  for (const { socket } of frozen) socket.resume();
  for (const { frames } of frozen) {
    const hint = await waitUntil('it is told to read', () =>
      frames.find(({ cmd }) => cmd === command.hint),
    );
    expect(hint).toMatchObject({ group: 'lobby', head });
  }
});
