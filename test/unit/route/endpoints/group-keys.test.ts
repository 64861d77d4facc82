/** Encrypted groups at a route: who makes and enters them, what is refused on every way in, and who is told. */
import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { callOne } from '../../../../src/api/batch-call.ts';
import type { SubmitEntry } from '../../../../src/api/route-api.ts';
import { com } from '../../../../src/codec/generated/cim.js';
import { scanMessage } from '../../../../src/codec/message-scan.ts';
import { runOf } from '../../../../src/codec/run.ts';
import {
  address,
  amy,
  bob,
  instance,
  RouteHarness,
  submission,
  testTokens,
} from '../../../support/route-harness.ts';
import { waitUntil } from '../../../support/wait-until.ts';

const { Request, BaseCommand } = com.crossoverjie.cim.common.protocol;
const cooks = { group: 'cooks' };
const staleKey = 8201;
const encryptedGroup = 7402;
const notEncrypted = 7403;

let route: RouteHarness;
beforeEach(async () => {
  route = await RouteHarness.start({ authentication: { mode: 'secret', tokens: testTokens } });
});

const refusal = (kind: string) => expect.objectContaining({ kind });
const operations = () => route.core.operations;

async function publish(userId: number): Promise<void> {
  const publicKey = randomBytes(32).toString('base64url');
  await operations().publishKey(userId, { publicKey, wrappedKey: 'wrapped' });
}

/** Amy's, with bob in it: two epochs. */
async function makeGroup(): Promise<void> {
  for (const { userId } of [amy, bob]) await publish(userId);
  await operations().createGroup(amy.userId, 'cooks', { e2ee: true });
  await operations().joinGroup(bob.userId, 'cooks', true);
}

/** As a client seals it, under the key of an epoch. */
function sealedSubmission(sendSeq: number, keyEpoch: number, group = 'cooks'): SubmitEntry {
  const sealed = Buffer.from(`sealed ${sendSeq}`);
  const fields = { cmd: BaseCommand.MESSAGE, group, sendSeq, sealed, keyEpoch };
  const run = runOf([Request.encode(fields).finish()]);
  return { ...submission(sendSeq, '', group), ...run, keyEpoch };
}

async function draw(by: number, epoch: number, sealed = 'key') {
  const slots = [amy, bob].map(({ userId }) => ({ userId, sealed: `${sealed}${userId}` }));
  const name = randomBytes(16).toString('base64url');
  return operations().drawGroupKey({ ...cooks, by, epoch, draw: name, slots, commit: true });
}

describe('an encrypted group', () => {
  test('is made and entered by accounts with a key pair', async () => {
    const make = () => operations().createGroup(amy.userId, 'cooks', { e2ee: true });
    await expect(make()).rejects.toEqual(refusal('no-key'));
    expect(await route.store.groups.find('cooks')).toBeNull();
    await publish(amy.userId);
    expect(await make()).toMatchObject({ keyEpoch: 1, version: 1 });
    expect(await make()).toMatchObject({ keyEpoch: 1 });
    const join = (e2ee?: boolean) => operations().joinGroup(bob.userId, 'cooks', e2ee);
    // With and without saying so: what keeps them out is that they have none.
    await expect(join()).rejects.toEqual(refusal('no-key'));
    await expect(join(true)).rejects.toEqual(refusal('no-key'));
    await publish(bob.userId);
    await expect(join()).rejects.toEqual(refusal('encrypted-group'));
    expect(await join(true)).toMatchObject({ keyEpoch: 2, version: 2 });
    expect(await operations().groupOf(bob.userId, 'cooks')).toMatchObject({ keyEpoch: 2 });
    expect(await operations().groupsOf(bob.userId)).toMatchObject([{ keyEpoch: 2 }]);
  });

  test('is not made of a clear one, of whoever that is', async () => {
    for (const { userId } of [amy, bob]) await publish(userId);
    await operations().createGroup(amy.userId, 'cooks');
    for (const { userId } of [amy, bob])
      await expect(operations().createGroup(userId, 'cooks', { e2ee: true })).rejects.toEqual(
        refusal('group-exists'),
      );
    expect(await operations().joinGroup(bob.userId, 'cooks', true)).toMatchObject({ keyEpoch: 0 });
  });

  test('is none where anybody may be anybody', async () => {
    const open = await RouteHarness.start();
    await open.store.accounts.offerKeys(amy.userId, { publicKey: 'p', wrappedKey: 'w' });
    await expect(
      open.core.operations.createGroup(amy.userId, 'cooks', { e2ee: true }),
    ).rejects.toEqual(refusal('no-key'));
  });

  test('tells its members of every epoch', async () => {
    await route.connect(bob, 3, 'phone', 1);
    await publish(bob.userId);
    await publish(amy.userId);
    await operations().createGroup(amy.userId, 'cooks', { e2ee: true });
    const interest = (version: number) =>
      callOne(route.core.api.interest, { ...cooks, instance, address, gone: false, version });
    expect(await interest(0)).toMatchObject({ facts: [{ keyEpoch: 1, version: 1 }] });
    await operations().joinGroup(bob.userId, 'cooks', true);
    expect(route.memberships).toMatchObject([{ group: 'cooks', code: 0, keyEpoch: 2 }]);
    expect(route.changedGroups).toEqual(['cooks']);
    expect(await interest(1)).toMatchObject({ facts: [{ keyEpoch: 2, version: 2 }] });
    await draw(amy.userId, 2);
    await draw(bob.userId, 3);
    await operations().leaveGroup(bob.userId, 'cooks');
    expect(route.changedGroups).toEqual(Array(4).fill('cooks'));
    expect(await interest(2)).toMatchObject({ facts: [{ keyEpoch: 4, version: 4 }] });
    expect(await route.connect(bob, 4, 'other', 1)).toMatchObject({ groups: [] });
    await operations().joinGroup(bob.userId, 'cooks', true);
    expect(await route.connect(bob, 5, 'third', 1)).toMatchObject({
      groups: [{ group: 'cooks', keyEpoch: 5 }],
    });
  });
});

