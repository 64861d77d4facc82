/**
 * An unchanged Java client on `cim dev`, byte by byte: what the Java system's own integration tests
 * assert (chat, offline messages, repeated login, close), and what its wire and HTTP formats
 * promise.
 */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { JavaPeer, javaGet, javaPost, javaRegister } from '../support/java-peer.ts';
import { Client, type Role, startDevelopment } from '../support/roles.ts';
import { waitUntil } from '../support/wait-until.ts';
import { bytes, golden } from '../unit/codec/golden-frames.ts';

let dev: Role;
let route: string;
let host: string;
let port: number;
let names = 0;

beforeAll(async () => {
  dev = await startDevelopment(['--data', ':memory:', '--auth', 'open']);
  route = `http://${dev.addresses['route']}`;
  const [tcpHost = '', tcpPort = ''] = (dev.addresses['tcp'] as string).split(':');
  host = tcpHost;
  port = Number(tcpPort);
});

/** A registered user with a name of their own. */
async function somebody(): Promise<{ userId: number; userName: string }> {
  names += 1;
  const userName = `java-${names}`;
  return { userId: await javaRegister(route, userName), userName };
}

async function login({
  userId,
  userName,
}: {
  userId: number;
  userName: string;
}): Promise<JavaPeer> {
  return JavaPeer.login(route, userId, userName);
}

describe('chat', () => {
  test('a group message reaches everybody online but its sender, with the three properties', async () => {
    const [amy, bob] = [await login(await somebody()), await login(await somebody())];
    expect(
      (await javaPost(route, '/groupRoute', { userId: amy.userId, msg: 'hello all' })).code,
    ).toBe('9000');
    const push = await bob.whenReceived(({ resMsg }) => resMsg === 'hello all');
    expect(push).toMatchObject({ cmd: 1, responseId: bob.userId });
    expect(push.properties).toEqual({
      sendUserId: String(amy.userId),
      sendUserName: amy.userName,
      receiveUserId: String(bob.userId),
    });
    // Sent after it over the same connection, so had she been sent her own message, it would be
    // here first.
    amy.ping();
    await amy.whenReceived(({ cmd }) => cmd === 2);
    expect(amy.texts).toEqual([]);
    await Promise.all([amy.close(route), bob.close(route)]);
  });

  test('a private message reaches its receiver alone; a batch arrives in order, without `msg` in the request', async () => {
    const [amy, bob, eve] = [
      await login(await somebody()),
      await login(await somebody()),
      await login(await somebody()),
    ];
    const single = { userId: amy.userId, receiveUserId: bob.userId, msg: 'only you' };
    expect(await javaPost(route, '/p2pRoute', single)).toEqual({
      code: '9000',
      message: 'Success',
      reqNo: null,
      dataBody: null,
    });
    await bob.whenTexts('only you');
    await javaPost(route, '/p2pRoute', {
      userId: bob.userId,
      receiveUserId: amy.userId,
      batchMsg: ['a', 'b', 'c'],
    });
    await amy.whenTexts('a', 'b', 'c');
    const batch = amy.frames.find(({ cmd }) => cmd === 1);
    expect(batch).toMatchObject({
      batchResMsg: ['a', 'b', 'c'],
      resMsg: '',
      responseId: amy.userId,
    });
    expect(eve.texts).toEqual([]);
    await Promise.all([amy.close(route), bob.close(route), eve.close(route)]);
  });

  test('with a cim client, both ways', async () => {
    const amy = await login(await somebody());
    const bob = await Client.ready({ userId: 881, name: 'cim-bob', routes: [route] });
    bob.say(`${amy.userId};;from cim`);
    await amy.whenTexts('from cim');
    await javaPost(route, '/p2pRoute', {
      userId: amy.userId,
      receiveUserId: 881,
      msg: 'from java',
    });
    expect(await bob.whenText('from java')).toMatchObject({
      from: amy.userId,
      fromName: amy.userName,
      to: 881,
    });
    await amy.close(route);
  });
});

