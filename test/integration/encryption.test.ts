/**
 * Private messages that are encrypted from end to end, by the SDK against the server and route of
 * `cim dev` in this process: whatever way a message takes, both sides read it, and the store holds
 * none of it.
 */
import { expect, test } from '@jest/globals';
import { SignJWT } from 'jose';
import { deriveAccountKeys, formatSecret } from '../../src/auth/account-secret.ts';
import {
  CimClient,
  type CimClientOptions,
  type ClientEvents,
  lobby,
  type Message,
  type Platform,
} from '../../src/client/sdk/index.ts';
import {
  folderSecretKeeper,
  folderStorage,
  nodePlatform,
} from '../../src/client/sdk/node/node-platform.ts';
import { requestJson } from '../../src/http/client.ts';
import { type DevInProcess, startDevInProcess } from '../support/dev-in-process.ts';
import { secretOf } from '../support/secret-of.ts';
import { storedBytes } from '../support/stored-bytes.ts';
import { onTeardown } from '../support/teardown.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitUntil } from '../support/wait-until.ts';

const bob = 1;
const amy = 2;
const clusterSecret = 'the secret of this cluster';

interface System {
  readonly running: DevInProcess;
  readonly data: string;
  readonly url: string;
}

async function startSystem(): Promise<System> {
  const data = temporaryFolder('dev');
  const running = await startDevInProcess({
    data,
    auth: 'secret',
    'cluster-secret': clusterSecret,
  });
  return { running, data, url: `http://127.0.0.1:${running.route.port}` };
}

interface Person {
  readonly client: CimClient;
  readonly messages: Message[];
  readonly changes: ClientEvents['keyChanged'][];
  readonly warnings: string[];
  texts(): string[];
}

async function open(
  { url }: System,
  userId: number,
  options: Partial<CimClientOptions> = {},
): Promise<Person> {
  const client = new CimClient({
    userId,
    userName: userId === bob ? 'bob' : 'amy',
    routes: [url],
    platform: nodePlatform(),
    credentials: { secret: secretOf(userId) },
    ...options,
  });
  onTeardown(() => client.close({ timeoutMs: 0 }));
  const messages: Message[] = [];
  const changes: ClientEvents['keyChanged'][] = [];
  const warnings: string[] = [];
  client.on('message', (message) => void messages.push(message));
  client.on('keyChanged', (change) => void changes.push(change));
  client.on('warning', ({ kind }) => void warnings.push(kind));
  await client.start();
  return { client, messages, changes, warnings, texts: () => messages.map(({ text }) => text) };
}

/** Both have logged in once: their keys are there. */
async function openBoth(system: System): Promise<[Person, Person]> {
  const pair = await Promise.all([open(system, bob), open(system, amy)]);
  await waitUntil('both have keys', async () => {
    const outcomes = await Promise.allSettled([
      pair[0].client.peerKey(amy),
      pair[1].client.peerKey(bob),
    ]);
    return outcomes.every(({ status }) => status === 'fulfilled');
  });
  return pair;
}

/** What an operator does with `cim admin reset-secret`. */
async function resetSecret({ url }: System, userId: number, secret: string): Promise<void> {
  const { loginKey } = await deriveAccountKeys(secret, userId);
  await requestJson(`${url}/resetSecret`, {
    method: 'POST',
    headers: { 'x-cim-version': '1', authorization: `Bearer ${clusterSecret}` },
    body: { userId, loginKey },
    timeoutMs: 5_000,
  });
}

