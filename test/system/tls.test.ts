/**
 * A cluster that speaks TLS everywhere, of packaged executables: people chat on it, and nobody on the
 * way reads along; who is not to be believed is not, and a certificate is renewed under it.
 */
import { once } from 'node:events';
import { truncateSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { connect } from 'node:tls';
import { beforeAll, expect, test } from '@jest/globals';
import { ignore } from '../../src/base/ignore.ts';
import { createLogger } from '../../src/base/log.ts';
import { openRegistry } from '../../src/registry/open-registry.ts';
import { Authority, type CertificateFiles, replaceCertificate } from '../support/certificates.ts';
import { freePort } from '../support/free-port.ts';
import { JavaPeer } from '../support/java-peer.ts';
import { startProcess } from '../support/processes.ts';
import { startRedis } from '../support/redis.ts';
import { routeAddress, serverAddress } from '../support/role-addresses.ts';
import { Client, executable, type Role, startRole } from '../support/roles.ts';
import { type RecordingProxy, startRecordingProxy } from '../support/tcp-proxy.ts';
import { onTeardown } from '../support/teardown.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startZooKeeper } from '../support/zookeeper.ts';

const roundRobin = ['--strategy', 'round-robin'];
const zkAuth = ['--zk-auth', 'cim:the-password'];

let authority: Authority;
let zk: string[];
let server: Role;
let route: Role;
let serverFiles: CertificateFiles;
let routeFiles: CertificateFiles;
/** What goes to the ports of the server and of the route. */
let wire: readonly RecordingProxy[];
let userIds = 0;

function certified({ cert, key }: CertificateFiles): string[] {
  return ['--tls-cert', cert, '--tls-key', key, '--tls-ca', authority.ca];
}

beforeAll(async () => {
  authority = new Authority();
  const [zookeeper, redis] = await Promise.all([startZooKeeper(), startRedis()]);
  zk = ['--zk', zookeeper.address, ...zkAuth];
  const [port, httpPort, routePort] = [await freePort(), await freePort(), await freePort()];
  const [clients, links, callers] = [
    await startRecordingProxy(port),
    await startRecordingProxy(httpPort),
    await startRecordingProxy(routePort),
  ];
  wire = [clients, links, callers];
  serverFiles = authority.issue();
  routeFiles = authority.issue();
  const common = ['--host', '127.0.0.1', ...zk, '--tls-client-certs'];
  [route, server] = await Promise.all([
    startRole('route', [
      ...[...common, ...certified(routeFiles), '--redis', redis.address, ...roundRobin],
      ...['--port', `${routePort}`, '--advertise-port', `${callers.port}`],
    ]),
    startRole('server', [
      ...[...common, ...certified(serverFiles)],
      ...['--port', `${port}`, '--advertise-port', `${clients.port}`],
      ...['--http-port', `${httpPort}`, '--advertise-http-port', `${links.port}`],
    ]),
  ]);
});

function person(name: string): Promise<Client> {
  userIds += 1;
  const args = [...zk, '--tls-ca', authority.ca];
  return Client.ready({ userId: userIds, name: `${name}-${userIds}`, routes: [], args });
}

/** The serial number of the certificate that is shown to a new connection. */
async function shownBy(address: string | undefined): Promise<string> {
  const [host = '', port = ''] = (address ?? '').split(':');
  const socket = connect({ host, port: Number(port), rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

test('people chat, and nothing that they write can be read on the wire', async () => {
  const [amy, bob] = [await person('amy'), await person('bob')];
  amy.say('a secret of the lobby');
  await bob.whenText('a secret of the lobby');
  amy.say(`${bob.userId};;a secret of two`);
  await bob.whenText('a secret of two');
  for (const proxy of wire) {
    expect(proxy.heard.length).toBeGreaterThan(1_000);
    for (const text of ['secret', amy.name, '/login', '/internal/link'])
      expect(proxy.heard.includes(text)).toBe(false);
  }
});

test('whoever writes in ZooKeeper that they speak no TLS is sent nothing', async () => {
  const heard: Record<string, string> = {};
  const listenIn = async (who: string) => {
    const server = createServer((socket) => {
      socket.on('error', ignore('the event close follows'));
      socket.on('data', (bytes) => {
        heard[who] = (heard[who] ?? '') + String(bytes);
      });
    }).listen(0, '127.0.0.1');
    onTeardown(() => server.close());
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const [port, tcpPort, httpPort] = [
    await listenIn('as a route'),
    await listenIn('as a server, of clients'),
    await listenIn('as a server, of routes'),
  ];
  const registry = await openRegistry({
    zookeeper: zk[1] ?? '',
    auth: 'cim:the-password',
    sessionTimeoutMs: 10_000,
    follow: [],
    log: createLogger('test', 'silent'),
  });
  onTeardown(() => registry.close());
  const version = '9.9.9';
  const [host, address] = ['127.0.0.1', routeAddress('127.0.0.1', port)];
  await registry.announceRoute({ instance: 'false-route', address, version });
  await registry.announceServer({
    instance: 'false-server',
    address: serverAddress(host, tcpPort, httpPort),
    version,
    connections: 0,
  });
  const asked = async (command: string, ...words: string[]) => {
    const args = [command, ...words, ...zk, '--tls-ca', authority.ca];
    const run = await startProcess({ name: `cim ${command}`, command: executable, args });
    await run.exited;
    return run.output;
  };
  const where = `127.0.0.1:${tcpPort}`;
  await waitUntil('the route knows of it', async () =>
    (await asked('admin', 'servers')).includes(where),
  );

  const people = await Promise.all(['eva', 'fay', 'gus', 'hal'].map(person));
  people[0]?.say(`${people[3]?.userId};;still between us`);
  await people[3]?.whenText('still between us');
  expect(await asked('admin', 'online')).toContain('eva');
  await asked('admin', 'drain', where);
  await asked('bench', '--clients', '4', '--seconds', '0.5');
  await asked('verify', '--users', '2', '--minutes', '0.05', '--groups', '0');
  await waitUntil('the server has been told of the route', () =>
    server.process.output.includes(`127.0.0.1:${port} is said to speak no TLS`),
  );
  expect(heard).toEqual({});
});

test('a client that does not know the authority is told what is missing', async () => {
  const send = await startProcess({
    name: 'cim send',
    command: executable,
    args: [
      ...[
        'send',
        '--user-id',
        '90',
        '--name',
        'eve',
        '--secret',
        'the secret of eve',
        '--to',
        '1',
        'hi',
      ],
      ...['--route', `https://${route.addresses['http']}`],
    ],
  });
  const code = await send.exited;
  expect(send.output).toContain('signed by an authority that is not known here (--tls-ca');
  expect(code).toBe(69);
});

test('a role without a certificate is refused, and told so', async () => {
  const uncertified = await startRole('server', [
    ...['--host', '127.0.0.1', '--port', '0', '--http-port', '0', ...zk],
    ...['--tls-ca', authority.ca],
  ]);
  // No login is sent there. Somebody who comes by himself makes it call a route.
  const [host = '', port = ''] = (uncertified.addresses['tcp'] ?? '').split(':');
  (await JavaPeer.connect(host, Number(port), 91, 'dan')).sendLogin();
  await waitUntil('it says what is missing', () =>
    uncertified.process.output.includes('takes only roles with a certificate (--tls-cert)'),
  );
});

test('a certificate is renewed without ending a connection; a broken one changes nothing', async () => {
  const [amy, bob] = [await person('amy'), await person('bob')];
  const parts = [
    { role: server, files: serverFiles, ports: ['tcp', 'http'] },
    { role: route, files: routeFiles, ports: ['http'] },
  ];
  for (const { role, files, ports } of parts) {
    const shown = () => Promise.all(ports.map((port) => shownBy(role.addresses[port])));
    const before = await shown();
    replaceCertificate(files, authority.issue());
    role.process.signal('SIGHUP');
    await waitUntil('every port shows the new one', async () =>
      (await shown()).every((serial) => !before.includes(serial)),
    );
    const renewed = await shown();

    truncateSync(files.cert, 100);
    role.process.signal('SIGHUP');
    await waitUntil('it complains', () => role.process.output.includes('stays in use'));
    expect(role.process.output).toContain(files.cert);
    expect(await shown()).toEqual(renewed);
  }
  amy.say(`${bob.userId};;still here`);
  await bob.whenText('still here');
  for (const client of [amy, bob])
    expect(client.events.filter(({ event }) => event === 'offline')).toEqual([]);
});
