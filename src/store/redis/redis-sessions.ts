/** Sessions in Redis: the rules are in scripts/open-session.lua, close-session.lua and acknowledge.lua. */
import { limits } from '../../base/limits.ts';
import {
  type Acknowledgement,
  isSameSession,
  javaDevice,
  type Session,
  type SessionCheck,
  type SessionCheckResult,
  type SessionClose,
  type SessionOpen,
  type SessionOpenResult,
  type Sessions,
} from '../sessions.ts';
import { userTimeline } from '../timelines.ts';
import type { Item, RedisCalls, Reply } from './calls/redis-calls.ts';
import type { Keys } from './keys.ts';
import { scripts } from './scripts.ts';
import { parseSession, parseWatchers } from './watchers.ts';

type OpenReply = [
  status: Buffer,
  number: Buffer,
  cursor: number,
  head: number,
  replaced: Buffer | null,
];

export class RedisSessions implements Sessions {
  readonly #calls: RedisCalls;
  readonly #keys: Keys;

  constructor(calls: RedisCalls, keys: Keys) {
    this.#calls = calls;
    this.#keys = keys;
  }

  async open(batch: readonly SessionOpen[]): Promise<SessionOpenResult[]> {
    const items = batch.map((report): Item => {
      const { userId, device, connectionNumber, instance, address, sessionId } = report;
      const { ephemeral, generation } = report;
      const timeline = userTimeline(userId);
      return {
        keys: [
          this.#keys.devices(userId),
          this.#keys.watchers(timeline),
          this.#keys.head(timeline),
          this.#keys.account(userId),
          this.#keys.talk(timeline),
        ],
        args: [
          ...[device, connectionNumber, instance, address, sessionId],
          ...[ephemeral ? 1 : 0, generation],
        ],
      };
    });
    const common = [limits.devicesPerUserMax, javaDevice];
    const replies = await this.#calls.runAll(scripts.openSession, items, common);
    return batch.map(({ userId }, index) => openResult(userId, replies[index] as OpenReply));
  }

  async close(batch: readonly SessionClose[]): Promise<void> {
    await this.#close(
      batch.map(({ userId, device, connectionNumber }) =>
        this.#ending(userId, [device, connectionNumber, '']),
      ),
    );
  }

  async check(batch: readonly SessionCheck[]): Promise<SessionCheckResult[]> {
    const timelines = batch.map(({ userId }) => userTimeline(userId));
    const values = await this.#calls.getAll([
      ...timelines.map((timeline) => this.#keys.watchers(timeline)),
      ...timelines.map((timeline) => this.#keys.head(timeline)),
    ]);
    return batch.map((check, index) => ({
      known: parseWatchers(values[index]).some((watcher) => isSameSession(watcher, check)),
      head: Number(values[batch.length + index]),
    }));
  }

  async of(userIds: readonly number[]): Promise<Session[][]> {
    const keys = userIds.map((userId) => this.#keys.watchers(userTimeline(userId)));
    const values = await this.#calls.getAll(keys);
    return userIds.map((userId, index) =>
      parseWatchers(values[index]).map((watcher) => ({ userId, ...watcher })),
    );
  }

  async acknowledge(batch: readonly Acknowledgement[]): Promise<void> {
    const items = batch.map(({ userId, device, seq }) => {
      const timeline = userTimeline(userId);
      return {
        keys: [this.#keys.devices(userId), this.#keys.head(timeline), this.#keys.talk(timeline)],
        args: [device, seq],
      };
    });
    await this.#calls.runAll(scripts.acknowledge, items);
  }

  /** The number is drawn when the connection opens: it only has to be newer than any before. */
  async assignJava(userId: number, address: string): Promise<void> {
    await this.#calls.setField(this.#keys.devices(userId), 'java-address', address);
  }

  async endJava(userId: number, openedBefore: number): Promise<Session | null> {
    const [ended] = await this.#close([this.#ending(userId, [javaDevice, '', openedBefore])]);
    return ended ? parseSession(userId, ended as Buffer) : null;
  }

  async now(): Promise<number> {
    // Of one node always: the clocks of a cluster's nodes may differ.
    return Number(await this.#calls.run(scripts.clock, [this.#keys.lastUserId()]));
  }

  #ending(userId: number, args: Item['args']): Item {
    const keys = [
      this.#keys.devices(userId),
      this.#keys.watchers(userTimeline(userId)),
      this.#keys.account(userId),
    ];
    return { keys, args };
  }

  #close(items: readonly Item[]): Promise<Reply[]> {
    return this.#calls.runAll(scripts.closeSession, items);
  }
}

function openResult(
  userId: number,
  [status, number, cursor, head, replaced]: OpenReply,
): SessionOpenResult {
  if (status.toString() !== 'opened') {
    return { status: status.toString() as 'revoked' | 'stale' | 'ended' | 'too-many-devices' };
  }
  return {
    status: 'opened',
    connectionNumber: Number(number),
    replaced: replaced ? parseSession(userId, replaced) : null,
    cursor,
    head,
  };
}
