/** What people and scripts see and say of messages: replies, edits, retractions, reactions. */
import { PassThrough } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import type { ClientEvents, Message } from '../../../src/client/sdk/index.ts';
import type { Refusal } from '../../../src/client/terminal/input/action.ts';
import { completeLine } from '../../../src/client/terminal/input/completion.ts';
import { parseInput } from '../../../src/client/terminal/input/input.ts';
import { parseJsonInput } from '../../../src/client/terminal/input/json-input.ts';
import { LineRunner } from '../../../src/client/terminal/line-runner.ts';
import { People } from '../../../src/client/terminal/people.ts';
import { RecentMessages } from '../../../src/client/terminal/recent-messages.ts';
import { Output } from '../../../src/client/terminal/screen/output.ts';
import { PlainScreen } from '../../../src/client/terminal/screen/plain-screen.ts';
import { HumanView } from '../../../src/client/terminal/view/human-view.ts';
import { JsonView } from '../../../src/client/terminal/view/json-view.ts';
import { settle, VirtualClock } from '../../support/virtual-clock.ts';
import { FakeMessenger } from './support/fake-messenger.ts';

const at = new Date(2026, 0, 31, 10, 5).getTime();
const iso = new Date(at).toISOString();
const epoch = '0202020202020202';
const amys = `2.${epoch}.1.1`;
const bobs = `1.${epoch}.2.1`;
const amy = { from: 2, fromName: 'amy', to: 1, at };
const message: Message = { ...amy, id: amys, text: 'helo\nyou', seq: 7 };

function views() {
  const [script, person] = [new PassThrough(), new PassThrough()];
  const recent = new RecentMessages();
  const screen = new PlainScreen(new Output(person));
  return {
    recent,
    json: new JsonView(new Output(script), new Output(new PassThrough().resume())),
    human: new HumanView({
      screen,
      people: new People(),
      recent,
      userId: 1,
      clock: new VirtualClock(at),
      client: new FakeMessenger(),
    }),
    events: () =>
      String(script.read() ?? '')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    shown: () => String(person.read() ?? ''),
  };
}

describe('scripts are told', () => {
  test('events of the promised form', async () => {
    const { json, events } = views();
    const edited: ClientEvents['edited'] = { ...amy, id: amys, text: 'hello' };
    await json.edited(edited);
    await json.retracted({ ...amy, id: amys });
    await json.reactions({ ...amy, id: amys, emoji: ['👍'] });
    const { to: _, ...inGroup } = { ...amy, group: 'builds' };
    await json.edited({ ...inGroup, id: 'g', text: 'hello' });
    await json.reactions({ ...inGroup, id: 'g', emoji: [] });
    expect(events()).toEqual([
      { event: 'edited', id: amys, from: 2, to: 1, text: 'hello', at: iso },
      { event: 'retracted', id: amys, from: 2, to: 1 },
      { event: 'reactions', id: amys, from: 2, emoji: ['👍'] },
      { event: 'edited', id: 'g', from: 2, group: 'builds', text: 'hello', at: iso },
      { event: 'reactions', id: 'g', from: 2, group: 'builds', emoji: [] },
    ]);
  });

  test('of messages what they have beside their text', async () => {
    const { json, events } = views();
    const reactions = [{ from: 2, emoji: ['👍'] }];
    const custom = { type: 'poll', data: Uint8Array.of(255, 0) };
    await json.message({ ...message, replyTo: bobs, mentions: [1], custom, edited: at, reactions });
    await json.message({ ...message, text: '', retracted: true });
    const [rich, tombstone] = events();
    expect(rich).toMatchObject({
      text: 'helo\nyou',
      replyTo: bobs,
      mentions: [1],
      custom: { type: 'poll', data: '_wA' },
      edited: iso,
      reactions,
    });
    expect(tombstone).toMatchObject({ id: amys, retracted: true });
    expect(tombstone).not.toHaveProperty('text');
  });
});