test('whatever way a message takes, both sides read it, and nobody else has it', async () => {
  const system = await startSystem();
  const [ofBob, ofAmy] = await openBoth(system);
  const sent = await ofBob.client.send({ to: amy }, 'plain one');
  expect(sent.encrypted).toBe(true);
  const passed = await ofBob.client.sendTransient({ to: amy }, 'plain two');
  expect(passed).toMatchObject({ transient: true, encrypted: true });
  await ofAmy.client.send({ to: bob }, 'plain three');
  await waitUntil('all is read', () => ofAmy.texts().length === 2 && ofBob.texts().length === 1);
  expect(new Set(ofAmy.texts())).toEqual(new Set(['plain one', 'plain two']));
  expect([...ofAmy.messages, ...ofBob.messages].every(({ encrypted }) => encrypted)).toBe(true);

  await ofAmy.client.close();
  await ofBob.client.send({ to: amy }, 'plain four');
  await ofBob.client.schedule({ to: amy }, 'plain five', 1);
  const later = await ofBob.client.schedule({ to: amy }, 'plain six', 3_600);
  expect((await ofBob.client.delayed()).messages.find(({ id }) => id === later.id)).toMatchObject({
    text: 'plain six',
    encrypted: true,
  });
  await ofBob.client.send({ to: bob }, 'plain note to self');
  await ofBob.client.send({ group: lobby }, 'a word to everybody');

  // A device that was never there before reads it all, as does another one of the sender.
  const again = await open(system, amy);
  await waitUntil('what waited is read', () => again.texts().includes('plain five'));
  expect(again.texts()).toContain('plain four');
  expect(again.messages.every(({ encrypted }) => encrypted)).toBe(true);
  const { messages } = await again.client.history({ peer: bob, limit: 10 });
  expect(messages.map(({ text }) => text)).toEqual([
    'plain one',
    'plain three',
    'plain four',
    'plain five',
  ]);
  const ofBobToo = await open(system, bob);
  const found = await ofBobToo.client.history({ keyword: 'FIVE', limit: 10 });
  expect(found.messages.map(({ text }) => text)).toEqual(['plain five']);
  expect(found.searched).toBeGreaterThanOrEqual(5);

  const bytes = storedBytes(system.data);
  expect(bytes).toContain('a word to everybody');
  expect(bytes).not.toContain('plain');
});

test('history gives back what a message is beside its text, sealed or not', async () => {
  const system = await startSystem();
  const [ofBob, ofAmy] = await openBoth(system);
  const custom = { type: 'poll', data: Uint8Array.of(0, 255, 7) };
  const quiet = { text: 'bob asks', custom, silent: true } as const;
  for (const target of [{ to: amy }, { group: lobby }]) {
    await ofBob.client.send(target, quiet.text, { custom, silent: true });
    const { id: replyTo, encrypted } = await ofBob.client.send(target, 'first');
    expect(encrypted).toBe('to' in target ? true : undefined);
    const { id } = await ofBob.client.send(target, 'second', { replyTo, mentions: [amy] });
    await ofBob.client.edit(id, 'the second');
    await ofAmy.client.react(id, ['👍']);
    await ofBob.client.retract(replyTo);
    for (const { client } of [ofBob, ofAmy]) {
      const peer = client === ofBob.client ? amy : bob;
      const query = 'to' in target ? { peer } : { group: lobby };
      const { messages } = await client.history({ ...query, limit: 10 });
      const reactions = [{ from: amy, emoji: ['👍'] }];
      expect(messages).toMatchObject([
        quiet,
        { id: replyTo, text: '', retracted: true },
        { id, text: 'the second', replyTo, edited: expect.any(Number), reactions },
      ]);
    }
  }
});

test('many at once stay in order', async () => {
  const system = await startSystem();
  const [ofBob, ofAmy] = await openBoth(system);
  const texts = Array.from({ length: 300 }, (_, index) => `message ${index}`);
  await Promise.all(texts.map((text) => ofBob.client.send({ to: amy }, text)));
  await waitUntil('all is read', () => ofAmy.texts().length >= texts.length);
  expect(ofAmy.texts()).toEqual(texts);
});

