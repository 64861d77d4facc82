/**
 * That somebody types is sent seldom and forgotten soon, whatever keys are pressed and whatever others
 * send, in any order. fast-check prints the seed and the smallest example that fails.
 */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { limits } from '../../src/base/limits.ts';
import type { ClientEvents, Target } from '../../src/client/sdk/client-events.ts';
import { Typing } from '../../src/client/sdk/content/typing.ts';
import { fuzz, fuzzTimeoutMs } from '../support/fuzz.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

type Told = ClientEvents['typing'];

/** Few, so that they meet; and more than may be, so that bounds are. */
const person = fc.oneof(fc.integer({ min: 2, max: 5 }), fc.integer({ min: 2, max: 90 }));
const group = fc.constantFrom(undefined, undefined, 'cooks', 'cooks 2');
const wait = fc.oneof(
  fc.integer({ min: 1, max: 2 * limits.typingMs }),
  fc.constantFrom(1, limits.typingMsMin - 1, limits.typingMsMin, limits.typingMs - 1),
);
const step = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constantFrom('key' as const, 'typing' as const, 'message' as const),
      person,
      group,
      sendSeq: fc.integer({ min: 0, max: 3 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: wait }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crowd' as const), first: person }) },
);

function nameOf({ from, group }: Told): string {
  return group === undefined ? `${from}` : `${from} in ${group}`;
}

function sourceOf({ from, group }: Told): string {
  return `${from}.0123456789abcdef.${group === undefined ? 1 : `#${group}`}`;
}

/** One client, and beside it what it should know by now. */
class Stage {
  readonly clock = new VirtualClock();
  readonly #told: Told[] = [];
  readonly #typing = new Typing({
    userId: 1,
    clock: this.clock,
    tell: (event) => this.#told.push(event),
  });
  /** By conversation: when it was sent last. */
  readonly #sentAt = new Map<string, number>();
  /** By person and conversation: when they were heard of last. */
  readonly #heardAt = new Map<string, number>();
  /** By person and conversation: the number of what was said last. */
  readonly #saidSeq = new Map<string, number>();
  sent = 0;

  key(target: Target): void {
    const now = this.clock.monotonic();
    const last = this.#sentAt.get(JSON.stringify(target)) ?? -Infinity;
    const others = [...this.#sentAt.values()].filter((at) => now - at < limits.typingMsMin);
    const isDue = now - last >= limits.typingMsMin && others.length < limits.typistsMax;
    expect(this.#typing.begin(target)).toBe(isDue);
    if (!isDue) return;
    this.#sentAt.set(JSON.stringify(target), now);
    this.sent += 1;
  }

  heard(who: Told, sendSeq = 0): void {
    const isLate = sendSeq > 0 && sendSeq <= (this.#saidSeq.get(nameOf(who)) ?? 0);
    const message = { ...who, fromName: 'x', text: '', seq: 0, at: 0 };
    this.#typing.heard({ ...message, id: `${sourceOf(who)}.~1` }, sendSeq);
    if (isLate) return this.expectTold([]);
    const isKnown = this.#heardAt.has(nameOf(who));
    const hasRoom = isKnown || this.#heardAt.size < limits.typistsMax;
    if (hasRoom) this.#heardAt.set(nameOf(who), this.clock.monotonic());
    this.expectTold(isKnown || !hasRoom ? [] : [who]);
  }

  /** 0: in what is not stored. */
  said(who: Told, sendSeq: number): void {
    const isKnown = this.#heardAt.delete(nameOf(who));
    this.#typing.said({ ...who, id: `${sourceOf(who)}.${sendSeq || '~1'}` });
    this.#saidSeq.set(nameOf(who), Math.max(sendSeq, this.#saidSeq.get(nameOf(who)) ?? 0));
    this.expectTold(isKnown ? [{ ...who, ended: true }] : []);
  }

  async wait(ms: number): Promise<void> {
    const until = this.clock.monotonic() + ms;
    const over = [...this.#heardAt].filter(([, at]) => at + limits.typingMs <= until);
    for (const [name] of over) this.#heardAt.delete(name);
    await this.clock.advance(ms);
    const ended = this.#told.splice(0);
    expect(ended.every((event) => event.ended)).toBe(true);
    expect(ended.map(nameOf).sort()).toEqual(over.map(([name]) => name).sort());
  }

  expectTold(events: readonly Told[]): void {
    expect(this.#told.splice(0)).toEqual(events);
    expect(this.clock.timerCount).toBe(this.#heardAt.size);
  }
}

test(
  'whatever is typed, sent and heard, in any order',
  async () => {
    let sent = 0;
    const steps = fc.array(step, { maxLength: 40, size: 'max' });
    const property = fc.asyncProperty(steps, async (taken) => {
      const stage = new Stage();
      for (const each of taken) {
        if (each.kind === 'wait') await stage.wait(each.ms);
        else if (each.kind === 'crowd')
          for (let index = 0; index < limits.typistsMax; index++) {
            stage.heard({ from: each.first + index });
            stage.key({ to: each.first + index });
          }
        else {
          const where = each.group === undefined ? {} : { group: each.group };
          if (each.kind === 'key')
            stage.key(each.group === undefined ? { to: each.person } : { group: each.group });
          else if (each.kind === 'typing')
            stage.heard({ from: each.person, ...where }, each.sendSeq);
          else stage.said({ from: each.person, ...where }, each.sendSeq);
        }
      }
      sent += stage.sent;
      await stage.wait(limits.typingMs);
      stage.expectTold([]);
      expect(stage.clock.timerCount).toBe(0);
    });
    await fuzz('typing', property, 100);
    expect(sent).toBeGreaterThan(0);
  },
  fuzzTimeoutMs,
);