describe('what is clear', () => {
  beforeEach(makeGroup);

  test('is refused for good from clients, and takes its numbers', async () => {
    const results = await route.submit(
      submission(1, 'plain', 'cooks'),
      submission(1, 'again', 'cooks'),
      sealedSubmission(2, 2),
    );
    expect(results).toMatchObject([
      { code: encryptedGroup, refused: 1 },
      { code: encryptedGroup, refused: 1 },
      { code: 0, seq: 1 },
    ]);
    expect(route.counted()).toMatchObject({ 'messages.refused.encrypted-group': 2 });
  });

  test('is refused over HTTP, stored and transient, as an application’s as well', async () => {
    const say = { from: amy.userId, ...cooks, text: 'plain' };
    for (const options of [{}, { isExempt: true }, { transient: true }, { key: 'once' }])
      await expect(operations().sendGroup({ ...say, ...options })).rejects.toEqual(
        refusal('encrypted-group'),
      );
    const react = {
      from: amy.userId,
      ...cooks,
      content: { retract: '1.0101010101010101.#cooks.1' },
    };
    await expect(operations().sendGroup(react)).rejects.toEqual(refusal('encrypted-group'));
    expect(await route.timelineOf('g:cooks')).toEqual([]);
  });

  test('is not scheduled, and is not sent if it was', async () => {
    const later = { id: 's', from: amy.userId, text: 'plain', delaySeconds: 0 };
    await expect(operations().schedule({ ...later, ...cooks })).rejects.toEqual(
      refusal('encrypted-group'),
    );
    // For a group of this name that was clear, and has ended.
    await operations().schedule({ ...later, group: 'bakers' });
    await operations().createGroup(amy.userId, 'bakers', { e2ee: true });
    await waitUntil(
      'nothing waits',
      async () => (await operations().delayed(amy.userId)).messages.length === 0,
    );
    expect(await route.timelineOf('g:bakers')).toEqual([]);
  });

  test('is dropped of transient messages, unless there is nothing in it', async () => {
    await callOne(route.core.api.interest, {
      ...cooks,
      instance,
      address,
      gone: false,
      version: 0,
    });
    const { from, fromName, epochHex, sessionId } = submission(1, '');
    const pass = (fields: object) => {
      const body = Request.encode({
        cmd: BaseCommand.MESSAGE,
        transient: true,
        ...fields,
      }).finish();
      return route.pass({ from, fromName, epochHex, instance, sessionId, body });
    };
    const sealed = Buffer.from('typing');
    pass({ ...cooks, reqMsg: 'typing' });
    pass({ ...cooks, content: sealed });
    pass({ ...cooks, sealed });
    pass({ group: 'lobby', sealed, keyEpoch: 2 });
    pass({ to: bob.userId, sealed, keyEpoch: 2 });
    // Of an epoch that is to come, or long gone: each member would ask for its key.
    pass({ ...cooks, sealed, keyEpoch: 3 });
    pass({ ...cooks, sealed, keyEpoch: 0xffff_ffff });
    await draw(amy.userId, 2);
    await draw(amy.userId, 3);
    pass({ ...cooks, sealed, keyEpoch: 1 });
    pass({ ...cooks });
    for (const keyEpoch of [2, 3]) pass({ ...cooks, sealed, keyEpoch });
    await waitUntil('the others are looked at', () => route.counted()['transient.refused'] === 8);
    await waitUntil('three are handed on', () => route.transients.length === 3);
    const passed = route.transients.map(({ body }) => scanMessage(body).keyEpoch);
    expect(passed).toEqual([0, 2, 3]);
  });
});

