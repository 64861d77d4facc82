/**
 * What is published to topics: retained if that is asked for, and handed to every live server, where it is
 * matched and written to those who have subscribed. It is not stored for those who are not connected:
 * each gets it at most once.
 *
 * What one client publishes is handed on in its order, also where one part of it waits for the store. A
 * retained value is kept before it is handed on: who subscribes meanwhile has it from the store, or it
 * comes, or both, under one number.
 */
import { type PublishEntry, type PublishResult, retaining } from '../../api/route-api.ts';
import { CimError, errorTable } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { Bugs } from '../../base/process/bugs.ts';
import { assertTopic, isFreeTopic } from '../../base/topics/topic.ts';
import { pushAddress, type Registry } from '../../registry/registry.ts';
import type { Retained, RetainedRoom } from '../../store/retained.ts';
import type { ServerDirectory } from '../servers/server-directory.ts';

export interface PublisherOptions {
  readonly retained: Pick<Retained, 'keep' | 'remove'>;
  readonly registry: Pick<Registry, 'view'>;
  readonly servers: ServerDirectory;
  readonly bugs: Pick<Bugs, 'caught'>;
}

const room: RetainedRoom = {
  ownerValuesMax: limits.retainedPerOwnerMax,
  ownerBytesMax: limits.retainedBytesPerOwnerMax,
  allValuesMax: limits.retainedMax,
  allBytesMax: limits.retainedBytesMax,
};

export class TopicPublisher {
  readonly #options: PublisherOptions;
  /** By client, what is under way: what comes after it waits. */
  readonly #tails = new Map<string, Promise<unknown>>();

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** Does not reject. */
  async publish(entry: PublishEntry): Promise<PublishResult> {
    try {
      return { code: 0, number: await this.take(entry) };
    } catch (error) {
      if (this.#options.bugs.caught(error, 'publishing')) return failed('internal');
      return failed(error instanceof CimError ? error.kind : 'busy');
    }
  }

  /** Gives the number of the retained value or its removal, 0 if there is none. Rejects with a CimError. */
  take(entry: PublishEntry): Promise<number> {
    const client = `${entry.owner} ${entry.clientId}`;
    const before = this.#tails.get(client);
    const taken = before ? before.then(() => this.#serve(entry)) : this.#serve(entry);
    const tail = Promise.allSettled([taken]);
    this.#tails.set(client, tail);
    void tail.then(() => {
      if (this.#tails.get(client) === tail) this.#tails.delete(client);
    });
    return taken;
  }

  async #serve(entry: PublishEntry): Promise<number> {
    assertPublication(entry);
    const number = await this.#retain(entry);
    this.#handOn(entry, number);
    return number;
  }

  /** 0: it is no retained value. */
  async #retain({ topic, owner, body, retain, lifeMs }: PublishEntry): Promise<number> {
    const { retained } = this.#options;
    if (retain === retaining.remove) return (await retained.remove(topic)) ?? 0;
    if (retain !== retaining.keep) return 0;
    const kept = await retained.keep({ topic, owner, body, lifeMs }, room);
    if (kept.status === 'kept') return kept.number;
    const whose = kept.of === 'owner' ? 'one user' : 'all';
    throw new CimError('too-many', `topic: there is no room for more retained values of ${whose}`);
  }

  #handOn({ topic, owner, clientId, body, retain }: PublishEntry, number: number): void {
    const { registry, servers } = this.#options;
    for (const server of registry.view.servers.values()) {
      const { instance } = server;
      const entry = { instance, topic, owner, clientId, body, number, retain };
      servers.at(pushAddress(server)).published([entry], () => {
        // At most once: nobody repeats what did not arrive.
      });
    }
  }
}

function assertPublication({ topic, body }: PublishEntry): void {
  assertTopic(topic);
  if (!isFreeTopic(topic))
    throw new CimError('invalid-argument', 'topic: must not be below cim/, or begin with $');
  if (body.length > limits.publicationBytesMax)
    throw new CimError('too-long', `body: may have ${limits.publicationBytesMax} bytes`);
}

function failed(kind: CimError['kind']): PublishResult {
  return { code: Number(errorTable[kind].code), number: 0 };
}