test('after a reset what is older cannot be read, and says so; the new key is announced', async () => {
  const system = await startSystem();
  const storage = folderStorage(temporaryFolder('bob'));
  const [first, ofAmy] = await openBoth(system);
  await first.client.close();
  const ofBob = await open(system, bob, { storage });
  const { safetyNumber } = await ofBob.client.peerKey(amy);
  expect((await ofAmy.client.peerKey(bob)).safetyNumber).toBe(safetyNumber);
  await ofBob.client.confirmKey(amy, safetyNumber);
  // Nobody acknowledges it: the next device of amy's is shown it.
  await ofAmy.client.close();
  await ofBob.client.send({ to: amy }, 'from before');

  const secret = formatSecret(new Uint8Array(32).fill(9));
  await resetSecret(system, amy, secret);
  const anew = await open(system, amy, { credentials: { secret } });
  await waitUntil('the older is shown', () => anew.messages.length > 0);
  expect(anew.messages).toMatchObject([{ text: '', unreadable: 'lost-key' }]);
  await waitUntil('amy has a key again', async () => {
    const { safetyNumber: now } = await ofBob.client.peerKey(amy).catch(() => ({ safetyNumber }));
    return now !== safetyNumber;
  });
  expect(ofBob.changes).toEqual([{ userId: amy, userName: 'amy', wasVerified: true }]);
  await expect(ofBob.client.send({ to: amy }, 'psst')).rejects.toMatchObject({
    kind: 'key-changed',
  });
  const now = await ofBob.client.peerKey(amy);
  await ofBob.client.confirmKey(amy, now.safetyNumber);
  await ofBob.client.send({ to: amy }, 'after all');
  await waitUntil('it is read', () => anew.texts().includes('after all'));
  const { messages } = await ofBob.client.history({ peer: amy, limit: 10 });
  expect(messages.map(({ text }) => text)).toEqual(['from before', 'after all']);
});

test('a new secret keeps the key, and what was sealed for it', async () => {
  const system = await startSystem();
  const [ofBob, first] = await openBoth(system);
  await ofBob.client.send({ to: amy }, 'from before');
  await first.client.close();
  const keeper = folderSecretKeeper(temporaryFolder('amy'));
  const ofAmy = await open(system, amy, { credentials: { secret: secretOf(amy), keeper } });
  await ofAmy.client.rotateSecret();
  const secret = await ofAmy.client.secret();
  if (secret === undefined) throw new Error('there is no secret');
  const again = await open(system, amy, { credentials: { secret } });
  // Whether it is shown again depends on whether the first device had time to acknowledge it.
  const { messages } = await again.client.history({ peer: bob, limit: 10 });
  expect(messages.map(({ text }) => text)).toEqual(['from before']);
  expect(ofBob.changes).toEqual([]);
});

test('a route that suddenly says that somebody has no key is not believed', async () => {
  const system = await startSystem();
  const [first] = await openBoth(system);
  await first.client.close();
  let lies = false;
  const real = nodePlatform();
  const platform: Platform = {
    ...real,
    http: {
      request: async (url, request) => {
        const answer = await real.http.request(url, request);
        if (!lies || !url.endsWith('/keys')) return answer;
        return (answer as { current: string | null }[]).map((keys) => ({ ...keys, current: null }));
      },
    },
  };
  const storage = folderStorage(temporaryFolder('bob'));
  const ofBob = await open(system, bob, { platform, storage });
  await ofBob.client.send({ to: amy }, 'plain one');
  await ofBob.client.close();
  lies = true;
  const later = await open(system, bob, { platform, storage });
  await expect(later.client.send({ to: amy }, 'plain two')).rejects.toMatchObject({
    kind: 'no-key',
  });
  expect(storedBytes(system.data)).not.toContain('plain');
});

test('who has no key gets clear text, unless it must not be', async () => {
  const system = await startSystem();
  const ofAmy = await open(system, amy, { e2ee: 'off' });
  const ofBob = await open(system, bob);
  expect((await ofBob.client.send({ to: amy }, 'in clear')).encrypted).toBeUndefined();
  await waitUntil('it is read', () => ofAmy.texts().includes('in clear'));
  await ofBob.client.close();
  const strict = await open(system, bob, { e2ee: 'require' });
  await expect(strict.client.send({ to: amy }, 'never')).rejects.toMatchObject({ kind: 'no-key' });
  await expect(strict.client.sendTransient({ to: amy }, 'never')).rejects.toMatchObject({
    kind: 'no-key',
  });
  await expect(strict.client.schedule({ to: amy }, 'never', 1)).rejects.toMatchObject({
    kind: 'no-key',
  });
  await expect(strict.client.send({ group: lobby }, 'never')).rejects.toMatchObject({
    kind: 'no-key',
  });
  expect(storedBytes(system.data)).toContain('in clear');
  expect(storedBytes(system.data)).not.toContain('never');
});

