import { describe, expect, test } from '@jest/globals';
import { callOne } from '../../../src/api/batch-call.ts';
import { limits } from '../../../src/base/limits.ts';
import { command } from '../../../src/codec/commands.ts';
import { watchFields } from '../../../src/codec/presence.ts';
import { encodeRequest } from '../../../src/codec/sdk-frame.ts';
import type { AnyFrame } from '../../support/any-frame.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { GatewayHarness, type Peer } from './support/gateway-harness.ts';

const amy = 1;
const bob = 2;
const eve = 3;

function watch(userIds: readonly number[], online: readonly number[] = []): Uint8Array {
  return encodeRequest(watchFields({ userIds: new Set(userIds), online: new Set(online) }));
}

/** As many as one connection may watch. */
function idsFrom(first: number): number[] {
  return Array.from({ length: limits.watchedPerConnectionMax }, (_, index) => first + index);
}

/** What the peer was told of presence, in order. */
function toldTo(peer: Peer): { userId: number; online: boolean; lastSeen: number }[] {
  return peer.frames
    .filter(({ cmd }) => cmd === command.presence)
    .flatMap(({ presences }) =>
      presences.map(({ userId, online, lastSeen }) => ({
        userId: Number(userId),
        online: online === true,
        lastSeen: Number(lastSeen),
      })),
    );
}

const isRefusal = ({ cmd, code }: AnyFrame) => cmd === command.presence && code !== 0;

class Stage extends GatewayHarness {
  /** Servers to which each user is connected, by user. */
  readonly connected = new Map<number, readonly string[]>();
  readonly lastSeen = new Map<number, number>();
  /** Watchers whom each has blocked. */
  readonly blocked = new Map<number, readonly number[]>();
  readonly #peers: Peer[] = [];

  constructor() {
    super();
    this.presences.answer = ({ userId }) => ({
      code: 0,
      instances: this.connected.get(userId) ?? [],
      lastSeen: this.lastSeen.get(userId) ?? 0,
      hiddenFrom: this.blocked.get(userId) ?? [],
    });
  }

  hint(userId: number, opened: boolean): Promise<{ code: number }> {
    return callOne(this.gateway.api.presence, { userId, instance: 'me', opened });
  }

  override async cim(userId?: number): Promise<Peer> {
    const peer = await super.cim(userId);
    this.#peers.push(peer);
    return peer;
  }

