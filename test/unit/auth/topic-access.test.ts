// Goal: nobody publishes or subscribes without a right to, whoever they are. Method: each kind of identity
// against topics of the free space and of others.
import { expect, test } from '@jest/globals';
import { mayUseTopic, type TopicIdentity, topicOwnerOf } from '../../../src/auth/topic-access.ts';
import { parseTopicRight } from '../../../src/base/topics/topic-right.ts';

const rights = ['pub t/%u/#', 'sub c/%c', 'sub s/#'].map(parseTopicRight);
const device: TopicIdentity = { kind: 'device', name: 'lamp', rights };
const account: TopicIdentity = { kind: 'account', userId: 7 };
const nobody: TopicIdentity = { kind: 'nobody' };
const all = [device, account, nobody];

function may(
  identity: TopicIdentity,
  action: 'publish' | 'subscribe',
  topic: string,
  isOpen = false,
) {
  return mayUseTopic({ identity, action, topic, isOpen, clientId: 'one' });
}

test('accounts have the free space where topics are open, and else nothing', () => {
  for (const identity of [account, nobody])
    for (const isOpen of [true, false]) {
      expect(may(identity, 'publish', 'a/b', isOpen)).toBe(isOpen);
      expect(may(identity, 'subscribe', '#', isOpen)).toBe(isOpen);
      expect(may(identity, 'subscribe', '$share/x/a', isOpen)).toBe(isOpen);
    }
});

test('a device has the rights of its key, whether topics are open or not', () => {
  for (const isOpen of [true, false]) {
    expect(may(device, 'publish', 't/lamp/1', isOpen)).toBe(true);
    expect(may(device, 'publish', 't/other/1', isOpen)).toBe(false);
    expect(may(device, 'subscribe', 't/lamp/1', isOpen)).toBe(false);
    expect(may(device, 'subscribe', 'c/one', isOpen)).toBe(true);
    expect(may(device, 'subscribe', 'c/two', isOpen)).toBe(false);
  }
});

test('a shared subscription needs the right to its filter', () => {
  expect(may(device, 'subscribe', '$share/pool/s/+')).toBe(true);
  expect(may(device, 'subscribe', '$share/pool/#')).toBe(false);
});

test('nobody has topics of people and groups, or of the server', () => {
  const wide: TopicIdentity = { ...device, rights: [parseTopicRight('sub #')] };
  for (const identity of [...all, wide])
    for (const topic of ['cim/u/7', 'cim/#', '$SYS/a', '$share/x/cim/inbox', '$share/x/$SYS/#']) {
      expect(may(identity, 'subscribe', topic, true)).toBe(false);
      if (!topic.startsWith('$share')) expect(may(identity, 'publish', topic, true)).toBe(false);
    }
});

test('what somebody keeps is theirs', () => {
  expect(all.map(topicOwnerOf)).toEqual(['d:lamp', 'u:7', 'nobody']);
});
