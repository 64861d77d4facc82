/** What a device remembers, and what becomes of it where it cannot. */
import { describe, expect, test } from '@jest/globals';
import { DeviceState } from '../../../src/client/sdk/device-state.ts';
import { KnownGroups } from '../../../src/client/sdk/e2ee/groups/known-groups.ts';
import { KeyPins } from '../../../src/client/sdk/e2ee/key-pins.ts';
import type { Storage } from '../../../src/client/sdk/platform.ts';
import { settle, VirtualClock } from '../../support/virtual-clock.ts';
import { MemoryStorage } from './support/memory-storage.ts';

const clock = new VirtualClock();

async function open(storage: Storage | undefined, userId = 1, pins = new KeyPins()) {
  const warnings: string[] = [];
  let byte = 0;
  const state = await DeviceState.open({
    storage,
    userId,
    platform: {
      clock,
      random: {
        bytes: (count) => new Uint8Array(count).fill(++byte + Math.random() * 200),
        fraction: () => 0,
      },
    },
    pins,
    known: new KnownGroups(),
    warn: (kind) => warnings.push(kind),
  });
  return { state, warnings };
}

test('a state of a newer version is left alone: the device remembers nothing', async () => {
  const storage = new MemoryStorage();
  const text = JSON.stringify({ version: 2, userId: 1, more: 'than we know' });
  storage.text = text;
  const { state, warnings } = await open(storage);
  await state.nextConnectionNumber();
  state.move(new Map([['', { position: { seq: 7, identity: 'm7' }, window: [] }]]));
  await state.close();
  expect(warnings).toEqual(['state-unusable']);
  expect(state.ephemeral).toBe(true);
  expect([storage.text, storage.isOpen]).toEqual([text, false]);
});

describe('a device', () => {
  test('is the same at the next start, and knows how far it was', async () => {
    const storage = new MemoryStorage();
    const first = await open(storage);
    await first.state.nextConnectionNumber();
    first.state.move(
      new Map([['', { position: { seq: 7, identity: 'm7' }, window: [['m7', 7, 70]] }]]),
    );
    await first.state.close();
    const second = await open(storage);
    expect(second.state.device).toBe(first.state.device);
    expect(second.state.device).toMatch(/^[0-9a-f]{32}$/);
    expect(second.state.ephemeral).toBe(false);
    expect(second.state.cursorOf('')).toEqual({
      position: { seq: 7, identity: 'm7' },
      window: [['m7', 7, 70]],
    });
    expect([...first.warnings, ...second.warnings]).toEqual([]);
  });

  test('begins anew in another store, and knows what it has shown', async () => {
    const storage = new MemoryStorage();
    const first = await open(storage);
    expect(first.state.enterStore('one')).toBe(false);
    const window = [['m7', 7, 70]] as const;
    first.state.move(new Map([['', { position: { seq: 7, identity: 'm7' }, window }]]));
    expect(first.state.enterStore('one')).toBe(false);
    await first.state.close();
    const second = await open(storage);
    expect(second.state.cursorOf('')?.position.seq).toBe(7);
    expect(second.state.enterStore('two')).toBe(true);
    await second.state.close();
    const third = await open(storage);
    expect(third.state.cursorOf('')).toEqual({ position: { seq: 0, identity: '' }, window });
    expect(third.state.enterStore('two')).toBe(false);
  });

  test('has a connection number that grows, with the clock or without it, and is saved before it is used', async () => {
    const storage = new MemoryStorage();
    const { state } = await open(storage);
    expect(await state.nextConnectionNumber()).toBe(clock.now());
    expect(storage.state.connectionNumber).toBe(clock.now());
    expect(await state.nextConnectionNumber()).toBe(clock.now() + 1);
    await state.close();
    const next = await open(storage);
    expect(await next.state.nextConnectionNumber()).toBe(clock.now() + 2);
    await clock.advance(1_000);
    expect(await next.state.nextConnectionNumber()).toBe(clock.now());
  });

  test('saves once for all that changes while a save is under way, and everything before it closes', async () => {
    const storage = new MemoryStorage();
    const { state } = await open(storage);
    const { promise, resolve } = Promise.withResolvers<void>();
    storage.gate = promise;
    for (let seq = 1; seq <= 10; seq++)
      state.move(new Map([['', { position: { seq, identity: '' }, window: [] }]]));
    await settle();
    resolve();
    await settle();
    expect(storage.saves).toBe(2);
    state.move(new Map([['', { position: { seq: 11, identity: '' }, window: [] }]]));
    await state.close();
    expect(storage.placeOf()?.position).toEqual({ seq: 11, identity: '' });
    expect(storage.isOpen).toBe(false);
  });

  test('does not give its place up in the middle of a save', async () => {
    const storage = new MemoryStorage();
    const { state } = await open(storage);
    const { promise, resolve } = Promise.withResolvers<void>();
    storage.gate = promise;
    state.move(new Map([['', { position: { seq: 1, identity: '' }, window: [] }]]));
    const closed = state.close();
    await settle();
    expect(storage.isOpen).toBe(true);
    resolve();
    await closed;
    expect(storage.isOpen).toBe(false);
    expect(storage.placeOf()?.position).toEqual({ seq: 1, identity: '' });
  });

  test('goes on when its state cannot be saved, and says so once', async () => {
    const storage = new MemoryStorage();
    storage.failure = new Error('no space left on device');
    const { state, warnings } = await open(storage);
    await state.nextConnectionNumber();
    await state.nextConnectionNumber();
    expect(warnings).toEqual(['state-not-saved']);
    storage.failure = undefined;
    await state.nextConnectionNumber();
    storage.failure = new Error('no space left on device');
    await state.nextConnectionNumber();
    expect(warnings).toEqual(['state-not-saved', 'state-not-saved']);
  });

  test('that finds nonsense is a new one', async () => {
    for (const text of ['', '{', 'null', '{"version":1}', '{"version":0,"userId":1}', '[1]']) {
      const storage = new MemoryStorage();
      storage.text = text;
      const { state, warnings } = await open(storage);
      expect(warnings).toEqual(['state-unreadable']);
      expect(state.ephemeral).toBe(false);
      expect(state.cursorOf('')).toBeUndefined();
    }
  });
});

