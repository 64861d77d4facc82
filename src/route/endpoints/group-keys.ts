/**
 * POST /groupKeys, /drawGroupKey, /giveGroupKey, /forgetGroupKeys, /groupChanges: the keys of encrypted
 * groups, sealed by members for members.
 */
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { type Endpoint, endpoint } from '../../http/endpoint.ts';
import {
  type GroupKeyChange,
  keyChangeKinds,
  memberChangeKinds,
  type SlotPlace,
} from '../../store/group-keys.ts';
import type { RouteOperations } from '../operations.ts';
import { boolean, groupName, integer, string, userId } from './fields.ts';
import { namedGroup } from './groups.ts';

const membership = {
  type: 'object',
  required: ['userId', 'group'],
  properties: { userId, group: groupName },
} as const;

const epoch = { type: 'integer', minimum: 1, maximum: 0xffff_ffff } as const;

const sealed = {
  type: 'string',
  maxLength: limits.sealedKeyCharactersMax,
  description: 'the key, sealed for this member by the key pair of who calls; base64url',
} as const;

const state = {
  keyEpoch: { ...integer, description: 'the present epoch' },
  freshFrom: { ...integer, description: 'into this epoch no key may be ratcheted' },
  drawn: { ...integer, description: 'the epoch of the newest draw; 0: there is none' },
  drawId: { ...string, description: 'of that draw' },
} as const;

const access = { who: 'users', actor: 'userId' } as const;

const changeNumber = {
  type: 'integer',
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER - 1,
} as const;

function changesOf<const Kinds extends readonly string[]>(kinds: Kinds) {
  return {
    type: 'array',
    items: {
      type: 'object',
      properties: {
        number: { ...integer, description: 'in its list, without a gap' },
        epoch: { ...integer, description: "the group's, from then on" },
        kind: { ...string, enum: kinds },
        userId: integer,
        by: integer,
        at: { ...integer, description: 'ms since 1970' },
      },
    },
  } as const;
}

function plain({ number, epoch, kind, userId, by, at }: GroupKeyChange) {
  return { number, epoch, kind, userId, by, at };
}

/** Characters of `<epoch>:<by>`. */
const placeCharactersMax = 10 + 1 + 16;