describe('offline', () => {
  test('what was sent meanwhile comes at the next login, before anything live, in order, once', async () => {
    const [amy, bobAccount] = [await somebody(), await somebody()];
    for (const msg of ['one', 'two', 'three']) {
      const body = { userId: amy.userId, receiveUserId: bobAccount.userId, msg };
      expect((await javaPost(route, '/p2pRoute', body)).code).toBe('7000');
    }
    const bob = await login(bobAccount);
    await bob.whenTexts('one', 'two', 'three');
    const pending = bob.frames.find(({ cmd }) => cmd === 3);
    expect(pending).toMatchObject({ batchResMsg: ['one', 'two', 'three'], responseId: bob.userId });
    expect(pending?.properties['sendUserId']).toBe(String(amy.userId));
    await javaPost(route, '/p2pRoute', {
      userId: amy.userId,
      receiveUserId: bob.userId,
      msg: 'live',
    });
    await bob.whenTexts('one', 'two', 'three', 'live');
    expect(await javaPost(route, '/fetchOfflineMsgs', { receiveUserId: bob.userId })).toMatchObject(
      { code: '9000', dataBody: null },
    );
    await bob.close(route);
    const again = await login(bobAccount);
    await javaPost(route, '/p2pRoute', {
      userId: amy.userId,
      receiveUserId: bob.userId,
      msg: 'next',
    });
    await again.whenTexts('next');
    await again.close(route);
  });

  test('a batch for somebody offline is kept whole', async () => {
    const texts = Array.from({ length: 1_000 }, (_, index) => `text ${index}`);
    const [amy, bob] = [await somebody(), await somebody()];
    await javaPost(route, '/p2pRoute', {
      userId: amy.userId,
      receiveUserId: bob.userId,
      batchMsg: texts,
    });
    const peer = await login(bob);
    await peer.whenTexts(...texts);
    await peer.close(route);
  });
});

describe('login', () => {
  test('is refused with 5000 while the first is live, and only then', async () => {
    const account = await somebody();
    const first = await login(account);
    const refused = await javaPost(route, '/login', account);
    expect(refused).toEqual({
      code: '5000',
      message: 'Repeat login, log out an account please!',
      reqNo: null,
      dataBody: null,
    });
    first.socket.destroy(); // as a crash: nobody says /offLine
    await waitUntil(
      'the login is accepted',
      async () => (await javaPost(route, '/login', account)).code === '9000',
    );
    // Asked for a server, never connected: that is no session.
    expect((await javaPost(route, '/login', account)).code).toBe('9000');
  });

  test('of an unknown user, or under another name, is refused with 9100 and without a server', async () => {
    const { userId } = await somebody();
    for (const login of [
      { userId, userName: 'somebody else' },
      { userId: 4, userName: 'nobody' },
    ]) {
      expect(await javaPost(route, '/login', login)).toMatchObject({
        code: '9100',
        dataBody: null,
      });
    }
  });

  test('over TCP of somebody without an account ends the connection', async () => {
    const stranger = await JavaPeer.connect(host, port, 99, 'stranger');
    stranger.sendLogin();
    await stranger.whenClosed();
  });

  test('/offLine ends the session', async () => {
    const account = await somebody();
    const peer = await login(account);
    await javaPost(route, '/offLine', { userId: account.userId, msg: 'offLine' });
    await peer.whenClosed();
    expect((await javaPost(route, '/login', account)).code).toBe('9000');
  });

  test('onlineUser lists everybody with id and name, and is null when there is nobody', async () => {
    await waitUntil(
      'nobody is online',
      async () => (await javaGet(route, '/onlineUser')).dataBody === null,
    );
    const amy = await login(await somebody());
    expect((await javaGet(route, '/onlineUser')).dataBody).toEqual([
      { userId: amy.userId, userName: amy.userName },
    ]);
    await amy.close(route);
    await waitUntil(
      'nobody is online',
      async () => (await javaGet(route, '/onlineUser')).dataBody === null,
    );
  });
});

describe('the connection', () => {
  test('a golden login and ping are understood, the pong is golden', async () => {
    await fetch(`${route}/registerAccount`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-cim-version': '1' },
      body: JSON.stringify({ userName: 'zs', userId: 1547028929408 }),
    });
    const peer = await JavaPeer.connect(host, port, 1547028929408, 'zs');
    const received: Buffer[] = [];
    peer.socket.on('data', (chunk) => received.push(chunk));
    peer.socket.write(bytes(golden.login));
    await waitUntil('zs is online', async () => {
      const online = (await javaGet(route, '/onlineUser')).dataBody as
        | { userName: string }[]
        | null;
      return online?.some(({ userName }) => userName === 'zs');
    });
    peer.socket.write(bytes(golden.ping));
    await waitUntil('a pong', () => Buffer.concat(received).toString('hex') === golden.pong);
    peer.socket.destroy();
  });

  test('an empty probe connection is closed after the time for a login, and disturbs nobody', async () => {
    const probe = await JavaPeer.connect(host, port, 0, 'probe');
    probe.socket.destroy();
    const silent = await JavaPeer.connect(host, port, 0, 'silent');
    await silent.whenClosed();
  });

  test('an idle one is not closed before 33 s after its last sign', async () => {
    const before = performance.now();
    const peer = await login(await somebody());
    await peer.whenClosed();
    expect(performance.now() - before).toBeGreaterThanOrEqual(33_000);
  });
});
