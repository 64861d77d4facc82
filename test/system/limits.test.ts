// Goal: limits as an operator meets them. A server with few file descriptors refuses early and says
// so, while those who are there are served and links to routes come and go; behind a real nginx with
// docs/guides/nginx.conf every client is counted for itself. Method: the packaged executable.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { command } from '../../src/codec/commands.ts';
import { frame } from '../../src/codec/frame.ts';
import { com } from '../../src/codec/protobuf.ts';
import { encodeClose } from '../../src/codec/server-frame.ts';
import { freePort } from '../support/free-port.ts';
import { startNginx } from '../support/nginx.ts';
import { connections, RawConnection } from '../support/raw-connection.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { Client, startRoute, startServer } from '../support/roles.ts';
import { onTeardown } from '../support/teardown.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startZooKeeper, type TestZooKeeper } from '../support/zookeeper.ts';

const { Request } = com.crossoverjie.cim.common.protocol;

let zookeeper: TestZooKeeper;
let redis: TestRedis;

beforeAll(async () => {
  [zookeeper, redis] = await Promise.all([startZooKeeper(), startRedis()]);
});

const login = frame(
  Request.encode({
    cmd: command.login,
    requestId: 1,
    reqMsg: 'nobody',
    protocolVersion: 1,
    device: 'stranger',
    connectionNumber: 1,
    epoch: new Uint8Array(8).fill(9),
  }).finish(),
);
const closedAs = (name: Parameters<typeof encodeClose>[0]) =>
  Buffer.from(encodeClose(name)).toString('latin1');

describe('a server with 256 file descriptors', () => {
  // Half of them are the reserve, and 16 are for its HTTP port.
  const tcpMax = 112;
  const toldMax = 32;

  test('takes no more connections than it can serve, says so, and goes on with those it has', async () => {
    const first = await startRoute(zookeeper.address, redis.address);
    const server = await startServer(zookeeper.address, [], { descriptors: 256 });
    const tcp = server.addresses['tcp'] as string;
    const routes = [`http://${first.addresses['http']}`];
    const amy = await Client.ready({ userId: 101, name: 'amy-101', routes });
    const bob = await Client.ready({ userId: 102, name: 'bob-102', routes });

    // A crowd that has begun to say something, so nobody else is let in for it.
    const crowd = await connections(tcp, tcpMax - 2);
    for (const each of crowd) each.send(login.subarray(0, 5));
    await waitUntil('the next is told that there is no room', async () => {
      const next = new RawConnection(tcp).send(login);
      await waitUntil('it is ended', () => next.isClosed);
      return next.received === closedAs('full');
    });
    const beyond = await connections(tcp, 3 * toldMax);
    for (const each of beyond) each.send(login.subarray(0, 5));
    await waitUntil('those far beyond are ended at once', () => {
      const ended = beyond.filter(({ isClosed }) => isClosed);
      return ended.length >= 2 * toldMax && ended.every(({ received }) => received === '');
    });
    expect(crowd.filter(({ isClosed }) => isClosed)).toEqual([]);

    // Another crowd at the port by which routes come, and another route, which takes over. It is the
    // lobby that they talk in: for that a client needs no route.
    const silent = await connections(server.addresses['http'] as string, 100);
    await waitUntil(
      'few of them are kept',
      () => silent.filter(({ isClosed }) => !isClosed).length <= 16,
    );
    const second = await startRoute(zookeeper.address, redis.address);
    await first.process.kill();
    amy.say('is anybody there?');
    await bob.whenText('is anybody there?');
    bob.say('yes');
    await amy.whenText('yes');
    expect(crowd.filter(({ isClosed }) => isClosed)).toEqual([]);

    // The crowd has had its time for a login.
    await waitUntil('the crowd is let go', () => crowd.every(({ isClosed }) => isClosed));
    const cat = await Client.ready({
      userId: 103,
      name: 'cat-103',
      routes: [`http://${second.addresses['http']}`],
    });
    cat.say('and I');
    await amy.whenText('and I');
    expect(server.process.output).not.toContain('EMFILE');
  });
});

describe('behind nginx', () => {
  test('everybody is counted for themselves, on TCP and HTTP, and people chat through it', async () => {
    const limits = ['--limit-loopback', '--login-rate', '5'];
    const port = await freePort();
    const route = await startRoute(zookeeper.address, redis.address, limits);
    const own = await freePort();
    const nginx = await startNginx({
      routes: [route.addresses['http'] as string],
      server: { address: `127.0.0.1:${own}`, port },
    });
    const advertised = ['--advertise', '127.0.0.1', '--advertise-port', String(port)];
    await startServer(zookeeper.address, [...limits, ...advertised], { port: own });
    const people = [
      await Client.ready({ userId: 201, name: 'amy-201', routes: [nginx.url] }),
      await Client.ready({ userId: 202, name: 'bob-202', routes: [nginx.url] }),
    ] as const;
    people[0].say('202;;through nginx');
    await people[1].whenText('through nginx');

    const answers = async (from: string) => {
      const texts: string[] = [];
      for (let count = 0; count < 7; count++) texts.push(await loginFrom(from, port));
      return texts.filter((text) => text === closedAs('too-fast')).length;
    };
    expect(await answers('127.0.0.2')).toBe(2);
    expect(await answers('127.0.0.3')).toBe(2);

    const { port: httpPort } = new URL(nginx.url);
    const statuses = async (from: string) => {
      const found: (string | undefined)[] = [];
      for (let count = 0; count < 7; count++) found.push(await postFrom(from, Number(httpPort)));
      return found.filter((status) => status === '429').length;
    };
    expect(await statuses('127.0.0.2')).toBe(2);
    expect(await statuses('127.0.0.3')).toBe(2);
  });
});

function dialFrom(localAddress: string, port: number): Socket {
  const socket = connect({ host: '127.0.0.1', port, localAddress });
  onTeardown(() => socket.destroy());
  return socket;
}

/** All that a login is answered with. */
async function loginFrom(localAddress: string, port: number): Promise<string> {
  const socket = dialFrom(localAddress, port);
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1');
  });
  socket.write(login);
  await once(socket, 'close');
  return received;
}

/** The status with which a login is answered. */
async function postFrom(localAddress: string, port: number): Promise<string | undefined> {
  const socket = dialFrom(localAddress, port);
  const body = JSON.stringify({ userId: 1, userName: 'nobody' });
  socket.write(
    `POST /login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk.toString();
  });
  await once(socket, 'close');
  return /^HTTP\/1\.1 (\d+)/.exec(received)?.[1];
}
