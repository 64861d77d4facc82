/**
 * The cluster's side of an encrypted group through real sockets: what two members and a stranger make of
 * it over HTTP and over TCP, with what is sealed made up. Nothing of theirs is ever opened here.
 */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { beforeAll, expect, test } from '@jest/globals';
import { formatHostPort } from '../../src/base/network/host-port.ts';
import { command } from '../../src/codec/commands.ts';
import { FrameDecoder } from '../../src/codec/frame-decoder.ts';
import { decodeServerFrame, encodeRequest, type ServerFrame } from '../../src/codec/sdk-frame.ts';
import { requestJson } from '../../src/http/client.ts';
import { drawAccount, type LoadAccount, RouteCalls } from '../../src/load/accounts.ts';
import { encodeLogin } from '../../src/load/wire.ts';
import { startDevInProcess } from '../support/dev-in-process.ts';
import { onTeardown } from '../support/teardown.ts';
import { waitUntil } from '../support/wait-until.ts';

const calls = new RouteCalls(requestJson);
const group = 'team';
let route: string;

beforeAll(async () => {
  const dev = await startDevInProcess({ data: ':memory:' });
  route = `http://${formatHostPort(dev.route)}`;
});

class Person {
  readonly account: LoadAccount;
  readonly frames: ServerFrame[] = [];
  #token = '';
  #socket: Socket | undefined;

  constructor(userId: number) {
    this.account = drawAccount(userId);
  }

  get userId(): number {
    return this.account.userId;
  }

  async logIn(): Promise<this> {
    await calls.register(route, this.account);
    const { host, port, token } = await calls.logIn(route, this.account);
    this.#token = token;
    const socket = connect({ host, port });
    onTeardown(() => socket.destroy());
    this.#socket = socket;
    const decoder = new FrameDecoder(1_000_000);
    socket.on('data', (chunk) =>
      decoder.push(chunk, (bytes, start, end) => {
        this.frames.push(decodeServerFrame(bytes.subarray(start, end)));
      }),
    );
    const { userId, userName } = this.account;
    const login = { userId, userName, token, device: 'd', epoch: randomBytes(8) };
    socket.write(encodeLogin(login));
    await waitUntil('the welcome', () => this.received(command.welcome).length === 1);
    return this;
  }

  async publishKey(): Promise<this> {
    const publicKey = randomBytes(32).toString('base64url');
    await this.ask('/publishKey', { publicKey, wrappedKey: 'wrapped' });
    return this;
  }

