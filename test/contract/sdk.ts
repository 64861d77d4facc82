/**
 * What the SDK promises an application, wherever it runs and whatever it is connected by: sent, and
 * shown once and in order, over connections that break, to several devices, encrypted or not.
 */
import { beforeEach, expect, test } from '@jest/globals';
import type {
  EncryptionMode,
  Message,
  MessageTrace,
  SentMessage,
} from '../../src/client/sdk/index.ts';
import { type DevInProcess, startDevInProcess } from '../support/dev-in-process.ts';
import type { Device, DeviceOptions } from '../support/sdk-device.ts';
import { secretOf } from '../support/secret-of.ts';
import { BreakableProxy } from '../support/tcp-proxy.ts';
import { onTeardown } from '../support/teardown.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitUntil } from '../support/wait-until.ts';

export interface SdkPlace {
  /** The listener of a server that its devices connect to. */
  readonly listener: 'tcp' | 'ws';
  /** Pages from there call routes. */
  readonly origin?: () => string;
  /** Gone at teardown. Resolves when it is ready. */
  open(options: DeviceOptions): Promise<Device>;
}

export function describeSdk(place: SdkPlace): void {
  let system: DevInProcess;
  let network: BreakableProxy;

  /** In a timeline. */
  const messagesKept = 1_000;

  beforeEach(async () => {
    const origin = place.origin?.();
    system = await startDevInProcess({
      ...{ data: temporaryFolder('dev'), auth: 'secret', 'cluster-secret': 'of this cluster' },
      ...{ 'timeline-max': messagesKept },
      ...(origin !== undefined && { 'allow-origin': origin }),
    });
    network = new BreakableProxy(system[place.listener as 'tcp'].port);
    await network.listen();
    onTeardown(() => network.stop());
  });

  const names = ['', 'bob', 'amy', 'joe'];

  function open(userId: number, given: { name?: string; e2ee?: EncryptionMode } = {}) {
    const routes = [`http://127.0.0.1:${system.route.port}`];
    const { port } = network;
    const secret = secretOf(userId);
    const options = { userId, userName: names[userId] ?? '', secret, routes, port };
    return place.open({ ...options, e2ee: 'off', ...given });
  }

  async function texts(device: Device, count: number): Promise<string[]> {
    const shown = await waitUntil(`${count} are shown`, async () => {
      const messages = await device.shown();
      return messages.length >= count ? messages : undefined;
    });
    return shown.map(({ text }) => text);
  }

  function numbered(count: number, from = 1): string[] {
    return Array.from({ length: count }, (_, index) => `message ${from + index}`);
  }

  const send = (device: Device, to: number, text: string) =>
    device.call('send', { to }, text) as Promise<SentMessage>;

  test('what is sent is stored, and shown once and in order; what is refused says why', async () => {
    const [bob, amy] = [await open(1), await open(2)];
    const sent = await Promise.all(numbered(200).map((text) => send(bob, 2, text)));
    expect(sent[0]?.id).toMatch(/^1\.[0-9a-f]{16}\.2\.1$/);
    expect(await texts(amy, 200)).toEqual(numbered(200));
    await send(amy, 1, 'an answer: 你好, 👋');
    expect(await texts(bob, 1)).toEqual(['an answer: 你好, 👋']);
    await expect(send(bob, 99, 'to nobody')).rejects.toThrow(/receiver/i);
    expect(await bob.call('history', { peer: 2, limit: 1 })).toMatchObject({
      messages: [{ text: 'an answer: 你好, 👋' }],
    });
  });

  test('a sender asks where a message is, and nobody else does', async () => {
    const [bob, amy] = [await open(1), await open(2)];
    const { id, seq } = await send(bob, 2, 'hi');
    const reached = { receivers: 1, delivered: 1, read: 0 };
    await texts(amy, 1);
    const trace = await waitUntil('it is delivered', async () => {
      const told = (await bob.call('trace', id)) as MessageTrace;
      return told.reached?.delivered === 1 ? told : undefined;
    });
    expect(trace).toMatchObject({ id, seq, searched: 1, reached });
    await expect(amy.call('trace', id)).rejects.toThrow(/author|sent it/);
  });

  test('over a connection that breaks again and again nothing is lost, and nothing shown twice', async () => {
    const [bob, amy] = [await open(1), await open(2)];
    const rounds = 3;
    for (let round = 0; round < rounds; round++) {
      const sending = numbered(150, round * 150 + 1).map((text) => send(bob, 2, text));
      await texts(amy, round * 150 + 10);
      network.reset();
      await Promise.all(sending);
    }
    expect(await texts(amy, rounds * 150)).toEqual(numbered(rounds * 150));
    expect(await bob.offlineCount()).toBeGreaterThan(0);
  });

  test('a device goes on where it was, with all that came meanwhile', async () => {
    const bob = await open(1);
    const before = await open(2, { name: 'amy' });
    await Promise.all(numbered(10).map((text) => send(bob, 2, text)));
    expect(await texts(before, 10)).toEqual(numbered(10));
    await before.call('close');
    // More than two pages.
    await Promise.all(numbered(500, 11).map((text) => send(bob, 2, text)));
    const after = await open(2, { name: 'amy' });
    expect(await texts(after, 500)).toEqual(numbered(500, 11));
  });

  test('several devices: each is shown everything, what its user sent from the others included', async () => {
    const [bob, phone, laptop] = [await open(1), await open(2), await open(2)];
    await send(bob, 2, 'to both');
    await texts(laptop, 1);
    await send(phone, 1, 'from the phone');
    expect(await texts(laptop, 2)).toEqual(['to both', 'from the phone']);
    await send(laptop, 2, 'a note');
    expect(await texts(phone, 2)).toEqual(['to both', 'a note']);
    expect(await texts(laptop, 2)).toEqual(['to both', 'from the phone']);
  });

  test('a device hears what is missing of a group, as it was away for more than is kept', async () => {
    const [bob, joe] = [await open(1), await open(3)];
    const before = await open(2, { name: 'amy' });
    const group = 'team';
    const say = (device: Device, text: string) => device.call('send', { group }, text);
    await bob.call('createGroup', group);
    await bob.call('setGroup', group, { sharePercent: 100 });
    await Promise.all([joe, before].map((device) => device.call('joinGroup', group)));
    await say(bob, 'the first');
    expect(await texts(before, 1)).toEqual(['the first']);
    await before.call('close');
    const count = 0.6 * messagesKept;
    for (const device of [bob, joe])
      await Promise.all(numbered(count).map((text) => say(device, text)));
    await say(joe, 'the last');
    const after = await open(2, { name: 'amy' });
    const shown = await waitUntil('the last is shown', async () => {
      const messages = await after.shown();
      return messages.at(-1)?.text === 'the last' ? messages : undefined;
    });
    const first = shown[0]?.seq ?? 0;
    expect(await after.gaps()).toEqual([{ group, first: 2, last: first - 1 }]);
    expect(first).toBeGreaterThan(2);
    expect(shown.map(({ seq }) => seq)).toEqual(shown.map((_, index) => first + index));
  });

  test('encrypted groups: members read each other, and nobody what was said before they came or after they went', async () => {
    const e2ee = 'auto';
    const [bob, amy, joe] = [
      await open(1, { e2ee }),
      await open(2, { e2ee }),
      await open(3, { e2ee }),
    ];
    const group = 'team';
    const say = (device: Device, text: string) =>
      device.call('send', { group }, text) as Promise<SentMessage>;
    await bob.call('createGroup', group, { e2ee: true });
    await amy.call('joinGroup', group);
    expect(await say(bob, 'before joe')).toMatchObject({ encrypted: true });
    expect(await texts(amy, 1)).toEqual(['before joe']);
    await joe.call('joinGroup', group);
    await say(amy, 'with joe');
    expect(await texts(joe, 1)).toEqual(['with joe']);
    await bob.call('removeMember', group, 3);
    await say(bob, 'after joe');
    expect(await texts(amy, 2)).toEqual(['before joe', 'after joe']);
    expect(await amy.shown()).toMatchObject([{ encrypted: true }, { encrypted: true }]);
    expect(await texts(bob, 1)).toEqual(['with joe']);
    await expect(say(joe, 'still here?')).rejects.toThrow(/member|removed/);
    // Their other devices read what they may, as well.
    const later = await open(2, { e2ee });
    const { messages } = (await later.call('history', { group, limit: 3 })) as {
      messages: Message[];
    };
    expect(messages.map(({ text }) => text)).toEqual(['before joe', 'with joe', 'after joe']);
  });

  test('encrypted: each device of both sides reads it, live and from history', async () => {
    const e2ee = 'require';
    const [bob, amy] = [await open(1, { e2ee }), await open(2, { e2ee })];
    await waitUntil('both have keys', async () => {
      const asking = [bob.call('peerKey', 2), amy.call('peerKey', 1)];
      return (await Promise.allSettled(asking)).every(({ status }) => status === 'fulfilled');
    });
    expect(await send(bob, 2, 'for your eyes')).toMatchObject({ encrypted: true });
    await texts(amy, 1);
    expect(await amy.shown()).toMatchObject([{ text: 'for your eyes', encrypted: true }]);
    const later = await open(2, { e2ee });
    expect(await later.call('history', { peer: 1, limit: 1 })).toMatchObject({
      messages: [{ text: 'for your eyes', encrypted: true }],
    });
    await send(later, 1, 'from a new device');
    await texts(bob, 1);
    expect(await bob.shown()).toMatchObject([{ text: 'from a new device', encrypted: true }]);
  });
}
