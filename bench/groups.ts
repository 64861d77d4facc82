/**
 * What a message costs in a group that is encrypted, beside one that is not: the processor time of `cim dev`
 * for each message that is stored and written to all members, the same text in both, and clear text that is as
 * long as what is sealed. And what clients do besides: seal once, and open. All in turns; medians.
 *
 *     node bench/groups.ts [--members 500] [--messages 200] [--rounds 7]
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  groupOverheadBytes,
  isWrittenBy,
  messageKeyOf,
  openInGroup,
  sealInGroup,
  takeGroupMessageApart,
} from '../src/client/sdk/e2ee/groups/group-cipher.ts';
import { exportPrivateKey, generateKeys } from '../src/client/sdk/e2ee/sealing.ts';
import { signingKeyOf } from '../src/client/sdk/e2ee/signing.ts';
import { command } from '../src/codec/commands.ts';
import { FrameDecoder } from '../src/codec/frame-decoder.ts';
import { decodeServerFrame, encodeRequest } from '../src/codec/sdk-frame.ts';
import { requestJson } from '../src/http/client.ts';
import { drawAccount, RouteCalls } from '../src/load/accounts.ts';
import { encodeLogin, ping } from '../src/load/wire.ts';
import { cpuSecondsOf } from '../src/processes/process-figures.ts';
import { median } from './appends.ts';
import { startDev } from './cim.ts';

const { values } = parseArgs({
  options: {
    members: { type: 'string', default: '500' },
    messages: { type: 'string', default: '200' },
    rounds: { type: 'string', default: '7' },
  },
});
const [members, messages, rounds] = [values.members, values.messages, values.rounds].map(
  Number,
) as [number, number, number];
const textBytes = 64;
const inFlight = 16;
const joinAtOnce = 16;
const maxFrameBytes = 1_000_000;
const text = Buffer.alloc(textBytes, 'x');

/** By group: what each message of it has. Keys are for members alone: nobody looks at what is sealed. */
const groups = {
  clear: { reqMsg: text.toString() },
  'clear, as long as sealed': { reqMsg: 'x'.repeat(textBytes + groupOverheadBytes) },
  encrypted: { sealed: randomBytes(textBytes + groupOverheadBytes), keyEpoch: members },
} as const;
type Kind = keyof typeof groups;
const kinds = Object.keys(groups) as Kind[];
const nameOf = (kind: Kind) => `group${kinds.indexOf(kind)}`;

const calls = new RouteCalls(requestJson);
let isOver = false;
let delivered = 0;
let stored = 0;

/** Registered, with a key, in all groups, and connected: counts what comes. */
async function startMember(route: string, userId: number): Promise<Socket> {
  const account = drawAccount(userId);
  await calls.register(route, account);
  const { host, port, token } = await calls.logIn(route, account);
  const post = (path: string, body: object) =>
    calls.post(`${route}${path}`, { userId, ...body }, token);
  const publicKey = randomBytes(32).toString('base64url');
  await post('/publishKey', { publicKey, wrappedKey: 'wrapped' });
  for (const kind of kinds) {
    const e2ee = kind === 'encrypted';
    await post(userId === 1 ? '/createGroup' : '/joinGroup', { group: nameOf(kind), e2ee });
  }
  const socket = connect({ host, port });
  const decoder = new FrameDecoder(maxFrameBytes);
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.on('data', (chunk) =>
    decoder.push(chunk, (bytes, start, end) => {
      const { cmd, seq, code } = decodeServerFrame(bytes.subarray(start, end));
      if (cmd === command.welcome) resolve();
      if (cmd === command.message && seq > 0) delivered += 1;
      if (cmd === command.ack && code !== 0) throw new Error(`refused: ${code}`);
      if (cmd === command.ack) stored += 1;
    }),
  );
  // Without it what is awaited would never come.
  socket.on('close', () => {
    if (!isOver) throw new Error(`the connection of member ${userId} has ended`);
  });
  const { userName } = account;
  socket.write(encodeLogin({ userId, userName, token, device: 'd', epoch: randomBytes(8) }));
  await promise;
  for (const kind of kinds)
    socket.write(encodeRequest({ cmd: command.read, group: nameOf(kind), after: 0, limit: 1 }));
  return socket;
}