  ask(path: string, body: object = {}): Promise<unknown> {
    const { userId } = this;
    return calls.post(`${route}${path}`, { userId, group, ...body }, this.#token);
  }

  received(cmd: number): ServerFrame[] {
    return this.frames.filter((frame) => frame.cmd === cmd);
  }

  /** The answer to this message. */
  async say(sendSeq: number, fields: object): Promise<ServerFrame> {
    const before = this.received(command.ack).length;
    this.#socket?.write(encodeRequest({ cmd: command.message, group, sendSeq, ...fields }));
    await waitUntil('the answer', () => this.received(command.ack).length > before);
    return this.received(command.ack).at(-1) as ServerFrame;
  }

  /** Reads the group from its beginning: it is pushed from then on. */
  follow(): void {
    this.#socket?.write(encodeRequest({ cmd: command.read, group, after: 0, limit: 10 }));
  }
}

const refused = (kind: string) => expect.objectContaining({ kind });

test('members seal for members, and the cluster holds all to the present key', async () => {
  const [amy, bob, eve] = await Promise.all([1, 2, 3].map((id) => new Person(id).logIn()));
  if (!amy || !bob || !eve) throw new Error('nobody is there');
  await expect(amy.ask('/createGroup', { e2ee: true })).rejects.toEqual(refused('no-key'));
  for (const person of [amy, bob]) await person.publishKey();
  expect(await amy.ask('/createGroup', { e2ee: true })).toMatchObject({ e2ee: true, keyEpoch: 1 });
  await expect(eve.ask('/joinGroup')).rejects.toEqual(refused('no-key'));
  await expect(bob.ask('/joinGroup')).rejects.toEqual(refused('encrypted-group'));
  expect(await bob.ask('/joinGroup', { e2ee: true })).toMatchObject({ keyEpoch: 2 });
  await waitUntil('bob is told', () => bob.received(command.group).length > 0);
  expect(bob.received(command.group)[0]).toMatchObject({ group, code: 0, keyEpoch: 2 });
  for (const person of [amy, bob]) person.follow();
  await waitUntil('both follow', () =>
    [amy, bob].every((person) => person.received(command.group).some(({ facts }) => facts)),
  );

  // A key for both, in two pages.
  const draw = { epoch: 2, draw: randomBytes(32).toString('base64url') };
  const slotOf = ({ userId }: Person) => ({ userId, sealed: `key-of-${userId}` });
  const page = (slots: readonly object[], commit: boolean) =>
    amy.ask('/drawGroupKey', { ...draw, slots, commit });
  expect(await page([slotOf(amy)], false)).toMatchObject({ status: 'staged' });
  expect(await page([], true)).toMatchObject({ status: 'incomplete', missing: [bob.userId] });
  expect(await page([slotOf(bob)], true)).toMatchObject({ status: 'committed', drawn: 2 });
  expect(await bob.ask('/groupKeys')).toMatchObject({
    ...{ keyEpoch: 2, drawn: 2, drawId: draw.draw, more: false, missing: [] },
    slots: [{ epoch: 2, by: amy.userId, draw: draw.draw, sealed: 'key-of-2' }],
  });

  // Under it, under none and under one that is none any more.
  const sealed = Buffer.from('sealed');
  expect(await amy.say(1, { sealed, keyEpoch: 2 })).toMatchObject({ code: 0, seq: 1 });
  await waitUntil('bob has it', () => bob.received(command.message).length === 1);
  expect(bob.received(command.message)[0]).toMatchObject({ resMsg: '', keyEpoch: 2, seq: 1 });
  expect(await amy.say(2, { reqMsg: 'plain' })).toMatchObject({ code: 7402 });
  await expect(amy.ask('/groupRoute', { msg: 'plain' })).rejects.toEqual(
    refused('encrypted-group'),
  );
  await amy.ask('/removeMember', { peer: bob.userId });
  expect(await amy.say(3, { sealed, keyEpoch: 2 })).toMatchObject({ code: 8201, seq: 0 });
  expect(await amy.say(3, { sealed, keyEpoch: 3 })).toMatchObject({ code: 0, seq: 2 });
  await waitUntil('amy is told of the epoch', () =>
    amy.received(command.group).some(({ facts }) => facts?.keyEpoch === 3),
  );

  // Who was removed, and who never was in it.
  for (const person of [bob, eve]) {
    expect(await person.say(1, { sealed, keyEpoch: 3 })).toMatchObject({ code: 7302 });
    for (const path of ['/groupKeys', '/groupChanges', '/forgetGroupKeys'])
      await expect(person.ask(path)).rejects.toEqual(refused('not-a-member'));
    const slots = [{ userId: amy.userId, epoch: 3, sealed: 'rubbish' }];
    await expect(person.ask('/giveGroupKey', { slots })).rejects.toEqual(refused('not-a-member'));
  }
  const told = (await amy.ask('/groupChanges')) as Record<string, { kind: string }[]>;
  const kindsOf = (list: string) => told[list]?.map(({ kind }) => kind);
  expect(kindsOf('changes')).toEqual(['created', 'joined', 'removed']);
  expect(kindsOf('keyChanges')).toEqual(['drawn']);
  const { messages } = (await amy.ask('/history', { group })) as { messages: object[] };
  expect(messages).toMatchObject([{ keyEpoch: 2 }, { keyEpoch: 3 }]);
  expect(bob.received(command.message)).toHaveLength(1);
});
