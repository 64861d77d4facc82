/** The register of group keys in memory, as src/store/group-keys.ts says it, and nothing besides. */
import { limits } from '../../src/base/limits.ts';
import {
  afterDraw,
  decideDraw,
  drawsToDrop,
  type KnownDraw,
  mayGive,
  pageOfSlots,
  withChange,
} from '../../src/store/decisions/group-keys.ts';
import {
  type ChangesPlace,
  type Draw,
  type Drawn,
  drawGroupId,
  type GivenSlot,
  type GroupKeyChange,
  type GroupKeyChanges,
  type GroupKeys,
  type KeyState,
  type NoRegister,
  type OwnKeys,
  type SlotPlace,
} from '../../src/store/group-keys.ts';
import { groupTimeline } from '../../src/store/timelines.ts';
import {
  type MemoryData,
  type Register,
  type Sealed,
  type Shard,
  withEntry,
  withoutEntry,
} from './memory-shard.ts';

/** Somebody is a member from this epoch on. */
export function withMember(
  register: Register,
  userId: number,
  epoch: number,
  at: number,
): Register {
  const kind = register.since.size === 0 ? 'created' : 'joined';
  return {
    ...register,
    since: withEntry(register.since, userId, epoch),
    keyless: new Set(register.keyless).add(userId),
    ...(kind === 'created' && { groupId: drawGroupId() }),
    memberChanges: withChange(register.memberChanges, { epoch, kind, userId, by: userId, at }),
  };
}

/** Somebody is no member any more. */
export function withoutMember(
  register: Register,
  change: Omit<GroupKeyChange, 'number'>,
): Register {
  const { userId, epoch } = change;
  const rest = withoutSlots(register, userId);
  const keyless = new Set(rest.keyless);
  keyless.delete(userId);
  return {
    ...rest,
    freshFrom: epoch,
    staged: withoutEntry(rest.staged, userId),
    since: withoutEntry(rest.since, userId),
    keyless,
    memberChanges: withChange(rest.memberChanges, change),
  };
}

function withoutSlots(register: Register, userId: number): Register {
  return {
    ...register,
    draws: register.draws.map((draw) => ({ ...draw, slots: withoutEntry(draw.slots, userId) })),
    given: withoutEntry(register.given, userId),
  };
}

export class MemoryGroupKeys implements GroupKeys {
  readonly #data: MemoryData;
  readonly #messagesMax: number;
  readonly #now: () => number;

  constructor(data: MemoryData, messagesMax: number, now: () => number) {
    this.#data = data;
    this.#messagesMax = messagesMax;
    this.#now = now;
  }

  async draw(draw: Draw): Promise<Drawn | NoRegister> {
    const shard = this.#shard(draw.group, draw.by);
    if (typeof shard === 'string') return shard;
    const { register, members } = shard;
    const state = stateOf(shard);
    const found = register.staged.get(draw.by);
    const staged = found && found.until > this.#now() ? found : undefined;
    const verdict = decideDraw(draw, state, newestOf(register), staged);
    if (verdict !== 'begins' && verdict !== 'goes-on') {
      if (verdict !== 'committed')
        this.#save(draw.group, { ...register, staged: withoutEntry(register.staged, draw.by) });
      return drawn(shard, verdict);
    }
    const slots = new Map(verdict === 'goes-on' ? staged?.slots : undefined);
    for (const { userId, sealed } of draw.slots) if (members.has(userId)) slots.set(userId, sealed);
    const missing = [...members.keys()].filter((userId) => !slots.has(userId));
    if (draw.commit && missing.length === 0) return this.#commit(draw, shard, slots);
    const { keyEpoch } = state;
    const until = this.#now() + limits.groupKeyStagedMs;
    const kept = { draw: draw.draw, epoch: draw.epoch, keyEpoch, slots, until };
    this.#save(draw.group, { ...register, staged: withEntry(register.staged, draw.by, kept) });
    if (!draw.commit) return drawn(shard, 'staged');
    return {
      ...drawn(shard, 'incomplete'),
      missing: missing.toSorted((one, other) => one - other).slice(0, limits.groupKeyMissingMax),
    };
  }