test('who was typed to before they had a key is written to with it', async () => {
  const system = await startSystem();
  const before = await open(system, amy, { e2ee: 'off' });
  const fromBob = await open(system, bob);
  await fromBob.client.typing({ to: amy });
  await before.client.close();
  const toAmy = await open(system, amy);
  // Asks without anything that was held before.
  const carol = await open(system, 3, { userName: 'carol' });
  await waitUntil('amy has a key', () => carol.client.peerKey(amy).then(Boolean, () => false));
  await fromBob.client.send({ to: amy }, 'hello');
  await waitUntil('it is there', () => toAmy.texts().includes('hello'));
  expect(toAmy.messages.find(({ text }) => text === 'hello')?.encrypted).toBe(true);
});

test('clear text in the name of who has a key is told apart, live, in the history and with require', async () => {
  const system = await startSystem();
  const [ofBob, ofAmy] = await openBoth(system);
  await ofAmy.client.send({ to: bob }, 'sealed');
  await waitUntil('it is read', () => ofBob.texts().includes('sealed'));
  expect(ofBob.messages.at(-1)).toMatchObject({ encrypted: true, key: 'unverified' });
  // As an operator, or an application, may; and who has taken the cluster over.
  const push = (msg: string) =>
    requestJson(`${system.url}/p2pRoute`, {
      method: 'POST',
      headers: { 'x-cim-version': '1', authorization: `Bearer ${clusterSecret}` },
      body: { userId: amy, receiveUserId: bob, msg },
      timeoutMs: 5_000,
    });
  await push('send me money');
  await waitUntil('it is read', () => ofBob.texts().includes('send me money'));
  const told = { text: 'send me money', encrypted: false, expected: true };
  expect(ofBob.messages.at(-1)).toMatchObject(told);
  const { messages } = await ofBob.client.history({ peer: amy, limit: 10 });
  expect(messages.at(-1)).toMatchObject(told);

  const stranger = 3;
  const strict = await open(system, bob, { e2ee: 'require' });
  await open(system, stranger, { userName: 'otto', e2ee: 'off' }).then(({ client }) =>
    client.send({ to: bob }, 'who is this?'),
  );
  await waitUntil('it is read', () => strict.texts().includes('who is this?'));
  const ofStranger = strict.messages.find(({ text }) => text === 'who is this?');
  expect(ofStranger).toMatchObject({ encrypted: false });
  expect(ofStranger).not.toHaveProperty('expected');
});

test('an application lets a second device in, which has another secret: it writes to nobody who has a key', async () => {
  const secret = 'what the application signs its tokens with';
  const running = await startDevInProcess({
    ...{ data: temporaryFolder('dev'), auth: 'jwt', 'jwt-secret': secret },
    'cluster-secret': clusterSecret,
  });
  const system = { running, data: '', url: `http://127.0.0.1:${running.route.port}` };
  const vouchedFor = (userId: number, name: string) => ({
    credentials: {
      keeper: folderSecretKeeper(temporaryFolder(name)),
      token: () =>
        new SignJWT({ name })
          .setProtectedHeader({ alg: 'HS256' })
          .setSubject(`${userId}`)
          .setExpirationTime('1h')
          .sign(new TextEncoder().encode(secret)),
    },
  });
  const ofBob = await open(system, bob, vouchedFor(bob, 'bob'));
  const ofAmy = await open(system, amy, vouchedFor(amy, 'amy'));
  await ofBob.client.send({ to: bob }, 'a note, for which there is a key');
  await ofAmy.client.send({ to: amy }, 'a note, for which there is a key');
  const second = await open(system, bob, vouchedFor(bob, 'bob'));
  const { client } = second;
  for (const to of [amy, bob]) {
    const refused = { kind: 'no-key' };
    await expect(client.send({ to }, 'in clear')).rejects.toMatchObject(refused);
    await expect(client.sendTransient({ to }, 'in clear')).rejects.toMatchObject(refused);
    await expect(client.schedule({ to }, 'in clear', 0)).rejects.toMatchObject(refused);
  }
  expect(second.warnings.filter((kind) => kind === 'encryption-unusable')).toHaveLength(1);
  expect(ofAmy.texts()).not.toContain('in clear');
});
