/**
 * Files from one SDK client to another, by the route of `cim dev` in this process: through connections
 * that break, and never in clear where the store or its backup could show them.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import {
  CimClient,
  type CimClientOptions,
  type FileProgress,
  type Message,
  type MessageFile,
} from '../../src/client/sdk/index.ts';
import { nodePlatform } from '../../src/client/sdk/node/node-platform.ts';
import { startDevInProcess } from '../support/dev-in-process.ts';
import { secretOf } from '../support/secret-of.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { onTeardown } from '../support/teardown.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitUntil } from '../support/wait-until.ts';

const [bob, amy] = [1, 2];

async function startSystem(settings: Readonly<Record<string, string | number>> = {}) {
  const data = temporaryFolder('dev');
  const running = await startDevInProcess({ data, auth: 'secret', ...settings });
  return { data, port: running.route.port };
}

async function open(port: number, userId: number, options: Partial<CimClientOptions> = {}) {
  const client = new CimClient({
    ...{ userId, userName: userId === bob ? 'bob' : 'amy', platform: nodePlatform() },
    routes: [`http://127.0.0.1:${port}`],
    credentials: { secret: secretOf(userId) },
    ...options,
  });
  onTeardown(() => client.close({ timeoutMs: 0 }));
  const messages: Message[] = [];
  client.on('message', (message) => void messages.push(message));
  await client.start();
  return { client, messages };
}

async function hashOfFile(client: CimClient, file: MessageFile): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of client.openFile(file)) hash.update(chunk);
  return hash.digest('hex');
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Two parts, and a bit of text again and again. */
const marker = Buffer.from('what only the two of them are to read');
const plain = Buffer.concat([
  ...Array.from({ length: 1_000 }, () => marker),
  randomBytes(9 * 1024 * 1024),
  marker,
]);
const blob = new Blob([plain], { type: 'image/png' });

test('a file gets through connections that break, both ways, and nobody else can read it', async () => {
  const { data, port } = await startSystem();
  const [up, down] = [await startTcpProxy(port), await startTcpProxy(port)];
  const ofAmy = await open(down.port, amy);
  const ofBob = await open(up.port, bob);
  // Both have keys.
  await ofBob.client.send({ to: amy }, 'look at this');
  let cuts = 0;
  const onProgress = ({ bytes }: FileProgress) => {
    if (bytes < (cuts + 1) * 2_500_000 || cuts === 3) return;
    cuts += 1;
    up.reset();
  };
  const { file } = await ofBob.client.sendFile({ to: amy }, blob, { name: 'a.png', onProgress });
  expect(cuts).toBe(3);
  await waitUntil('amy has it', () => ofAmy.messages.length === 2);
  const [, message] = ofAmy.messages;
  expect(message).toMatchObject({ text: '[a.png, 9.5 MB]', encrypted: true, file });
  // Each connection breaks after some more bytes.
  down.breakEarly(900_000);
  expect(await hashOfFile(ofAmy.client, file)).toBe(hashOf(plain));
  expect(down.broken).toBeGreaterThan(3);
  // Another device finds it in the history.
  const { messages } = await ofBob.client.history({ peer: amy, limit: 5 });
  expect(messages.at(-1)?.file).toEqual(file);
  for (const kept of filesIn(data)) {
    const bytes = readFileSync(kept);
    expect(bytes.includes(marker)).toBe(false);
    expect(bytes.includes(Buffer.from(file.key ?? marker))).toBe(false);
    expect(bytes.includes('a.png')).toBe(false);
  }
});

test('in a group its members read it, and who has not its capability does not', async () => {
  const { port } = await startSystem();
  const [ofBob, ofAmy] = [await open(port, bob), await open(port, amy)];
  await ofBob.client.createGroup('builds');
  await ofAmy.client.joinGroup('builds');
  const target = { group: 'builds' };
  const { file } = await ofBob.client.sendFile(target, blob, { name: 'a.png' });
  expect(file.key).toBeUndefined();
  await waitUntil('amy has it', () => ofAmy.messages.length === 1);
  const received = ofAmy.messages[0]?.file ?? file;
  expect(await hashOfFile(ofAmy.client, received)).toBe(hashOf(plain));
  const guessed = { ...file, capability: 'A'.repeat(file.capability.length) };
  await expect(hashOfFile(ofAmy.client, guessed)).rejects.toMatchObject({ kind: 'unknown-file' });
  const other = { ...file, sha256: new Uint8Array(32) };
  await expect(hashOfFile(ofAmy.client, other)).rejects.toMatchObject({ kind: 'damaged-file' });
  const empty = await ofBob.client.sendFile(target, new Blob([]), { name: 'empty' });
  expect(await hashOfFile(ofAmy.client, empty.file)).toBe(hashOf(new Uint8Array()));
});

test('what the cluster refuses is said, and no message is sent', async () => {
  const { port } = await startSystem({ 'file-bytes': 1_000_000 });
  const { client, messages } = await open(port, bob);
  const sending = client.sendFile({ to: bob }, blob, { name: 'a.png' });
  await expect(sending).rejects.toMatchObject({ kind: 'file-too-large' });
  const none = await startDevInProcess({ data: ':memory:', auth: 'secret' });
  const there = await open(none.route.port, bob);
  const small = new Blob(['x']);
  await expect(there.client.sendFile({ to: bob }, small, { name: 'x' })).rejects.toMatchObject({
    kind: 'no-files',
  });
  expect([...messages, ...there.messages]).toEqual([]);
});

function filesIn(folder: string): string[] {
  const paths = readdirSync(folder, { recursive: true }).map((name) => join(folder, `${name}`));
  return paths.filter((path) => statSync(path).isFile());
}