  /** Time passes, a second at a time, and what came of it is answered and told. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += limits.sweepMs) {
      await this.clock.advance(limits.sweepMs);
      await this.asked();
    }
  }

  /** All that was asked until now is answered and told; nobody is closed for being silent. */
  async asked(): Promise<void> {
    for (let turn = 0; turn < 3; turn++)
      await new Promise<void>((resolve) => setImmediate(resolve));
    await Promise.all(this.#peers.filter(({ ended }) => !ended).map((peer) => peer.settled()));
  }

  askedOf(userId: number): number {
    return this.presences.entries.filter((entry) => entry.userId === userId).length;
  }

  leave(userId: number): Promise<{ code: number }> {
    this.connected.delete(userId);
    return this.hint(userId, false);
  }
}

async function watching(stage: Stage, ...userIds: number[]): Promise<Peer> {
  const peer = await stage.cim(amy);
  peer.write(watch(userIds));
  await waitUntil('all are told of', () => toldTo(peer).length === userIds.length);
  return peer;
}

describe('whoever watches', () => {
  test('is told at once who is there, and asks routes to be told', async () => {
    const stage = new Stage();
    stage.connected.set(bob, ['other']);
    const peer = await watching(stage, bob, eve);
    expect(toldTo(peer)).toEqual([
      { userId: bob, online: true, lastSeen: 0 },
      { userId: eve, online: false, lastSeen: 0 },
    ]);
    expect(stage.presences.entries[0]).toEqual({
      userId: bob,
      watchers: [amy],
      instance: 'me',
      address: '10.0.0.1:9000:8081',
    });
    expect(peer.frames.filter(({ cmd }) => cmd === command.presence)).toHaveLength(1);
  });

  test('is told at once when somebody comes', async () => {
    const stage = new Stage();
    const peer = await watching(stage, bob);
    stage.connected.set(bob, ['other']);
    await stage.hint(bob, true);
    await stage.asked();
    expect(toldTo(peer)).toEqual([
      { userId: bob, online: false, lastSeen: 0 },
      { userId: bob, online: true, lastSeen: 0 },
    ]);
  });

  test('is told that somebody has gone after 15 s, with when they were last seen', async () => {
    const stage = new Stage();
    stage.connected.set(bob, ['other']);
    stage.lastSeen.set(bob, 12_345);
    const peer = await watching(stage, bob);
    await stage.leave(bob);
    await stage.pass(limits.presenceOfflineMs - limits.sweepMs);
    expect(toldTo(peer)).toHaveLength(1);
    await stage.pass(2 * limits.sweepMs);
    expect(toldTo(peer)[1]).toEqual({ userId: bob, online: false, lastSeen: 12_345 });
  });

  test('hears nothing of somebody who is back within that time, and nobody is asked', async () => {
    const stage = new Stage();
    stage.connected.set(bob, ['other']);
    const peer = await watching(stage, bob);
    await stage.leave(bob);
    await stage.pass(limits.presenceOfflineMs - limits.sweepMs);
    stage.connected.set(bob, ['another']);
    await stage.hint(bob, true);
    await stage.pass(3 * limits.sweepMs);
    expect(stage.askedOf(bob)).toBe(1);
    await stage.pass(limits.presenceAskMs);
    expect(toldTo(peer)).toHaveLength(1);
  });

  test('counts from the last end: 14 s away, a moment there, 14 s away are not 15', async () => {
    const stage = new Stage();
    stage.connected.set(bob, ['other']);
    const peer = await watching(stage, bob);
    for (let round = 0; round < 3; round++) {
      await stage.leave(bob);
      await stage.pass(14_000);
      expect(toldTo(peer)).toHaveLength(1);
      stage.connected.set(bob, ['other']);
      await stage.hint(bob, true);
    }
    await stage.leave(bob);
    await stage.pass(16_000);
    expect(toldTo(peer)).toHaveLength(2);
  });

  test('the same while it is asked whether somebody is back', async () => {
    const stage = new Stage();
    stage.connected.set(bob, ['other']);
    const peer = await watching(stage, bob);
    await stage.leave(bob);
    stage.presences.hold();
    await stage.pass(limits.presenceOfflineMs);
    expect(stage.presences.heldCount).toBe(1);
    await stage.hint(bob, true);
    await stage.leave(bob);
    stage.presences.release();
    await stage.pass(14_000);
    expect(toldTo(peer)).toHaveLength(1);
    await stage.pass(2_000);
    expect(toldTo(peer)).toHaveLength(2);
  });

  test('hears nothing when one of two devices goes', async () => {
    const stage = new Stage();
    stage.connected.set(bob, ['other']);
    const peer = await watching(stage, bob);
    await stage.hint(bob, false);
    await stage.pass(60_000);
    expect(toldTo(peer)).toHaveLength(1);
  });

  test('is told when the server of somebody has ended without a word', async () => {
    const stage = new Stage();
    stage.connected.set(bob, ['other']);
    stage.connected.set(eve, ['me']);
    const peer = await watching(stage, bob, eve);
    stage.connected.delete(bob);
    await callOne(stage.gateway.api.serverGone, { instance: 'me', gone: 'other' });
    await stage.pass(limits.presenceOfflineMs - limits.sweepMs);
    expect(toldTo(peer)).toHaveLength(2);
    await stage.pass(2 * limits.sweepMs);
    expect(toldTo(peer).slice(2)).toEqual([{ userId: bob, online: false, lastSeen: 0 }]);
  });

  test('notices what routes could not tell: each is asked about before the lease ends', async () => {
    const stage = new Stage();
    const peer = await watching(stage, bob);
    stage.connected.set(bob, ['other']);
    await stage.pass(limits.presenceAskMs);
    expect(toldTo(peer)).toHaveLength(2);
    stage.connected.delete(bob);
    await stage.pass(limits.presenceAskMs);
    expect(toldTo(peer)).toHaveLength(2);
    await stage.pass(limits.presenceOfflineMs + limits.sweepMs);
    expect(toldTo(peer)).toHaveLength(3);
    expect(limits.presenceAskMs + 2 * limits.sweepMs).toBeLessThan(limits.presenceLeaseMs);
  });

  test('asks again when no route could say', async () => {
    const stage = new Stage();
    const { answer } = stage.presences;
    stage.presences.answer = () => ({ code: 1, instances: [], lastSeen: 0, hiddenFrom: [] });
    const peer = await stage.cim(amy);
    peer.write(watch([bob]));
    await waitUntil('it is asked', () => stage.askedOf(bob) === 1);
    await stage.asked();
    stage.presences.answer = answer;
    expect(toldTo(peer)).toEqual([]);
    await stage.pass(2 * limits.sweepMs);
    expect(toldTo(peer)).toHaveLength(1);
  });

  test('is not told by an answer that was on its way when something happened', async () => {
    const stage = new Stage();
    stage.presences.hold();
    const peer = await stage.cim(amy);
    peer.write(watch([bob]));
    await waitUntil('it is asked', () => stage.presences.heldCount === 1);
    await stage.hint(bob, true);
    stage.presences.releaseOne(0);
    await waitUntil('it is asked again', () => stage.presences.heldCount === 1);
    expect(toldTo(peer)).toEqual([]);
    stage.connected.set(bob, ['other']);
    stage.presences.release();
    await stage.asked();
    expect(toldTo(peer)).toEqual([{ userId: bob, online: true, lastSeen: 0 }]);
  });

  test('who was told on the connection before that somebody is there is not told at once that they are not', async () => {
    const stage = new Stage();
    const peer = await stage.cim(amy);
    peer.write(watch([bob, eve], [bob]));
    await waitUntil('eve is told of', () => toldTo(peer).length === 1);
    expect(toldTo(peer)).toEqual([{ userId: eve, online: false, lastSeen: 0 }]);
    await stage.pass(limits.presenceOfflineMs + limits.sweepMs);
    expect(toldTo(peer).slice(1)).toEqual([{ userId: bob, online: false, lastSeen: 0 }]);
  });

  test('and is told nothing of whoever is back by then', async () => {
    const stage = new Stage();
    const peer = await stage.cim(amy);
    peer.write(watch([bob], [bob]));
    await waitUntil('it is asked', () => stage.askedOf(bob) === 1);
    await stage.asked();
    stage.connected.set(bob, ['other']);
    await stage.hint(bob, true);
    await stage.pass(60_000);
    expect(toldTo(peer)).toEqual([]);
  });
});

test('a client that has forgotten what it was told is told again, and one that knows is not', async () => {
  const stage = new Stage();
  stage.connected.set(bob, ['other']);
  const peer = await watching(stage, bob, eve);
  peer.write(watch([bob, eve], [bob]));
  await stage.pass(limits.sweepMs);
  expect(toldTo(peer)).toHaveLength(3);
  peer.write(watch([bob]));
  await stage.pass(limits.sweepMs);
  expect(toldTo(peer).slice(2)).toEqual([
    { userId: eve, online: false, lastSeen: 0 },
    { userId: bob, online: true, lastSeen: 0 },
  ]);
});

describe('blocked', () => {
  test('is who sees nobody there, and others on the server do', async () => {
    const stage = new Stage();
    stage.connected.set(bob, ['other']);
    stage.lastSeen.set(bob, 99);
    stage.blocked.set(bob, [eve]);
    const [ofAmy, ofEve] = [await stage.cim(amy), await stage.cim(eve)];
    ofAmy.write(watch([bob]));
    ofEve.write(watch([bob]));
    await waitUntil('both are told', () => toldTo(ofAmy).length + toldTo(ofEve).length === 2);
    expect(toldTo(ofAmy)).toEqual([{ userId: bob, online: true, lastSeen: 0 }]);
    expect(toldTo(ofEve)).toEqual([{ userId: bob, online: false, lastSeen: 0 }]);
    await stage.leave(bob);
    await stage.pass(20_000);
    stage.connected.set(bob, ['other']);
    await stage.hint(bob, true);
    await stage.asked();
    expect(toldTo(ofAmy)).toHaveLength(3);
    expect(toldTo(ofEve)).toHaveLength(1);
  });
});

describe('bounds', () => {
  test('one question is for all who watch somebody, and it ends with the last of them', async () => {
    const stage = new Stage();
    const peers = await Promise.all([stage.cim(10), stage.cim(11), stage.cim(12)]);
    for (const peer of peers) peer.write(watch([bob]));
    await waitUntil('all are told', () => peers.every((peer) => toldTo(peer).length > 0));
    const before = stage.askedOf(bob);
    await stage.pass(limits.presenceAskMs);
    expect(stage.askedOf(bob)).toBe(before + 1);
    expect([...stage.presences.entries.at(-1)!.watchers].sort()).toEqual([10, 11, 12]);
    peers[0]!.write(watch([]));
    peers[1]!.stream.end();
    peers[2]!.stream.end();
    await waitUntil('they have gone', () => stage.gateway.connectionCount === 1);
    await stage.pass(60_000);
    expect(stage.askedOf(bob)).toBe(before + 1);
  });

  test('whoever names others again and again has to wait: each costs a question', async () => {
    const stage = new Stage();
    const peer = await stage.cim(amy);
    for (let round = 0; round < 50; round++) peer.write(watch(idsFrom(1_000 * round + 1_000)));
    peer.write(watch([bob]));
    await waitUntil('the first are told of', () => toldTo(peer).length === 256);
    await stage.asked();
    expect(stage.presences.entries).toHaveLength(256);
    await stage.pass(limits.watchedPerConnectionMax * limits.presenceAddMs + limits.sweepMs);
    expect(stage.presences.entries).toHaveLength(257);
    expect(toldTo(peer).at(-1)).toMatchObject({ userId: bob });
  });

  test('one account that watches all it can, and others in turn, takes nothing from others', async () => {
    const stage = new Stage();
    stage.presences.hold();
    const flood = await Promise.all(
      Array.from({ length: limits.devicesPerUserMax }, () => stage.cim(amy)),
    );
    const count = flood.length * limits.watchedPerConnectionMax;
    for (const [index, peer] of flood.entries())
      for (let round = 0; round < 5; round++)
        peer.write(watch(idsFrom(1_000 + 1_000_000 * round + 1_000 * index)));
    await stage.asked();
    expect(stage.presences.entries.length).toBeLessThanOrEqual(limits.callsUnderWayMax);
    const honest = await stage.cim(bob);
    honest.write(watch([eve]));
    await stage.asked();
    stage.presences.release();
    await waitUntil('the honest one is told', () => toldTo(honest).length === 1);
    await stage.asked();
    expect(stage.presences.entries).toHaveLength(count + 1);
    expect(stage.count('presence.refused')).toBe(0);
    for (const peer of flood) peer.stream.end();
    await waitUntil('they have gone', () => stage.gateway.connectionCount === 1);
    await stage.pass(2 * limits.presenceAskMs);
    const later = stage.presences.entries.slice(count + 1);
    expect(new Set(later.map(({ userId }) => userId))).toEqual(new Set([eve]));
  });

  test('more than may be watched by one connection end it', async () => {
    const stage = new Stage();
    const peer = await stage.cim(amy);
    peer.write(
      watch(Array.from({ length: limits.watchedPerConnectionMax + 1 }, (_, id) => id + 1)),
    );
    const { reason } = await peer.when(({ cmd }) => cmd === command.close);
    expect(reason).toContain('at most 256 users');
  });

  test('the same id again and again, too', async () => {
    const stage = new Stage();
    const peer = await stage.cim(amy);
    const watched = new Uint8Array(limits.watchedPerConnectionMax + 1).fill(bob);
    peer.write(encodeRequest({ cmd: command.presence, watched }));
    await peer.when(({ cmd }) => cmd === command.close);
  });

  test('ids that are none, too', async () => {
    const stage = new Stage();
    const peer = await stage.cim(amy);
    peer.write(encodeRequest({ cmd: command.presence, watched: Uint8Array.of(0) }));
    await peer.when(({ cmd }) => cmd === command.close);
  });

  test('when a server watches as many as it may, more are refused, and there is room again when some have gone', async () => {
    const stage = new Stage();
    const count = Math.ceil(limits.watchedPerServerMax / limits.watchedPerConnectionMax);
    const peers = await Promise.all(Array.from({ length: count }, (_, id) => stage.cim(100 + id)));
    for (const [index, peer] of peers.entries())
      peer.write(watch(Array.from({ length: 256 }, (_, id) => 1_000 * index + id + 1)));
    await peers.at(-1)!.when(isRefusal);
    expect(stage.count('presence.refused')).toBe(count * 256 - limits.watchedPerServerMax);
    peers[0]!.stream.end();
    await waitUntil('it has gone', () => stage.gateway.connectionCount === count - 1);
    const late = await stage.cim(amy);
    late.write(watch([bob]));
    await waitUntil('it is told', () => toldTo(late).length === 1);
    expect(late.frames.some(isRefusal)).toBe(false);
  });
});