describe('an ephemeral device', () => {
  test('is a new one each time and saves nothing', async () => {
    const first = await open(undefined);
    const second = await open(undefined);
    expect(first.state.ephemeral).toBe(true);
    expect(first.state.device).not.toBe(second.state.device);
    expect(await first.state.nextConnectionNumber()).toBe(clock.now());
    expect(first.warnings).toEqual([]);
    await first.state.close();
  });

  test('is what a second process on the same state is', async () => {
    const storage = new MemoryStorage();
    const first = await open(storage);
    await first.state.nextConnectionNumber();
    const second = await open(storage);
    expect(second.state.ephemeral).toBe(true);
    expect(second.warnings).toEqual(['state-in-use']);
    await second.state.nextConnectionNumber();
    second.state.move(new Map([['', { position: { seq: 9, identity: '' }, window: [] }]]));
    await second.state.close();
    expect(storage.state.device).toBe(first.state.device);
    expect(storage.placeOf()).toBeUndefined();
    expect(storage.isOpen).toBe(true);
  });

  test('is what there is without a usable place, with one warning', async () => {
    const { state, warnings } = await open({
      open: async () => ({ status: 'unusable', reason: 'read-only file system' }),
    });
    expect(state.ephemeral).toBe(true);
    await state.nextConnectionNumber();
    expect(warnings).toEqual(['state-unusable']);
  });

  test("is what another user's state makes; that state stays as it is", async () => {
    const storage = new MemoryStorage();
    const first = await open(storage, 1);
    await first.state.nextConnectionNumber();
    await first.state.close();
    const saved = storage.text;
    const other = await open(storage, 2);
    expect(other.state.ephemeral).toBe(true);
    expect(other.warnings).toEqual(['state-unusable']);
    await other.state.nextConnectionNumber();
    expect(storage.text).toBe(saved);
    expect(storage.isOpen).toBe(false);
  });
});
