/** The store in Redis, as tests of outages open it: with its log, and closed at teardown. */
import { CimError } from '../../src/base/errors.ts';
import type { Logger } from '../../src/base/log.ts';
import { RedisStore, type RedisStoreOptions } from '../../src/store/redis/redis-store.ts';
import {
  type Append,
  type AppendResult,
  type TimelineId,
  userTimeline,
} from '../../src/store/timelines.ts';
import { nextUserId } from '../contract/store/users.ts';
import { Conversation, textsOf } from './messages.ts';
import { onTeardown } from './teardown.ts';
import { waitUntil } from './wait-until.ts';

interface LogLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface OpenedStore {
  readonly store: RedisStore;
  /** What it has logged from `info` up. */
  readonly log: LogLine[];
}

export async function openRedisStore(
  url: string,
  options: Partial<RedisStoreOptions> = {},
): Promise<OpenedStore> {
  const log: LogLine[] = [];
  const record = (level: LogLine['level']) => (fields: LogLine['fields'], message: string) =>
    log.push({ level, message, fields });
  const recorder = {
    debug: () => {},
    info: record('info'),
    warn: record('warn'),
    error: record('error'),
  } as unknown as Logger;
  const retention = { messagesMax: 10_000, ageMs: 3_600_000 };
  const store = await RedisStore.open({
    url,
    prefix: 'cim',
    retention,
    ackReplicas: 0,
    log: recorder,
    ...options,
  });
  onTeardown(() => store.close());
  return { store, log };
}

/** Somebody who writes to somebody else, one text after the other. */
export class Writer {
  readonly conversation: Conversation;
  readonly timeline: TimelineId;
  sent: readonly string[] = [];

  constructor(to = nextUserId()) {
    this.conversation = new Conversation(nextUserId(), to);
    this.timeline = userTimeline(to);
  }

  /** The append of the next text: the same one until `confirm`. */
  next(): Append {
    const sendSeq = this.sent.length + 1;
    return this.conversation.append(this.timeline, sendSeq, [`text ${sendSeq}`]);
  }

  /** Notes that the next text was taken. */
  confirm(): void {
    this.sent = [...this.sent, `text ${this.sent.length + 1}`];
  }

  /** Appends the next text once, and confirms it if it was taken. */
  async write(store: RedisStore): Promise<AppendResult> {
    const [result] = await store.timelines.append([this.next()]);
    if (!result) throw new Error('an append has a result');
    if (result.status === 'taken') this.confirm();
    return result;
  }

  /** What the store holds of it, when it answers: when all is well, `sent`. */
  stored(store: RedisStore): Promise<string[]> {
    const read = { timeline: this.timeline, after: 0, limit: 10_000 };
    return waitUntil('it can be read', async () => {
      try {
        return textsOf((await store.timelines.read(read)).messages);
      } catch (error) {
        // A read waits for replicas, too, and one may be connecting anew.
        if (error instanceof CimError && error.kind === 'busy') return undefined;
        throw error;
      }
    });
  }
}