const until = async (isThere: () => boolean): Promise<void> => {
  while (!isThere()) await new Promise((resolve) => setTimeout(resolve, 1));
};

const sent = new Map<Kind, number>();

/** Microseconds of its processor for each message that all members have. */
async function costOf(kind: Kind, pid: number, sender: Socket): Promise<number> {
  const [cpu, firstDelivered, firstStored] = [cpuSecondsOf(pid), delivered, stored];
  for (let count = 0; count < messages; count += 1) {
    await until(() => count - (stored - firstStored) < inFlight);
    const sendSeq = (sent.get(kind) ?? 0) + 1;
    sent.set(kind, sendSeq);
    const group = nameOf(kind);
    sender.write(encodeRequest({ cmd: command.message, group, sendSeq, ...groups[kind] }));
  }
  // Its sender's own connection is answered instead.
  await until(() => delivered - firstDelivered >= messages * (members - 1));
  return ((cpuSecondsOf(pid) - cpu) * 1e6) / messages;
}

/** Microseconds: of sealing a text, and of opening it and looking who has written it. */
async function ciphers(count: number) {
  const own = await generateKeys();
  const signingKey = signingKeyOf(await exportPrivateKey(own));
  const key = await messageKeyOf(randomBytes(32), `${'g'.repeat(22)} team`);
  const publicKey = new Uint8Array(Buffer.from(own.text, 'base64url'));
  const context = '1.0011223344556677.#team.1 2';
  const seal = () => sealInGroup(text, key, { id: own.id, signingKey }, context);
  const sealed = takeGroupMessageApart(await seal());
  if (!sealed) throw new Error('it has sealed nothing');
  const open = async () => {
    const opened = await openInGroup(sealed, key, context);
    if (!opened || !(await isWrittenBy(publicKey, opened, context))) throw new Error('it is shut');
  };
  const timed = async (work: () => Promise<unknown>) => {
    const start = performance.now();
    for (let done = 0; done < count; done += 1) await work();
    return ((performance.now() - start) * 1e3) / count;
  };
  return { sealing: await timed(seal), opening: await timed(open) };
}

const folder = mkdtempSync(join(tmpdir(), 'cim-bench-'));
const rates = ['--login-rate', '--registration-rate', '--send-rate'].flatMap((rate) => [
  ...[rate, '100000'],
]);
const { dev, route } = await startDev(['--data', folder, '--log-level', 'error', ...rates], {
  core: 0,
});
const sockets = [await startMember(route, 1)];
const pings = setInterval(() => {
  for (const socket of sockets) socket.write(ping);
}, 5_000);
while (sockets.length < members) {
  const some = Array.from({ length: Math.min(joinAtOnce, members - sockets.length) });
  const first = sockets.length + 1;
  sockets.push(...(await Promise.all(some.map((_, at) => startMember(route, first + at)))));
}
const [sender] = sockets as [Socket];
const figures = new Map<string, number[]>();
const note = (name: string, figure: number) =>
  void figures.set(name, [...(figures.get(name) ?? []), figure]);
// The first round warms up.
for (let round = 0; round <= rounds; round += 1) {
  for (const kind of kinds) {
    const cost = await costOf(kind, dev.pid, sender);
    if (round > 0) note(kind, cost);
  }
  const { sealing, opening } = await ciphers(200);
  if (round > 0) note('sealing', sealing);
  if (round > 0) note('opening', opening);
}
for (const [name, all] of figures) {
  const [least, most] = [Math.min(...all), Math.max(...all)].map((each) => each.toFixed(0));
  process.stdout.write(`${name}: ${median(all).toFixed(0)} µs (${least} to ${most})\n`);
}
isOver = true;
clearInterval(pings);
for (const socket of sockets) socket.destroy();
await dev.stop();
rmSync(folder, { recursive: true });
