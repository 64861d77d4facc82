// Goal: the messages of a conversation are there once and in order, and a change touches one page alone.
import { describe, expect, test } from '@jest/globals';
import type { Message } from '../../../src/client/sdk/index.ts';
import { Timeline } from '../../../src/web/model/timeline.ts';

function messages(first: number, last: number): Message[] {
  return Array.from({ length: last - first + 1 }, (_, index) => {
    const seq = first + index;
    return { id: `m${seq}`, from: 1, fromName: 'amy', to: 2, text: `${seq}`, seq, at: seq };
  });
}

function seqsOf(timeline: Timeline): number[] {
  return timeline.pages.value.flatMap(({ messages }) => messages.value.map(({ seq }) => seq));
}

const range = (first: number, last: number) => messages(first, last).map(({ seq }) => seq);

describe('a timeline', () => {
  test('has what came before and after in order, each once', () => {
    const timeline = new Timeline();
    timeline.prepend(messages(101, 200));
    for (const message of messages(199, 260)) timeline.append(message);
    timeline.prepend(messages(1, 105));
    expect(seqsOf(timeline)).toEqual(range(1, 260));
    expect(timeline.size).toBe(260);
    expect([...timeline.newest()].map(({ seq }) => seq)).toEqual(range(1, 260).toReversed());
  });

  test('keeps the pages that are there when older ones are put before them', () => {
    const timeline = new Timeline();
    timeline.prepend(messages(101, 200));
    const before = timeline.pages.value;
    timeline.prepend(messages(1, 100));
    expect(timeline.pages.value.slice(-before.length)).toEqual(before);
    expect(new Set(timeline.pages.value.map(({ key }) => key)).size).toBe(
      timeline.pages.value.length,
    );
  });

  test('no page is long', () => {
    const timeline = new Timeline();
    for (const message of messages(1, 500)) timeline.append(message);
    timeline.prepend(messages(-500, 0));
    const lengths = timeline.pages.value.map(({ messages }) => messages.value.length);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(40);
  });

  test('a change is seen in one page and no other', () => {
    const timeline = new Timeline();
    timeline.prepend(messages(1, 200));
    const before = timeline.pages.value.map(({ messages }) => messages.value);
    timeline.change('m100', (message) => ({ ...message, text: 'new' }));
    timeline.change('nobody', (message) => ({ ...message, text: 'new' }));
    const changed = timeline.pages.value.filter(
      ({ messages }, at) => messages.value !== before[at],
    );
    expect(changed).toHaveLength(1);
    expect(timeline.find('m100')?.text).toBe('new');
    expect(timeline.find('nobody')).toBeUndefined();
  });
});
