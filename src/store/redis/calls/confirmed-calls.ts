/**
 * Calls that count only when replicas have what they wrote (`--ack-replicas`): each is followed by
 * WAIT, and is `busy` when too few replicas have answered in time. Reading, too: what a failover may
 * still take is shown to nobody, and a master that was replaced, and has not heard of it, has no
 * replica that answers.
 *
 * WAIT is about what was written on its own connection. So a call and its WAIT go to one server over
 * one connection, no redirection of a cluster is followed, and a script writes again what was
 * written by an earlier attempt, perhaps over a connection that is gone. While a WAIT is under way
 * Redis reads nothing else from its connection: these calls have a link of their own, and all that
 * were answered meanwhile share the next WAIT.
 */
import { Cluster, Command, type Redis } from 'ioredis';
import { CimError } from '../../../base/errors.ts';
import type { RedisClient, RedisLink } from '../connection/redis-link.ts';
import type { Script } from '../scripts.ts';
import {
  type Answered,
  type Argument,
  clientOf,
  type Item,
  type RedisCalls,
  type Reply,
} from './redis-calls.ts';

/**
 * How long a WAIT may take. A call may be held up by one, miss the next, and take part in the third:
 * still less than the time after which its connection is given up (redis-link.ts).
 */
const waitMsMax = 400;

/** What a server's replicas had when it was asked last. */
interface Answer {
  /** The connection that was asked about. */
  readonly connection: Redis['stream'];
  readonly replicas: number;
}

/** The WAIT under way, and the one that will follow it. */
interface Rounds {
  current: Promise<unknown>;
  next: Promise<Answer> | null;
}

export class ConfirmedCalls {
  readonly #link: RedisLink;
  readonly #calls: RedisCalls;
  readonly #replicas: number;
  readonly #roundsOf = new WeakMap<Redis, Rounds>();

  constructor(link: RedisLink, calls: RedisCalls, replicas: number) {
    this.#link = link;
    this.#calls = calls;
    this.#replicas = replicas;
  }

  /** As `RedisCalls.answerEach`. */
  async answerEach(
    script: Script,
    items: readonly Item[],
    common: readonly Argument[],
    answered: Answered,
  ): Promise<void> {
    const client = clientOf(this.#link);
    if (client instanceof CimError) {
      for (const itemIndex of items.keys()) answered(itemIndex, client);
      return;
    }
    const run = (server: Redis, some: readonly Item[]) =>
      client instanceof Cluster
        ? this.#calls.runApart(server, script, some, common)
        : this.#calls.runTogether(server, script, some, common);
    await Promise.all(
      Array.from(itemsByServer(client, items), async ([server, itemIndexes]) => {
        const some = itemIndexes.map((itemIndex) => items[itemIndex] as Item);
        const replies = server
          ? await this.#confirm(server, () => run(server, some))
          : noSuchNode();
        for (const [index, itemIndex] of itemIndexes.entries())
          answered(
            itemIndex,
            replies instanceof CimError ? replies : (replies[index] as Reply | CimError),
          );
      }),
    );
  }

  /** As `RedisCalls.run`. The script has to write something. */
  async run(
    script: Script,
    keys: readonly string[],
    args: readonly Argument[] = [],
  ): Promise<Reply> {
    const [server] = itemsByServer(this.#link.client, [{ keys, args }]).keys();
    if (!server) throw noSuchNode();
    const reply = await this.#confirm(server, () => this.#calls.run(script, keys, args, server));
    if (reply instanceof CimError) throw reply;
    return reply;
  }

  /** What `run` gives, once replicas have what it wrote on this server. */
  async #confirm<T>(server: Redis, run: () => Promise<T>): Promise<T | CimError> {
    const connection = server.stream;
    const result = await run();
    const { replicas, connection: asked } = await this.#wait(server);
    if (asked === connection && replicas >= this.#replicas) return result;
    return new CimError('busy', `${replicas} of ${this.#replicas} replicas have it`);
  }

  /** The answer to a WAIT that is sent from now on. */
  #wait(server: Redis): Promise<Answer> {
    let rounds = this.#roundsOf.get(server);
    if (!rounds) {
      rounds = { current: Promise.resolve(), next: null };
      this.#roundsOf.set(server, rounds);
    }
    rounds.next ??= this.#waitAfter(server, rounds);
    return rounds.next;
  }

  async #waitAfter(server: Redis, rounds: Rounds): Promise<Answer> {
    await rounds.current;
    const answer = ask(server, this.#replicas);
    rounds.current = answer;
    rounds.next = null;
    return answer;
  }
}

function noSuchNode(): CimError {
  return new CimError('busy', 'no such node');
}

async function ask(server: Redis, replicas: number): Promise<Answer> {
  const connection = server.stream;
  try {
    return { connection, replicas: await server.wait(replicas, waitMsMax) };
  } catch {
    // The connection is gone, or the server is a replica now: nobody confirms anything.
    return { connection, replicas: 0 };
  }
}

/** Which server holds which items; `undefined` holds what is nobody's at the moment. */
function itemsByServer(
  client: RedisClient,
  items: readonly Item[],
): Map<Redis | undefined, number[]> {
  if (!(client instanceof Cluster)) return new Map([[client, [...items.keys()]]]);
  const masters = new Map(
    client.nodes('master').map((node) => [`${node.options.host}:${node.options.port}`, node]),
  );
  const itemIndexes = new Map<Redis | undefined, number[]>();
  for (const [itemIndex, { keys }] of items.entries()) {
    const [address = ''] = client.slots[new Command('GET', [...keys.slice(0, 1)]).getSlot()] ?? [];
    const master = masters.get(address);
    const known = itemIndexes.get(master);
    if (known) known.push(itemIndex);
    else itemIndexes.set(master, [itemIndex]);
  }
  return itemIndexes;
}