describe('people are shown', () => {
  test('what a message answers, what became of it, and what it was before', async () => {
    const { human, recent, shown } = views();
    recent.add(message);
    await human.message({ ...message, id: 'x', text: 'me', replyTo: amys });
    await human.edited({ ...amy, id: amys, text: 'hello' });
    await human.reactions({ ...amy, id: amys, emoji: ['👍', '\u001b[2J'] });
    await human.reactions({ ...amy, id: 'unknown', emoji: [] });
    await human.retracted({ ...amy, id: amys });
    expect(shown().split('\n')).toEqual([
      '  ┌ (2) amy: helo',
      '10:05 (2) amy → you: me',
      '  ┌ (2) amy: helo',
      '10:05 (2) amy → you [edited]: hello',
      '  ┌ (2) amy: helo',
      '10:05 (2) amy → you [reaction]: 👍 ␛[2J',
      '10:05 (2) amy → you [took back the reaction]',
      '10:05 (2) amy → you [retracted the message of 10:05]',
      '',
    ]);
  });

  test('of old messages how they are now', async () => {
    const { human, shown } = views();
    const reactions = [
      { from: 1, emoji: ['👍'] },
      { from: 3, emoji: ['😄', '👍'] },
    ];
    const messages = [
      { ...message, text: 'hello', edited: at, reactions },
      { ...message, text: '', retracted: true as const },
    ];
    const rest = { isMore: false, older: false, expired: false };
    const line = { number: 1, text: ':history' };
    await human.result(line, { kind: 'history', messages, ...rest });
    const rows = shown();
    expect(rows).toContain('10:05 (2) amy → you [edited]: hello [👍 2 · 😄]\n');
    expect(rows).toContain('10:05 (2) amy → you: [retracted]\n');
  });
});

describe('a line', () => {
  test.each([
    [':reply ^ two words', { kind: 'reply', message: '^', text: 'two words' }],
    [`:edit ${bobs} new  text`, { kind: 'edit', message: bobs, text: 'new  text' }],
    [':retract 3', { kind: 'retract', message: '3' }],
    [':react 3 👍 😄', { kind: 'react', message: '3', emoji: ['👍', '😄'] }],
    [':react ^', { kind: 'react', message: '^', emoji: [] }],
    [':react ^ :+1: :smile:', { kind: 'react', message: '^', emoji: ['👍', '😄'] }],
    [
      ':react ^ 1️⃣ 🇩🇪 👩‍👩‍👧🏽 ℹ️',
      { kind: 'react', message: '^', emoji: ['1️⃣', '🇩🇪', '👩‍👩‍👧🏽', 'ℹ️'] },
    ],
  ])('%s', (line, action) => {
    expect(parseInput(line)).toEqual(action);
  });

  test.each([':reply', ':reply ^', ':edit 3', ':retract', ':retract 1 2', ':react'])(
    '%s is explained',
    (line) => {
      expect(parseInput(line)).toMatchObject({ kind: 'refusal', code: 'bad-command' });
    },
  );

  test.each(['lol', ':lol:', ':+1::+1:', '+1', '1', ':', '::', ':)'])(
    'that reacts with %s is refused: it is not an emoji',
    (word) => {
      const { message, ...refusal } = parseInput(`:react ^ 👍 ${word}`) as Refusal;
      expect(refusal).toEqual({ kind: 'refusal', code: 'bad-command' });
      expect(message).toContain(`${word} is not an emoji`);
    },
  );

  test.each([
    [
      { to: 7, text: 'x', replyTo: amys, mentions: [7], custom: { type: 'poll', data: '_wA' } },
      {
        kind: 'send',
        target: { to: 7 },
        text: 'x',
        extras: {
          replyTo: amys,
          mentions: [7],
          custom: { type: 'poll', data: Uint8Array.of(255, 0) },
        },
      },
    ],
    [
      { edit: bobs, text: 'x' },
      { kind: 'edit', message: bobs, text: 'x' },
    ],
    [{ retract: bobs }, { kind: 'retract', message: bobs }],
    [
      { react: amys, emoji: ['👍'] },
      { kind: 'react', message: amys, emoji: ['👍'] },
    ],
  ])('of a program: %j', (line, action) => {
    expect(parseJsonInput(JSON.stringify(line))).toEqual(action);
  });

  test.each([
    { to: 7, text: 'x', replyTo: 1 },
    { to: 7, text: 'x', mentions: ['amy'] },
    { to: 7, text: 'x', custom: { type: 'poll' } },
    { to: 7, text: 'x', custom: null },
    { to: 7, text: 'x', replyTo: amys, delaySeconds: 1 },
    { edit: bobs },
    { edit: 1, text: 'x' },
    { retract: bobs, text: 'x' },
    { react: bobs },
    { react: bobs, emoji: '👍' },
    { retract: bobs, react: bobs, emoji: [] },
    { react: bobs, emoji: ['hello'] },
    { react: bobs, emoji: [':smile:'] },
  ])('of a program that makes no sense: %j', (line) => {
    expect(parseJsonInput(JSON.stringify(line))).toMatchObject({ code: 'invalid-argument' });
  });

  test('names messages by TAB, with their numbers', () => {
    const recent = new RecentMessages();
    recent.add(message);
    recent.add({ ...message, id: bobs, from: 1, fromName: 'bob', text: 'yes', at: at + 1 });
    const names = { userId: 1, online: [], groups: [], messages: recent.newest(), paths: [] };
    expect(completeLine(':reply ', names).labels).toEqual(['1 (2) amy: helo␊you', '2 you: yes']);
    for (const command of [':edit', ':retract', ':readby', ':trace'])
      expect(completeLine(`${command} `, names).replacements).toEqual(['2 ']);
    expect(completeLine(':read ', names).replacements).toEqual(['1 ']);
    expect(completeLine(':react 1', names).replacements).toEqual(['1 ']);
    expect(completeLine(':reply 1 ', names).labels).toEqual([]);
  });
});