describe('what is sealed', () => {
  test('is refused where there is no key', async () => {
    await operations().createGroup(amy.userId, 'bakers');
    expect(await route.submit(sealedSubmission(1, 1, 'bakers'))).toMatchObject([
      { code: notEncrypted, refused: 1 },
    ]);
    expect(route.counted()).toMatchObject({ 'messages.refused.not-encrypted': 1 });
  });

  test('under a key that is none any more is sealed anew, and keeps its number', async () => {
    await makeGroup();
    expect(await route.submit(sealedSubmission(1, 2))).toMatchObject([{ code: 0, seq: 1 }]);
    await operations().leaveGroup(bob.userId, 'cooks');
    const [repeated, next] = await route.submit(sealedSubmission(1, 2), sealedSubmission(2, 2));
    expect(repeated).toMatchObject({ code: 0, duplicates: 1 });
    expect(next).toMatchObject({ code: staleKey, duplicates: 0, stored: 0, refused: 0 });
    expect(await route.submit(sealedSubmission(2, 3))).toMatchObject([{ code: 0, seq: 2 }]);
    expect(route.counted()).toMatchObject({ 'messages.refused.stale-key': 1 });
  });

  test('names its epoch to members: pushed, read, and in the history', async () => {
    await makeGroup();
    await callOne(route.core.api.interest, {
      ...cooks,
      instance,
      address,
      gone: false,
      version: 0,
    });
    await route.submit(sealedSubmission(1, 2));
    await waitUntil('it is pushed', () => route.groupPushes.length === 1);
    const asked = { userId: bob.userId, ...cooks, limit: 10 };
    const { messages } = await operations().history(asked);
    expect(messages).toMatchObject([{ text: '', keyEpoch: 2 }]);
    expect(Buffer.from(messages[0]?.sealed ?? []).toString()).toBe('sealed 1');
    const read = { ...asked, after: 0, afterIdentity: '' };
    const { bodies } = await callOne(route.core.api.read, read);
    expect(bodies.map((body) => scanMessage(body).keyEpoch)).toEqual([2]);
  });
});

describe('the register', () => {
  test('is for members only', async () => {
    await makeGroup();
    const carol = await operations().register({ name: 'carol', loginKey: 'A'.repeat(43) });
    const { userId } = carol;
    const ofAnother = [cooks.group, 'nobody'] as const;
    for (const [index, group] of ofAnother.entries()) {
      const why = refusal(index === 0 ? 'not-a-member' : 'unknown-group');
      await expect(operations().readGroupKeys(userId, group)).rejects.toEqual(why);
      await expect(
        operations().groupChanges(userId, group, { members: 0, keys: 0 }),
      ).rejects.toEqual(why);
      await expect(operations().forgetGroupKeys(userId, group)).rejects.toEqual(why);
      const slots = [{ userId: amy.userId, epoch: 2, sealed: 'x' }];
      await expect(operations().giveGroupKeys(userId, group, slots)).rejects.toEqual(why);
    }
    await expect(draw(userId, 2)).rejects.toEqual(refusal('not-a-member'));
    await operations().createGroup(amy.userId, 'bakers');
    await expect(operations().readGroupKeys(amy.userId, 'bakers')).rejects.toEqual(
      refusal('not-encrypted'),
    );
  });

  test('tells nobody of a draw that does not count', async () => {
    await makeGroup();
    await callOne(route.core.api.interest, {
      ...cooks,
      instance,
      address,
      gone: false,
      version: 0,
    });
    expect(await draw(amy.userId, 1)).toMatchObject({ status: 'stale', keyEpoch: 2 });
    expect(route.changedGroups).toEqual([]);
    expect(await draw(amy.userId, 2)).toMatchObject({ status: 'committed' });
    expect(await draw(bob.userId, 2)).toMatchObject({ status: 'taken' });
    expect(route.changedGroups).toEqual(['cooks']);
    expect(await operations().readGroupKeys(bob.userId, 'cooks')).toMatchObject({
      slots: [{ by: amy.userId, sealed: `key${bob.userId}` }],
    });
  });
});