export function groupKeyEndpoints(operations: RouteOperations): readonly Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/groupKeys',
      access,
      summary: 'What is sealed for a member of an encrypted group, and whom nothing is sealed for',
      body: {
        ...membership,
        properties: {
          ...membership.properties,
          after: {
            type: 'string',
            minLength: 1,
            maxLength: placeCharactersMax,
            description: '`<epoch>:<by>` of the last slot of the page before',
          },
        },
      },
      answer: {
        type: 'object',
        properties: {
          ...state,
          slots: {
            type: 'array',
            description: 'the newest epoch first',
            items: {
              type: 'object',
              properties: {
                epoch: integer,
                by: integer,
                draw: { ...string, description: 'the draw that it came with; empty: it was given' },
                sealed: string,
              },
            },
          },
          more: boolean,
          missing: {
            type: 'array',
            description: 'members without a key since they joined, some',
            items: { type: 'object', properties: { userId: integer, since: integer } },
          },
        },
      },
      handle: async ({ userId, group, after }) => {
        const place = after === undefined ? undefined : placeOf(after);
        const keys = await operations.readGroupKeys(userId, namedGroup(group), place);
        const { keyEpoch, freshFrom, drawn, drawId, more } = keys;
        const slots = keys.slots.map(({ epoch, by, draw, sealed }) => ({
          epoch,
          by,
          draw,
          sealed,
        }));
        const missing = keys.missing.map(({ userId, since }) => ({ userId, since }));
        return { keyEpoch, freshFrom, drawn, drawId, slots, more, missing };
      },
    }),

    endpoint({
      method: 'POST',
      path: '/drawGroupKey',
      keeps: 'group-key',
      access,
      summary: 'Takes a page of a new key for all members of an encrypted group, and lets it count',
      body: {
        ...membership,
        required: [...membership.required, 'epoch', 'draw', 'slots', 'commit'],
        properties: {
          ...membership.properties,
          epoch: { ...epoch, description: 'that it is for' },
          draw: {
            type: 'string',
            description: 'its name, which commits to the key: 32 bytes in base64url',
            maxLength: 43,
          },
          slots: {
            type: 'array',
            maxItems: limits.groupKeySlotsPerCallMax,
            items: {
              type: 'object',
              required: ['userId', 'sealed'],
              properties: {
                userId,
                sealed: { ...sealed, description: `${sealed.description}; empty: nothing can be` },
              },
            },
          },
          commit: { type: 'boolean', description: 'true: it is complete, and counts from now on' },
        },
      },
      answer: {
        type: 'object',
        properties: {
          status: { ...string, enum: ['staged', 'committed', 'stale', 'taken', 'incomplete'] },
          ...state,
          missing: { type: 'array', items: integer, description: 'members without a slot, some' },
        },
      },
      handle: async ({ userId: by, group, slots, draw, ...rest }) => {
        if (!/^[\w-]{43}$/.test(draw))
          throw new CimError('invalid-argument', 'draw: must be 32 bytes in base64url');
        for (const slot of slots) assertSealed(slot.sealed, 0);
        const name = namedGroup(group);
        const drawn = await operations.drawGroupKey({ by, group: name, slots, draw, ...rest });
        const { status, keyEpoch, freshFrom, drawId, missing } = drawn;
        return { status, keyEpoch, freshFrom, drawn: drawn.drawn, drawId, missing };
      },
    }),

    endpoint({
      method: 'POST',
      path: '/giveGroupKey',
      keeps: 'group-key',
      access,
      summary: 'Gives single members of an encrypted group keys that others have',
      body: {
        ...membership,
        required: [...membership.required, 'slots'],
        properties: {
          ...membership.properties,
          slots: {
            type: 'array',
            maxItems: limits.groupKeysPerGiftMax,
            items: {
              type: 'object',
              required: ['userId', 'epoch', 'sealed'],
              properties: { userId, epoch, sealed },
            },
          },
        },
      },
      answer: {
        type: 'object',
        properties: { given: { ...integer, description: 'how many were taken' } },
      },
      handle: async ({ userId, group, slots }) => {
        for (const { sealed } of slots) assertSealed(sealed, 1);
        return { given: await operations.giveGroupKeys(userId, namedGroup(group), slots) };
      },
    }),

    endpoint({
      method: 'POST',
      path: '/forgetGroupKeys',
      keeps: 'group-key',
      access,
      summary:
        'What is sealed for the caller cannot be opened: it goes, and others may give it anew',
      body: membership,
      handle: ({ userId, group }) => operations.forgetGroupKeys(userId, namedGroup(group)),
    }),

    endpoint({
      method: 'POST',
      path: '/groupChanges',
      access,
      summary: 'What has changed of the members and keys of an encrypted group, in order',
      body: {
        ...membership,
        properties: {
          ...membership.properties,
          after: {
            ...changeNumber,
            description: 'only changes of members with numbers above this',
          },
          keysAfter: {
            ...changeNumber,
            description: 'only changes of keys with numbers above this',
          },
        },
      },
      answer: {
        type: 'object',
        properties: {
          groupId: { ...string, description: 'of this group, and of no other that had its name' },
          changes: changesOf(memberChangeKinds),
          keyChanges: changesOf(keyChangeKinds),
          more: boolean,
        },
      },
      handle: async ({ userId, group, after = 0, keysAfter = 0 }) => {
        const place = { members: after, keys: keysAfter };
        const found = await operations.groupChanges(userId, namedGroup(group), place);
        const { groupId, members, keys } = found;
        const more = [members, keys].some(({ length }) => length === limits.groupChangesPageMax);
        return { groupId, changes: members.map(plain), keyChanges: keys.map(plain), more };
      },
    }),
  ];
}

function placeOf(after: string): SlotPlace {
  const [, epoch, by] = /^(\d{1,10}):(\d{1,16})$/.exec(after) ?? [];
  if (epoch === undefined || by === undefined)
    throw new CimError('invalid-argument', 'after: must be `<epoch>:<by>` of a slot');
  return { epoch: Number(epoch), by: Number(by) };
}

function assertSealed(sealed: string, charactersMin: number): void {
  if (sealed.length < charactersMin || !/^[\w-]*$/.test(sealed))
    throw new CimError('invalid-argument', 'sealed: must be base64url');
}
