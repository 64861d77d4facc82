// Goal: another user of the machine who listens where cim is expected is sent nothing. Method: a
// listener under another uid, on IPv4 and IPv6.
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { Tls } from '../../src/base/network/tls.ts';
import { nodePlatform } from '../../src/client/sdk/node/node-platform.ts';
import { jsonRequester } from '../../src/http/client.ts';
import { RouteCalls } from '../../src/load/accounts.ts';
import { lookOncePerPort } from '../../src/load/known-ports.ts';
import { LoadConnection } from '../../src/load/load-connection.ts';
import { Turn } from '../../src/load/turn.ts';
import { meetStranger, stranger } from '../support/other-user.ts';
import { startProcess, type TestProcess } from '../support/processes.ts';
import { onTeardown } from '../support/teardown.ts';

const script = `
import socket, sys, os
os.setuid(int(sys.argv[2]))
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET)
if ":" in sys.argv[1]: s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
s.bind((sys.argv[1], 0)); s.listen()
print("port", s.getsockname()[1], flush=True)
while True:
    c, _ = s.accept()
    print("heard", c.recv(1000), flush=True)
`;

async function listenAsStranger(address: string): Promise<{ process: TestProcess; port: number }> {
  meetStranger();
  const process = await startProcess({
    name: 'a listener',
    command: 'python3',
    args: ['-c', script, address, String(stranger)],
    ready: ({ stdout }) => /port \d+/.test(stdout),
  });
  return { process, port: Number(/port (\d+)/.exec(process.stdout)?.[1]) };
}

/** What becomes of a connection and of a call. */
async function tried(host: string, port: number, portOwner?: number): Promise<string[]> {
  const platform = nodePlatform(Tls.ofSystem(), portOwner);
  const opened = new Promise<string>((resolve) => {
    const stream = platform.transport.open(
      { host, port, tls: false },
      { opened: () => resolve('opened'), received: () => {}, ended: resolve },
    );
    onTeardown(() => stream.close());
  });
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}/login`;
  const call = {
    method: 'POST',
    headers: {},
    body: { loginKey: 'hush' },
    timeoutMs: 1_000,
  } as const;
  const answer = platform.http.request(url, call).catch((error: Error) => error.message);
  return [await opened, String(await answer)];
}

describe('a listener of another user', () => {
  const places = [
    ['127.0.0.1', '127.0.0.1'],
    ['0.0.0.0', '127.0.0.1'],
    ['::', '127.0.0.1'],
    ['::', '::1'],
    ['::1', '::1'],
    ['::ffff:127.0.0.1', '127.0.0.1'],
  ] as const;

  test.each(places)('at %s is sent nothing by who dials %s', async (address, dialled) => {
    const { process: listener, port } = await listenAsStranger(address);
    for (const outcome of await tried(dialled, port))
      expect(outcome).toContain(
        `another user of this machine (${stranger}) listens at port ${port}`,
      );
    await listener.stop();
    expect(listener.stdout).not.toContain('hush');
  });

  test('is sent nothing by a load, neither over HTTP nor over TCP', async () => {
    const { process: listener, port } = await listenAsStranger('::1');
    const refusal = `another user of this machine (${stranger}) listens at port ${port}`;
    const [tls, refusalOf] = [Tls.ofSystem(), lookOncePerPort()];
    const account = { userId: 1, userName: 'amy', loginKey: 'hush' };
    const calls = new RouteCalls(jsonRequester(tls, refusalOf));
    await expect(calls.logIn(`http://[::1]:${port}`, account)).rejects.toThrow(refusal);
    const opening = LoadConnection.open({
      ...{ index: 0, account, device: 'd', tls, refusalOf, turn: new Turn(() => {}) },
      admission: { host: '::1', port, token: 'hush', tls: false },
      events: { message() {}, answered() {}, behind() {}, ended() {} },
    });
    await expect(opening).rejects.toThrow(refusal);
    await listener.stop();
    expect(listener.stdout).not.toContain('hush');
  });

  test('is believed where it is named', async () => {
    const { port } = await listenAsStranger('127.0.0.1');
    expect((await tried('127.0.0.1', port, stranger))[0]).toBe('opened');
  });
});

test('a listener of our own is believed, on every address', async () => {
  for (const address of ['127.0.0.1', '0.0.0.0', '::']) {
    const server = createServer().listen(0, address);
    onTeardown(() => server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expect((await tried('127.0.0.1', port))[0]).toBe('opened');
  }
});