describe('what is done to a message', () => {
  function typing() {
    const client = new FakeMessenger();
    client.answersAtOnce = true;
    const { human, recent, shown } = views();
    const runner = new LineRunner({
      client,
      view: human,
      recent,
      people: new People(),
      clock: new VirtualClock(at),
      userId: 1,
      userName: 'bob',
      parse: parseInput,
      isTransient: false,
      patienceMs: 0,
    });
    const type = async (...lines: string[]) => {
      await runner.run(
        (async function* () {
          for (const [index, text] of lines.entries()) yield { number: index + 1, text };
        })(),
      );
      await settle();
    };
    return { client, recent, shown, type };
  }

  test('is sent for the message that was named', async () => {
    const { client, recent, shown, type } = typing();
    recent.add(message);
    recent.add({ ...message, id: bobs, from: 1, fromName: 'bob', to: 2, text: 'ys', at: at + 1 });
    client.connect();
    await type(':reply ^ me too', ':react 1 👍', `:edit ${bobs} yes`, ':retract ^');
    expect(client.sendings).toMatchObject([
      { target: { to: 2 }, text: 'me too', extras: { replyTo: amys } },
      { target: amys, text: 'react 👍' },
      { target: bobs, text: 'edit yes' },
      { target: bobs, text: 'retract' },
    ]);
    expect(shown()).toContain(
      [
        '  ┌ (2) amy: helo',
        '10:05 you → (2): me too ✓',
        '  ┌ (2) amy: helo',
        '10:05 you → (2) [reaction]: 👍 ✓',
        '  ┌ you: ys',
        '10:05 you → (2) [edited]: yes ✓',
        '10:05 you → (2) [retracted the message of 10:05] ✓',
      ].join('\n'),
    );
  });

  test('is, by ^, of the conversation that was written in last, and of no other', async () => {
    const { client, recent, shown, type } = typing();
    recent.add({ ...message, id: bobs, from: 1, fromName: 'bob', to: 2, at: at - 1 });
    client.connect();
    client.send = async (target, text) => {
      const count = client.sendings.push({
        target,
        text,
        outcome: Promise.withResolvers(),
        isWritten: true,
      });
      const where = Object(target) as { to?: number; group?: string };
      return { id: `1.${epoch}.${where.to ?? `#${where.group}`}.${count + 1}`, seq: count };
    };
    await type('#cooks;;soup', ':retract ^', ':retract ^', ':edit ^ none');
    expect(client.sendings.map(({ text }) => text)).toEqual(['soup', 'retract']);
    expect(shown().split('! there is no such message yet')).toHaveLength(3);
    await type('2;;to amy', ':retract ^', ':retract ^');
    expect(client.sendings.slice(3)).toMatchObject([{ text: 'retract' }, { target: bobs }]);
  });

  test('waits for what the line before has sent, if that is meant', async () => {
    const { client, type } = typing();
    const stored = Promise.withResolvers<{ id: string; seq: number }>();
    client.send = async (target, text) => {
      client.sendings.push({ target, text, outcome: Promise.withResolvers(), isWritten: true });
      return text === 'ys' ? stored.promise : { id: 'x', seq: 2 };
    };
    client.connect();
    const typed = type('2;;ys', ':edit ^ yes');
    await settle();
    expect(client.sendings).toHaveLength(1);
    stored.resolve({ id: bobs, seq: 1 });
    await typed;
    expect(client.sendings[1]).toMatchObject({ target: bobs, text: 'edit yes' });
  });

  test('is refused where no message is meant', async () => {
    const { client, shown, type } = typing();
    client.connect();
    await type(':reply ^ hi', ':react 7 👍', ':retract 3.0202020202020202.4.1');
    expect(client.sendings).toEqual([]);
    const rows = shown();
    expect(rows).toContain('! there is no such message yet');
    expect(rows).toContain('! there is no message 7: TAB lists them');
    expect(rows).toContain('! it is not the id of a stored message');
  });
});
