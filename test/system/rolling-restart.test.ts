/**
 * Every server and every route of a cluster is restarted, one after the other, while a crowd talks:
 * nothing is lost, and nobody looks for a place for long: who is sent away is in again with the first
 * or second connection. Every other one speaks over WebSocket. The crowd is the SDK in this process, so
 * that connections can be counted.
 */
import { beforeAll, expect, test } from '@jest/globals';
import { webSocketTransport } from '../../src/client/sdk/browser/websocket-transport.ts';
import { CimClient, lobby } from '../../src/client/sdk/index.ts';
import { nodePlatform } from '../../src/client/sdk/node/node-platform.ts';
import type { ByteStream, Transport } from '../../src/client/sdk/platform.ts';
import { startCluster, type TestCluster } from '../support/cluster.ts';
import { secretOf } from '../support/secret-of.ts';
import { onTeardown } from '../support/teardown.ts';
import { waitUntil } from '../support/wait-until.ts';

const crowdSize = 24;
/** One may go to a server that is just about to stop as well. */
const dialsMax = 2;
/** Each says something to the next, and now and then to everybody. */
const paceMs = 50;
const lobbyEvery = 8;

const platform = nodePlatform();
let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startCluster({ servers: 3, routes: 2 });
});

class Talker {
  readonly client: CimClient;
  readonly userId: number;
  /** By conversation, the numbers in the order in which they were shown. */
  readonly shown = new Map<string, number[]>();
  /** Acknowledged, by conversation. */
  readonly stored = new Map<string, number[]>();
  /** How many connections it took to be in, each time. */
  readonly returns: number[] = [];
  #dials = 0;

  constructor(userId: number) {
    this.userId = userId;
    this.client = new CimClient({
      userId,
      userName: `talker-${userId}`,
      routes: cluster.routeUrls,
      platform: { ...platform, transport: { open: (...to) => this.#open(...to) } },
      credentials: { secret: secretOf(userId) },
      // Sealing takes milliseconds of CPU a message, and all of the crowd are in this one process.
      e2ee: 'off',
    });
    onTeardown(() => this.client.close({ timeoutMs: 0 }));
    this.client.on('message', ({ text }) => {
      const [conversation = '', number] = text.split(' ');
      note(this.shown, conversation, Number(number));
    });
    this.client.on('ready', () => {
      this.returns.push(this.#dials);
      this.#dials = 0;
    });
  }

  #open(...to: Parameters<Transport['open']>): ByteStream {
    this.#dials += 1;
    const transport = this.userId % 2 === 0 ? platform.transport : webSocketTransport;
    return transport.open(...to);
  }

  async say(number: number, to: Talker): Promise<void> {
    const isPublic = number % lobbyEvery === 0;
    const target = isPublic ? { group: lobby } : { to: to.userId };
    const conversation = `${this.userId}→${isPublic ? lobby : to.userId}`;
    await this.client.send(target, `${conversation} ${number}`);
    note(this.stored, conversation, number);
  }
}

function note(log: Map<string, number[]>, conversation: string, number: number): void {
  const numbers = log.get(conversation);
  if (numbers) numbers.push(number);
  else log.set(conversation, [number]);
}

test('every server and every route in turn: nothing is lost, and everybody is back at once', async () => {
  const crowd = Array.from({ length: crowdSize }, (_, index) => new Talker(5_000 + index));
  await Promise.all(crowd.map(({ client }) => client.start()));
  const sends: Promise<void>[] = [];
  let number = 0;
  const pace = setInterval(() => {
    number += 1;
    for (const [index, talker] of crowd.entries()) {
      sends.push(talker.say(number, crowd[(index + 1) % crowdSize] as Talker));
    }
  }, paceMs);
  onTeardown(() => clearInterval(pace));

  for (const role of [...cluster.servers, ...cluster.routes]) {
    const saidBefore = number;
    expect(await role.process.stop(15_000)).toBe(0);
    await role.start();
    await waitUntil('more was said', () => number >= saidBefore + 20);
  }
  clearInterval(pace);
  // Rejects with the first that was refused, or whose fate is not known.
  await Promise.all(sends);

  for (const [index, talker] of crowd.entries()) {
    const before = crowd.at(index - 1) as Talker;
    const others = crowd.filter((other) => other !== talker);
    const expected = new Map([
      ...conversationOf(before, `${before.userId}→${talker.userId}`),
      ...others.flatMap((other) => conversationOf(other, `${other.userId}→${lobby}`)),
    ]);
    const count = (log: Map<string, number[]>) =>
      [...log.values()].reduce((sum, { length }) => sum + length, 0);
    await waitUntil(
      `talker ${talker.userId} has been shown everything`,
      () => count(talker.shown) >= count(expected),
    );
    for (const [conversation, numbers] of expected)
      expect([conversation, talker.shown.get(conversation)]).toEqual([conversation, numbers]);
    expect(count(talker.shown)).toBe(count(expected));
  }
  // Those of three servers, each at least once.
  expect(crowd.every(({ returns }) => returns.length > 1)).toBe(true);
  expect(Math.max(...crowd.flatMap(({ returns }) => returns))).toBeLessThanOrEqual(dialsMax);
}, 180_000);

function conversationOf({ stored }: Talker, name: string): [string, number[]][] {
  return [[name, stored.get(name)?.toSorted((a, b) => a - b) ?? []]];
}