  async give(group: string, by: number, slots: readonly GivenSlot[]): Promise<number | NoRegister> {
    const first = this.#shard(group, by);
    if (typeof first === 'string') return first;
    let taken = 0;
    for (const { userId, epoch, sealed } of slots) {
      const shard = this.#data.shard(groupTimeline(group));
      const { register } = shard;
      const given = register.given.get(userId) ?? [];
      const draws = register.draws.map((draw) => draw.epoch);
      const since = register.since.get(userId);
      const showsAll = shard.group?.history === 'all';
      const facts = { state: stateOf(shard), draws, since, showsAll, given };
      if (!mayGive({ epoch, by, userId }, facts)) continue;
      taken += 1;
      const oldest = Math.min(...draws);
      const kept = given.filter((slot) => slot.epoch >= oldest);
      const isFirst = register.keyless.has(userId) && epoch >= (since ?? 0);
      const keyless = new Set(register.keyless);
      if (isFirst) keyless.delete(userId);
      const change = { epoch, kind: 'given', userId, by, at: this.#now() } as const;
      this.#save(group, {
        ...register,
        given: withEntry(register.given, userId, [...kept, { epoch, by, draw: '', sealed }]),
        keyless,
        keyChanges: isFirst ? withChange(register.keyChanges, change) : register.keyChanges,
      });
    }
    return taken;
  }

  async read(group: string, userId: number, after?: SlotPlace): Promise<OwnKeys | NoRegister> {
    const shard = this.#shard(group, userId);
    if (typeof shard === 'string') return shard;
    const { register } = shard;
    const drawnSlots = register.draws.flatMap(({ epoch, by, draw, slots }) => {
      const sealed = slots.get(userId);
      return sealed ? [{ epoch, by, draw, sealed }] : [];
    });
    const own = {
      drawn: drawnSlots,
      given: register.given.get(userId) ?? [],
      draws: register.draws.map(({ epoch }) => epoch),
    };
    const missing = [...register.keyless]
      .filter((each) => each !== userId)
      .map((each) => ({ userId: each, since: register.since.get(each) ?? 0 }))
      .toSorted((one, other) => one.since - other.since)
      .slice(0, limits.groupKeyMissingMax);
    return {
      ...stateOf(shard),
      drawId: newestOf(register)?.draw ?? '',
      ...pageOfSlots(own, after),
      missing,
    };
  }

  async forget(group: string, userId: number): Promise<NoRegister | null> {
    const shard = this.#shard(group, userId);
    if (typeof shard === 'string') return shard;
    const { register } = shard;
    const keyless = new Set(register.keyless).add(userId);
    this.#save(group, { ...withoutSlots(register, userId), keyless });
    return null;
  }

  async changes(
    group: string,
    userId: number,
    after: ChangesPlace,
  ): Promise<GroupKeyChanges | NoRegister> {
    const shard = this.#shard(group, userId);
    if (typeof shard === 'string') return shard;
    const { groupId, memberChanges, keyChanges } = shard.register;
    const page = (changes: readonly GroupKeyChange[], last: number) =>
      changes.filter(({ number }) => number > last).slice(0, limits.groupChangesPageMax);
    return {
      groupId,
      members: page(memberChanges, after.members),
      keys: page(keyChanges, after.keys),
    };
  }

  #commit(draw: Draw, shard: Shard, slots: Sealed): Drawn {
    const { register, group, head } = shard;
    const { by, epoch } = draw;
    const usable = new Map([...slots].filter(([, sealed]) => sealed !== ''));
    const all = [...register.draws, { epoch, by, draw: draw.draw, head, slots: usable }];
    const dropped = drawsToDrop(all, this.#messagesMax);
    const state = afterDraw(epoch);
    const change = { epoch, kind: 'drawn', userId: by, by, at: this.#now() } as const;
    const isNext = group?.keyEpoch !== epoch;
    this.#data.change(groupTimeline(draw.group), {
      ...(group && {
        group: { ...group, keyEpoch: epoch, version: group.version + (isNext ? 1 : 0) },
      }),
      register: {
        ...register,
        freshFrom: state.freshFrom,
        drawn: state.drawn,
        draws: all.filter((each) => !dropped.includes(each.epoch)),
        staged: withoutEntry(register.staged, by),
        keyless: new Set([...slots.keys()].filter((userId) => !usable.has(userId))),
        keyChanges: withChange(register.keyChanges, change),
      },
    });
    return { ...state, status: 'committed', drawId: draw.draw, missing: [] };
  }

  #save(group: string, register: Register): void {
    this.#data.change(groupTimeline(group), { register });
  }

  #shard(group: string, userId: number): Shard | NoRegister {
    const shard = this.#data.shard(groupTimeline(group));
    if (!shard.group || !shard.members.has(userId)) return 'not-a-member';
    return shard.group.keyEpoch === 0 ? 'not-encrypted' : shard;
  }
}

function stateOf({ group, register }: Shard): KeyState {
  const { freshFrom, drawn } = register;
  return { keyEpoch: group?.keyEpoch ?? 0, freshFrom, drawn };
}

function newestOf({ draws }: Register): KnownDraw | undefined {
  return draws.at(-1);
}

function drawn(shard: Shard, status: Drawn['status']): Drawn {
  const drawId = newestOf(shard.register)?.draw ?? '';
  return { ...stateOf(shard), status, drawId, missing: [] };
}
