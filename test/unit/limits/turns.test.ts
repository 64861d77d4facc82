/** Who is read from in which turn of the event loop, of connections that are numbers. */
import { beforeEach, expect, test } from '@jest/globals';
import { Turns, type TurnTaker } from '../../../src/limits/turns.ts';
import { settle } from '../../support/virtual-clock.ts';

let turns: Turns;

beforeEach(() => {
  turns = new Turns({ workMax: 100, shareMin: 5, waitedShareMin: 5 });
});

/** Somebody who has so much to be worked on, a piece at a time. */
class Sender implements TurnTaker {
  work = 0;
  left: number;
  isWaiting = false;
  readonly #piece: number;
  #turn = 0;

  constructor(left: number, piece = 1) {
    this.left = left;
    this.#piece = piece;
  }

  /** As far as it may in this turn. */
  send(): number {
    if (this.#turn !== turns.number) this.work = 0;
    this.#turn = turns.number;
    while (this.left > 0 && !this.isWaiting) {
      this.left -= this.#piece;
      this.work += this.#piece;
      if (!turns.work(this.#piece, this.work)) continue;
      this.isWaiting = true;
      turns.wait(this);
    }
    return this.work;
  }

  turnCame(): void {
    this.isWaiting = false;
    this.send();
  }
}

function total(senders: readonly Sender[]): number {
  return senders.reduce((sum, { left }) => sum + left, 0);
}

test('one alone has a whole turn, and then others may be heard', async () => {
  const sender = new Sender(250);
  expect(sender.send()).toBe(100);
  expect(sender.isWaiting).toBe(true);
  await settle();
  expect(sender.left).toBeLessThan(150);
  while (sender.left > 0 || sender.isWaiting) await settle();
  await settle();
  expect(new Sender(100).send()).toBe(100);
});

test('when one has taken the turn, others have a few frames in it', () => {
  new Sender(1_000).send();
  expect(new Sender(3).send()).toBe(3);
  expect(new Sender(1_000).send()).toBe(5);
});

test('those who send much have equal parts of each turn, and none is forgotten', async () => {
  const senders = Array.from({ length: 10 }, () => new Sender(500));
  for (const sender of senders) sender.send();
  let before = total(senders);
  while (before > 0) {
    await settle();
    let now = total(senders);
    expect(before - now).toBeLessThanOrEqual(100 + 10 * 5);
    // It may have been the turn of one who has sent all meanwhile; then it is another's.
    if (now === before) await settle();
    now = total(senders);
    expect(before - now).toBeGreaterThan(0);
    before = now;
    const left = senders.map((sender) => sender.left).toSorted((a, b) => a - b);
    expect((left.at(-1) ?? 0) - (left[0] ?? 0)).toBeLessThanOrEqual(200);
  }
});

test('whoever sends little is not held up by any number of those who send much', async () => {
  const heavy = Array.from({ length: 300 }, () => new Sender(1_000, 20));
  for (const sender of heavy) sender.send();
  const light = new Sender(0);
  for (let turn = 0; turn < 20; turn++) {
    await settle();
    light.left = 3;
    expect(light.send()).toBe(3);
    expect(light.isWaiting).toBe(false);
  }
});

test('of very many who wait a turn takes as many as it has room for, in their order', async () => {
  const order: number[] = [];
  const heavy = Array.from({ length: 50 }, (_, index) => {
    const sender = new Sender(40, 20);
    const { turnCame } = sender;
    sender.turnCame = () => {
      order.push(index);
      turnCame.call(sender);
    };
    return sender;
  });
  for (const sender of heavy) sender.send();
  expect(order).toEqual([]);
  await settle();
  expect(order.length).toBeLessThanOrEqual(5);
  while (total(heavy) > 0) await settle();
  // The first two had all of theirs in the first turn.
  expect(order.slice(0, 48)).toEqual(heavy.map((_, index) => index).slice(2));
});

test('who has waited has a whole piece at a time, and the others their turn behind it', async () => {
  turns = new Turns({ workMax: 100, shareMin: 5, waitedShareMin: 40 });
  new Sender(1_000).send();
  const senders = Array.from({ length: 6 }, () => new Sender(45));
  for (const sender of senders) sender.send();
  expect(senders.map(({ left }) => left)).toEqual([40, 40, 40, 40, 40, 40]);
  await settle();
  await settle();
  const begun = senders.filter(({ left }) => left < 40);
  expect(begun.length).toBeGreaterThan(0);
  expect(begun.map(({ left }) => left)).toEqual(begun.map(() => 0));
  while (total(senders) > 0) await settle();
});
