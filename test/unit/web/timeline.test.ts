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
    timeline.merge(messages(101, 200));
    for (const message of messages(199, 260)) timeline.append(message);
    timeline.merge(messages(1, 105));
    expect(seqsOf(timeline)).toEqual(range(1, 260));
    expect(timeline.size).toBe(260);
    expect([...timeline.newest()].map(({ seq }) => seq)).toEqual(range(1, 260).toReversed());
  });

  test('keeps the pages that are there when older ones are put before them', () => {
    const timeline = new Timeline();
    timeline.merge(messages(101, 200));
    const before = timeline.pages.value;
    timeline.merge(messages(1, 100));
    expect(timeline.pages.value.slice(-before.length)).toEqual(before);
    expect(new Set(timeline.pages.value.map(({ key }) => key)).size).toBe(
      timeline.pages.value.length,
    );
  });

  test('what is read once more takes the place of what was there', () => {
    const timeline = new Timeline();
    timeline.merge(messages(101, 160));
    const again = messages(131, 160).map((each) => ({ ...each, text: 'edited' }));
    timeline.merge(again);
    expect(seqsOf(timeline)).toEqual(range(101, 160));
    expect(timeline.find('m140')?.text).toBe('edited');
    expect(timeline.find('m130')?.text).toBe('130');
  });

  test('behind a gap only what follows it stays', () => {
    const timeline = new Timeline();
    timeline.merge(messages(1, 60));
    timeline.append(messages(201, 201)[0] as Message);
    timeline.merge(messages(141, 200));
    expect(seqsOf(timeline)).toEqual(range(141, 201));
    timeline.merge([...messages(100, 141), ...messages(150, 150)]);
    expect(timeline.size).toBe(seqsOf(timeline).length);
    timeline.merge([...messages(80, 90), ...messages(100, 100)]);
    expect(seqsOf(timeline)[0]).toBe(80);
  });

  test('an own message is put where its number says, however late it is known', () => {
    const timeline = new Timeline();
    timeline.merge(messages(1, 40));
    timeline.append(messages(42, 42)[0] as Message);
    timeline.append(messages(41, 41)[0] as Message);
    timeline.append({ ...(messages(43, 43)[0] as Message), seq: 0, transient: true });
    expect(seqsOf(timeline)).toEqual([...range(1, 42), 0]);
  });

  test('no page is long', () => {
    const timeline = new Timeline();
    for (const message of messages(1, 500)) timeline.append(message);
    timeline.merge(messages(-500, 0));
    const lengths = timeline.pages.value.map(({ messages }) => messages.value.length);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(40);
  });

  test('a change is seen in one page and no other', () => {
    const timeline = new Timeline();
    timeline.merge(messages(1, 200));
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
