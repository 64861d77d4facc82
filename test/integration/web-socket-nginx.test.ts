/**
 * One public name for the HTTP API and WebSockets: docs/guides/nginx.conf on a real nginx, with TLS,
 * before `cim dev` in this process.
 */
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { CimClient, type Message } from '../../src/client/sdk/index.ts';
import { nodePlatform } from '../../src/client/sdk/node/node-platform.ts';
import { Authority } from '../support/certificates.ts';
import { startDevInProcess } from '../support/dev-in-process.ts';
import { freePort } from '../support/free-port.ts';
import { startNginx } from '../support/nginx.ts';
import { secretOf } from '../support/secret-of.ts';
import { onTeardown } from '../support/teardown.ts';
import { waitUntil } from '../support/wait-until.ts';
import { webSocketTransport } from '../support/web-socket-transport.ts';

interface Answer {
  readonly dataBody: { readonly webSocket?: string; readonly endpoints?: readonly object[] };
}

test('people log in and chat through it, on the URL that a route tells', async () => {
  const authority = new Authority();
  const { cert, key } = authority.issue();
  const ca = readFileSync(authority.ca, 'utf8');
  const port = await freePort();
  const url = `wss://127.0.0.1:${port}/ws`;
  const system = await startDevInProcess({ data: ':memory:', auth: 'open', 'public-url': url });
  const nginx = await startNginx({
    routes: [`127.0.0.1:${system.route.port}`],
    webSockets: [`127.0.0.1:${system.ws.port}`],
    tls: { cert, key },
    port,
  });

  const call = (path: string, body: object) =>
    new Promise<Answer>((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'x-cim-version': '2' };
      const sent = request(`${nginx.url}${path}`, { method: 'POST', headers, ca }, (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => resolve(JSON.parse(text)));
      });
      sent.on('error', reject);
      sent.end(JSON.stringify(body));
    });
  await call('/registerAccount', { userName: 'eve', userId: 9 });
  const { dataBody } = await call('/login', { userId: 9, userName: 'eve' });
  expect(dataBody.webSocket).toBe(url);
  expect(dataBody.endpoints).toContainEqual(expect.objectContaining({ kind: 'ws', url }));

  const open = async (userId: number) => {
    const client = new CimClient({
      userId,
      userName: `user${userId}`,
      routes: [`http://127.0.0.1:${system.route.port}`],
      platform: { ...nodePlatform(), transport: webSocketTransport(ca) },
      credentials: { secret: secretOf(userId) },
    });
    onTeardown(() => client.close({ timeoutMs: 0 }));
    const texts: string[] = [];
    client.on('message', ({ text }: Message) => void texts.push(text));
    await client.start();
    return { client, texts };
  };
  const [amy, bob] = [await open(1), await open(2)];
  await amy.client.send({ to: 2 }, 'through nginx');
  await bob.client.send({ to: 1 }, 'x'.repeat(60_000));
  await waitUntil('both have come', () => amy.texts.length + bob.texts.length === 2);

  const page = new WebSocket(url, 'cim.v2', { ca, origin: `https://127.0.0.1:${port}` });
  onTeardown(() => page.terminate());
  await new Promise((resolve) => page.once('open', resolve));
  const foreign = new WebSocket(url, 'cim.v2', { ca, origin: 'https://evil.example' });
  const refused = new Promise<Error>((resolve) => foreign.once('error', resolve));
  expect((await refused).message).toContain('403');
});
