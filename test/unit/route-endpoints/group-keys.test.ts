// Goal: the endpoints of the keys of encrypted groups hand on what is well-formed and within its
// bounds, and answer everything else with the field that is wrong. Method: fake operations.
import { describe, expect, test } from '@jest/globals';
import { limits } from '../../../src/base/limits.ts';
import { cim, failure, RouteCaller, success } from './route-caller.ts';

const sealed = 'A'.repeat(107);
const slot = { userId: 2, sealed };
const gift = { userId: 2, epoch: 3, sealed };
const membership = { userId: 1, group: 'Cooks' };
const draw = { ...membership, epoch: 3, draw: 'd'.repeat(43), slots: [slot], commit: true };

test('what is well-formed is handed on', async () => {
  const route = new RouteCaller();
  const state = { keyEpoch: 3, freshFrom: 2, drawn: 2, drawId: 'd' };
  const asked = async (path: string, body: object) => route.post(path, body, cim);
  expect(await asked('/groupKeys', { ...membership, after: '7:2' })).toEqual(
    success({ ...state, slots: [], more: false, missing: [] }),
  );
  expect(await asked('/drawGroupKey', draw)).toEqual(
    success({ status: 'committed', ...state, missing: [] }),
  );
  expect(await asked('/giveGroupKey', { ...membership, slots: [gift] })).toEqual(
    success({ given: 1 }),
  );
  expect(await asked('/forgetGroupKeys', membership)).toEqual(success());
  expect(await asked('/groupChanges', { ...membership, after: 9, keysAfter: 8 })).toEqual(
    success({ groupId: 'g', changes: [], keyChanges: [], more: false }),
  );
  const place = { userId: 1, group: 'cooks' };
  const { userId: by, ...rest } = draw;
  expect(route.operations.calls).toEqual([
    ['readGroupKeys', { ...place, after: { epoch: 7, by: 2 } }],
    ['drawGroupKey', { ...rest, by, group: 'cooks' }],
    ['giveGroupKeys', { ...place, slots: [gift] }],
    ['forgetGroupKeys', place],
    ['groupChanges', { ...place, after: { members: 9, keys: 8 } }],
  ]);
});

test('nothing else of a slot goes any further', async () => {
  const route = new RouteCaller();
  const odd = { ...slot, epoch: 9, __proto__: { more: 1 }, other: 'x' };
  await route.post('/drawGroupKey', { ...draw, slots: [odd] }, cim);
  const { userId: by, ...rest } = draw;
  const handed = { ...rest, by, group: 'cooks', slots: [slot] };
  expect(route.operations.calls).toStrictEqual([['drawGroupKey', handed]]);
});

test('a slot may be empty in a draw, and in no gift', async () => {
  const route = new RouteCaller();
  const [status] = await route.post('/drawGroupKey', { ...draw, slots: [{ ...slot, sealed: '' }] });
  expect(status).toBe(200);
  const slots = [{ ...gift, sealed: '' }];
  expect(await route.post('/giveGroupKey', { ...membership, slots })).toEqual(
    failure(400, '3000', 'sealed: must be base64url'),
  );
});

describe('what is not is refused, and reaches nobody', () => {
  const { groupKeySlotsPerCallMax, groupKeysPerGiftMax, sealedKeyCharactersMax } = limits;
  const id = 'must be a whole number from 1 to 9007199254740991';
  const epochs = 'must be a whole number from 1 to 4294967295';
  test.each([
    ['/groupKeys', { userId: 1 }, 'group: must be given'],
    ['/groupKeys', { userId: 1, group: 'lobby' }, 'group: everybody online is in the lobby'],
    ['/groupKeys', { ...membership, after: 'x' }, 'after: must be `<epoch>:<by>` of a slot'],
    ['/groupKeys', { ...membership, after: '1:-1' }, 'after: must be `<epoch>:<by>` of a slot'],
    ['/groupKeys', { ...membership, after: 3 }, 'after: must be a string'],
    ['/drawGroupKey', { ...draw, commit: undefined }, 'commit: must be given'],
    ['/drawGroupKey', { ...draw, commit: 1 }, 'commit: must be true or false'],
    ['/drawGroupKey', { ...draw, epoch: 0 }, `epoch: ${epochs}`],
    ['/drawGroupKey', { ...draw, epoch: 2 ** 32 }, `epoch: ${epochs}`],
    ['/drawGroupKey', { ...draw, draw: 'd:d' }, 'draw: must be 32 bytes in base64url'],
    [
      '/drawGroupKey',
      { ...draw, draw: `${'d'.repeat(21)}:` },
      'draw: must be 32 bytes in base64url',
    ],
    ['/drawGroupKey', { ...draw, slots: {} }, 'slots: must be an array'],
    ['/drawGroupKey', { ...draw, slots: [slot, null] }, 'slots[1]: must be an object'],
    ['/drawGroupKey', { ...draw, slots: [[]] }, 'slots[0]: must be an object'],
    ['/drawGroupKey', { ...draw, slots: [{}] }, 'slots[0].userId: must be given'],
    ['/drawGroupKey', { ...draw, slots: [{ userId: 2 }] }, 'slots[0].sealed: must be given'],
    ['/drawGroupKey', { ...draw, slots: [{ ...slot, userId: 0 }] }, `slots[0].userId: ${id}`],
    [
      '/drawGroupKey',
      { ...draw, slots: [{ ...slot, sealed: 'a+b' }] },
      'sealed: must be base64url',
    ],
    [
      '/drawGroupKey',
      { ...draw, slots: Array(groupKeySlotsPerCallMax + 1).fill(slot) },
      `slots: must have at most ${groupKeySlotsPerCallMax} elements`,
    ],
    ['/giveGroupKey', { ...membership, slots: [slot] }, 'slots[0].epoch: must be given'],
    [
      '/giveGroupKey',
      { ...membership, slots: Array(groupKeysPerGiftMax + 1).fill(gift) },
      `slots: must have at most ${groupKeysPerGiftMax} elements`,
    ],
    ['/groupChanges', { ...membership, after: -1 }, 'after: must be a whole number from 0 to'],
  ])('%s %j', async (path, body, problem) => {
    const route = new RouteCaller();
    const [status, text] = await route.post(path, body, cim);
    expect(status).toBe(400);
    expect((JSON.parse(text) as { message: string }).message).toContain(problem);
    expect(route.operations.calls).toEqual([]);
  });

  test('a slot that is too long', async () => {
    const route = new RouteCaller();
    const slots = [{ ...slot, sealed: 'A'.repeat(sealedKeyCharactersMax + 1) }];
    const [status, text] = await route.post('/drawGroupKey', { ...draw, slots }, cim);
    expect([status, (JSON.parse(text) as { code: string }).code]).toEqual([400, '3001']);
  });
});
