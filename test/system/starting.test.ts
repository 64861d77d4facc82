/** A role that waits for ZooKeeper: orchestrators hear how it is, and nobody else is served yet. */
import { expect, test } from '@jest/globals';
import { freePort } from '../support/free-port.ts';
import { startProcess, TestProcess } from '../support/processes.ts';
import { startRedis } from '../support/redis.ts';
import { executable } from '../support/roles.ts';
import { openTcpPort } from '../support/tcp-port.ts';
import { onTeardown } from '../support/teardown.ts';
import { waitUntil } from '../support/wait-until.ts';

async function waiting(role: 'server' | 'route') {
  const [zookeeper, http, redis] = await Promise.all([freePort(), freePort(), startRedis()]);
  const ports =
    role === 'route'
      ? ['--redis', redis.address, '--port', `${http}`]
      : ['--port', '0', '--http-port', `${http}`];
  const where = ['--host', '127.0.0.1', '--zk', `127.0.0.1:${zookeeper}`];
  const args = [role, ...where, ...ports, '--cluster-secret', 'test'];
  const url = `http://127.0.0.1:${http}`;
  const isThere = () =>
    fetch(`${url}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    );
  await startProcess({ name: `cim ${role}`, command: executable, args, ready: isThere });
  return { url, args };
}

async function said(url: string, init?: RequestInit) {
  const response = await fetch(url, init);
  return { status: response.status, text: await response.text() };
}

test.each(['server', 'route'] as const)('a %s lives, is not ready, and says why', async (role) => {
  const { url } = await waiting(role);
  const answer = await waitUntil('it says why', async () => {
    const heard = await said(`${url}/readyz`);
    return heard.text.includes('ZooKeeper') && heard;
  });
  expect(answer).toEqual({ status: 503, text: expect.stringContaining('it is starting') });
  const call = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' };
  const path = role === 'route' ? 'login' : 'sendMsg';
  const refusal = { status: 503, text: expect.stringMatching(/"9400".*it is starting/) };
  expect(await said(`${url}/${path}`, call)).toEqual(refusal);
});

test.each(['server', 'route'] as const)(
  'a %s whose port is taken says so at once',
  async (role) => {
    const { args } = await waiting(role);
    const second = new TestProcess({ name: `a second ${role}`, command: executable, args });
    onTeardown(() => second.stop());
    expect(await second.exited).toBe(69);
    expect(second.output).toContain('cannot be listened on');
  },
);

test('a server whose port for clients is taken says so at once', async () => {
  const { port } = await openTcpPort({ onArrival: () => {} });
  const where = ['--host', '127.0.0.1', '--zk', `127.0.0.1:${await freePort()}`];
  const args = ['server', ...where, '--port', `${port}`, '--http-port', '0'];
  const server = new TestProcess({ name: 'a server', command: executable, args });
  onTeardown(() => server.stop());
  expect(await server.exited).toBe(69);
  expect(server.output).toContain(`TCP port ${port} on 127.0.0.1 cannot be listened on`);
});
