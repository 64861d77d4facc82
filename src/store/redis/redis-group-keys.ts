/**
 * The register of group keys in Redis: all of it bears the hash tag of the group
 * (scripts/parts/group-keys.lua), so that a draw counts in the same step as the epoch grows.
 */
import { limits } from '../../base/limits.ts';
import { pageOfSlots } from '../decisions/group-keys.ts';
import {
  type ChangesPlace,
  type Draw,
  type Drawn,
  type GivenSlot,
  type GroupKeyChange,
  type GroupKeyChanges,
  type GroupKeys,
  type KeySlot,
  type KeyState,
  keyChangeKinds,
  memberChangeKinds,
  type NoRegister,
  type OwnKeys,
  type SlotPlace,
} from '../group-keys.ts';
import type { Retention } from '../store.ts';
import { groupTimeline } from '../timelines.ts';
import type { Argument, RedisCalls, Reply } from './calls/redis-calls.ts';
import type { Keys } from './keys.ts';
import { type Script, scripts } from './scripts.ts';

type DrawReply = [
  status: Buffer,
  keyEpoch: number,
  freshFrom: number,
  drawn: number,
  drawId: Buffer,
  ...missing: Buffer[],
];
type ChangesReply = [groupId: Buffer, members: Buffer[], keys: Buffer[]];
type ReadReply = [
  keyEpoch: number,
  freshFrom: number,
  drawn: number,
  draws: (number | Buffer)[],
  given: Buffer[],
  missing: Buffer[],
];

export class RedisGroupKeys implements GroupKeys {
  readonly #calls: RedisCalls;
  readonly #keys: Keys;
  readonly #messagesMax: number;

  constructor(calls: RedisCalls, keys: Keys, { messagesMax }: Pick<Retention, 'messagesMax'>) {
    this.#calls = calls;
    this.#keys = keys;
    this.#messagesMax = messagesMax;
  }

  async draw({ group, by, draw, epoch, slots, commit }: Draw): Promise<Drawn | NoRegister> {
    const timeline = groupTimeline(group);
    const bounds = [limits.groupKeyDrawsMax, limits.groupKeyMissingMax, limits.groupChangesMax];
    const reply = await this.#calls.run(
      scripts.drawGroupKey,
      [...this.#keysOf(group), this.#keys.roll(group), this.#keys.head(timeline)],
      [
        ...[by, draw, epoch, commit ? 1 : 0, limits.groupKeyStagedMs],
        ...[this.#messagesMax, ...bounds, limits.groupEpochsAheadMax],
        ...slots.flatMap(({ userId, sealed }) => [userId, sealed]),
      ],
    );
    const [status, keyEpoch, freshFrom, drawn, drawId, ...missing] = reply as DrawReply;
    const text = status.toString();
    if (isNoRegister(text)) return text;
    return {
      ...{ status: text as Drawn['status'], keyEpoch, freshFrom, drawn },
      drawId: drawId.toString(),
      missing: missing.map(Number),
    };
  }

  async give(group: string, by: number, slots: readonly GivenSlot[]): Promise<number | NoRegister> {
    const { groupKeyGiversMax, groupKeysGivenMax, groupChangesMax } = limits;
    const reply = await this.#run(scripts.giveGroupKeys, group, [
      ...[by, groupKeyGiversMax, groupKeysGivenMax, groupChangesMax],
      ...slots.flatMap(({ userId, epoch, sealed }) => [userId, epoch, sealed]),
    ]);
    return typeof reply === 'number' ? reply : noRegisterOf(reply);
  }

  async read(group: string, userId: number, after?: SlotPlace): Promise<OwnKeys | NoRegister> {
    // The caller may be one of them.
    const asked = [userId, limits.groupKeyMissingMax];
    const reply = (await this.#run(scripts.readGroupKeys, group, asked)) as ReadReply | [Buffer];
    if (reply.length === 1) return noRegisterOf(reply[0]);
    const [keyEpoch, freshFrom, drawn, draws, given, missing] = reply;
    const state: KeyState = { keyEpoch, freshFrom, drawn };
    const known = drawsOf(draws);
    const slots = {
      drawn: known.filter(({ sealed }) => sealed !== ''),
      given: pairsOf(given).map(([place, sealed]) => {
        const [epoch = 0, by = 0] = place.split(':').map(Number);
        return { epoch, by, draw: '', sealed };
      }),
      draws: known.map(({ epoch }) => epoch),
    };
    return {
      ...state,
      drawId: known.at(-1)?.draw ?? '',
      ...pageOfSlots(slots, after),
      missing: pairsOf(missing)
        .map(([member, since]) => ({ userId: Number(member), since: Number(since) }))
        .filter((member) => member.userId !== userId)
        .slice(0, limits.groupKeyMissingMax),
    };
  }

  async forget(group: string, userId: number): Promise<NoRegister | null> {
    const reply = await this.#run(scripts.forgetGroupKeys, group, [userId]);
    return reply === null ? null : noRegisterOf(reply);
  }

  async changes(
    group: string,
    userId: number,
    after: ChangesPlace,
  ): Promise<GroupKeyChanges | NoRegister> {
    const asked = [userId, limits.groupChangesPageMax, after.members, after.keys];
    const reply = await this.#run(scripts.readGroupChanges, group, asked);
    if (!Array.isArray(reply)) return noRegisterOf(reply);
    const [groupId, members, keys] = reply as ChangesReply;
    return {
      groupId: groupId.toString(),
      members: changesOf(members),
      keys: changesOf(keys),
    };
  }

  #run(script: Script, group: string, args: readonly Argument[]): Promise<Reply> {
    return this.#calls.run(script, this.#keysOf(group), args);
  }

  #keysOf(group: string): string[] {
    const timeline = groupTimeline(group);
    return [this.#keys.group(group), this.#keys.talk(timeline), this.#keys.members(timeline)];
  }
}

function changesOf(values: readonly Buffer[]): GroupKeyChange[] {
  return pairsOf(values).map(([id, change]) => {
    const [epoch, kind, userId, by, at] = change.split(':');
    return {
      number: Number.parseInt(id, 10),
      epoch: Number(epoch),
      kind: [...memberChangeKinds, ...keyChangeKinds].find((each) => each === kind) ?? 'given',
      userId: Number(userId),
      by: Number(by),
      at: Number(at),
    };
  });
}

/** By epoch, as the script has them. */
function drawsOf(values: readonly (number | Buffer)[]): KeySlot[] {
  const slots: KeySlot[] = [];
  for (let at = 0; at < values.length; at += 3) {
    const [by = '', draw = ''] = String(values[at + 1]).split(':');
    const sealed = String(values[at + 2]);
    slots.push({ epoch: Number(values[at]), by: Number(by), draw, sealed });
  }
  return slots;
}

function pairsOf(values: readonly Buffer[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let at = 0; at < values.length; at += 2)
    pairs.push([String(values[at]), String(values[at + 1])]);
  return pairs;
}

function isNoRegister(text: string): text is NoRegister {
  return text === 'not-a-member' || text === 'not-encrypted';
}

function noRegisterOf(reply: Reply): NoRegister {
  return String(reply) === 'not-a-member' ? 'not-a-member' : 'not-encrypted';
}
