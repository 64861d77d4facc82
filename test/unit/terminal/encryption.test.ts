/** What scripts and people see of encryption. */
import { PassThrough } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import type { Message, PeerKey, Unreadable } from '../../../src/client/sdk/index.ts';
import { Answers } from '../../../src/client/terminal/answers.ts';
import { People } from '../../../src/client/terminal/people.ts';
import { RecentMessages } from '../../../src/client/terminal/recent-messages.ts';
import { Output } from '../../../src/client/terminal/screen/output.ts';
import { PlainScreen } from '../../../src/client/terminal/screen/plain-screen.ts';
import { HumanView } from '../../../src/client/terminal/view/human-view.ts';
import { JsonView } from '../../../src/client/terminal/view/json-view.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { FakeMessenger } from './support/fake-messenger.ts';

const at = new Date(2026, 0, 31, 10, 5).getTime();
const iso = new Date(at).toISOString();
const message: Message = {
  id: '2.e.1.1',
  from: 2,
  fromName: 'amy',
  to: 1,
  text: 'psst',
  seq: 7,
  at,
  encrypted: true,
};
const damaged: Message = { ...withoutMark(message), text: '', unreadable: 'damaged' };
const line = (text: string) => ({ number: 1, text });

function withoutMark({ encrypted: _, ...rest }: Message): Message {
  return rest;
}

function views() {
  const [script, person] = [new PassThrough(), new PassThrough()];
  const screen = new PlainScreen(new Output(person));
  const clock = new VirtualClock(at);
  return {
    json: new JsonView(new Output(script), new Output(new PassThrough().resume())),
    human: new HumanView({
      screen,
      people: new People(),
      recent: new RecentMessages(),
      userId: 1,
      clock,
      client: new FakeMessenger(),
    }),
    printed: () => String(script.read() ?? ''),
    shown: () => String(person.read() ?? ''),
  };
}

describe('a message', () => {
  test('that was encrypted is marked, in words', async () => {
    const { json, human, printed, shown } = views();
    await json.message(message);
    await human.message(message);
    await human.message(withoutMark(message));
    expect(JSON.parse(printed())).toMatchObject({ text: 'psst', encrypted: true });
    expect(shown()).toBe('10:05 (2) amy → you [e2e]: psst\n10:05 (2) amy → you: psst\n');
  });

  test.each([
    [{ encrypted: true, key: 'verified' }, ' [e2e ✓]'],
    [{ encrypted: true, key: 'unverified' }, ' [e2e]'],
    [{ encrypted: true, key: 'changed' }, ' [e2e, NOT THE KEY YOU CONFIRMED]'],
    [{ encrypted: false, expected: true }, ' [NOT ENCRYPTED]'],
    [{ encrypted: false }, ' [not encrypted]'],
    [{}, ''],
  ] as const)('tells by whom it can be: %j', async (secrecy, mark) => {
    const { json, human, printed, shown } = views();
    const told = { ...withoutMark(message), ...secrecy };
    await json.message(told);
    await human.message(told);
    await json.result(line(':history'), history([told]));
    expect(shown()).toBe(`10:05 (2) amy → you${mark}: psst\n`);
    const [live, old] = printed()
      .trim()
      .split('\n')
      .map((each) => JSON.parse(each));
    const { encrypted, key, expected } = live;
    expect({ encrypted, key, expected }).toEqual({
      encrypted: undefined,
      key: undefined,
      expected: undefined,
      ...secrecy,
    });
    expect(old.data).toEqual([live]);
  });

  test('that cannot be read says so, and why', async () => {
    const reasons: Unreadable[] = [
      'off',
      'no-key',
      'lost-key',
      'unknown-sender',
      'damaged',
      'unknown-form',
    ];
    for (const unreadable of reasons) {
      const { human, shown } = views();
      await human.message({ ...damaged, unreadable });
      expect(shown()).toMatch(/^10:05 \(2\) amy → you: \[cannot be read: .{20,}\]\n$/);
    }
    const { json, printed } = views();
    await json.message(damaged);
    expect(printed()).toBe(
      `{"event":"message","id":"2.e.1.1","from":2,"fromName":"amy","to":1,"text":"","seq":7,"at":"${iso}","unreadable":"damaged"}\n`,
    );
  });

  test('of one’s own is marked when it is stored', async () => {
    const { json, human, printed, shown } = views();
    const outgoing = { target: { to: 2 }, text: 'psst' };
    const sent = { id: 'x', seq: 8, encrypted: true } as const;
    await json.sent(line('2;;psst'), outgoing, sent);
    await human.sent(line('2;;psst'), outgoing, sent);
    expect(JSON.parse(printed())).toEqual({ event: 'sent', line: 1, ...sent });
    expect(shown()).toContain('psst ✓ [e2e]');
  });
});

function history(messages: readonly Message[]) {
  return { kind: 'history', messages, isMore: false, older: false, expired: false } as const;
}

test('another key is announced', () => {
  const { json, human, printed, shown } = views();
  const change = { userId: 2, userName: 'amy', wasVerified: true };
  json.keyChanged(change);
  human.keyChanged(change);
  human.keyChanged({ ...change, wasVerified: false });
  human.keyChanged({ userId: 1, wasVerified: false });
  expect(JSON.parse(printed())).toEqual({ event: 'keyChanged', ...change });
  const text = shown();
  expect(text).toContain('nothing is sent to them until you have compared it: :verify 2');
  expect(text).toContain(':verify 2 shows the number to compare');
  expect(text).toContain('your account has another key than before');
});

describe(':verify', () => {
  test('shows the number, and confirms only one that was shown', async () => {
    const client = new FakeMessenger();
    const answers = new Answers({
      client,
      people: new People(),
      recent: new RecentMessages(),
      userId: 1,
      userName: 'bob',
      notice: () => {},
    });
    const ask = (isConfirmed: boolean) => answers.to({ kind: 'verify', userId: 2, isConfirmed });
    await expect(ask(true)).rejects.toMatchObject({ kind: 'invalid-argument' });
    const first = await ask(false);
    expect(first).toMatchObject({ key: { verified: false } });
    const { json, human, printed, shown } = views();
    await json.result(line(':verify 2'), first);
    await human.result(line(':verify 2'), first);
    expect(JSON.parse(printed()).data).toEqual({
      userId: 2,
      userName: 'amy',
      safetyNumber: client.safetyNumber,
      verified: false,
    });
    expect(shown()).toContain('  00000 00001 00002 00003\n  00004 00005 00006 00007\n');
    client.safetyNumber = client.safetyNumber.replace('00000', '99999');
    await expect(ask(true)).rejects.toMatchObject({ kind: 'key-changed' });
    await ask(false);
    expect(await ask(true)).toMatchObject({ key: { verified: true } });
  });
});

test('a key in the place of the one that was confirmed is said to be that', async () => {
  const { json, human, printed, shown } = views();
  const key: PeerKey = {
    ...{ userId: 2, userName: 'amy', safetyNumber: '1 2' },
    ...{ verified: false, changed: true },
  };
  await json.result(line(':verify 2'), { kind: 'verify', key });
  await human.result(line(':verify 2'), { kind: 'verify', key });
  expect(JSON.parse(printed()).data).toEqual(key);
  expect(shown()).toContain('! this is not the key of (2) amy that you have confirmed');
});

test('a search that only the client can make tells how far it has come', async () => {
  const { human, json, printed, shown } = views();
  const result = {
    kind: 'history',
    keyword: 'x',
    messages: [],
    isMore: false,
    older: true,
    expired: false,
    searched: 200,
  } as const;
  await human.result(line(':q x'), result);
  await json.result(line(':q x'), result);
  expect(shown()).toContain('searched 200 messages so far: :more goes on');
  expect(JSON.parse(printed())).toMatchObject({ older: true, searched: 200 });
});
