/** Who takes part in a run: people with their devices, and groups of them. Pure. */
import { lobby } from '../client/sdk/index.ts';
import { SeededRandom } from '../witness/seeded-random.ts';

export interface Person {
  readonly userId: number;
  readonly userName: string;
  /** What they write to others like them is encrypted from end to end. */
  readonly encrypts: boolean;
  /** Ids of the person's devices. */
  readonly devices: readonly string[];
}

/** A named group with the same members all the time. */
export interface PopulationGroup {
  readonly name: string;
  /** Of its members; the first one makes it. */
  readonly userIds: readonly number[];
}

export interface Population {
  /** What tells this run's accounts, groups and messages from those of every other. */
  readonly run: string;
  readonly people: readonly Person[];
  readonly groups: readonly PopulationGroup[];
  /** Whether everybody also speaks in the lobby, where others than this run's people are. */
  readonly usesLobby: boolean;
}

export interface PopulationOptions {
  readonly seed: number;
  /** 30 bits: the seed's own on a cluster of one's own, random on somebody's. */
  readonly run: number;
  readonly users: number;
  /** Each person has up to so many. */
  readonly devices: number;
  readonly groups: number;
  readonly usesLobby: boolean;
}

/** Above every id that people give out; each run has a million of its own up to 2^53. */
const firstUserId = 8_000_000_000_000_000;
const usersPerRun = 800_000;
/** One in so many encrypts: sealing takes more than all the rest together. */
const encryptingShare = 3;

export function drawPopulation(options: PopulationOptions): Population {
  const random = new SeededRandom(options.seed, 'population');
  const run = options.run.toString(36);
  const people = Array.from({ length: options.users }, (_, index) => {
    // One of them has as many as there may be, whatever the dice say.
    const count = index === 0 ? options.devices : random.integer(1, options.devices);
    return {
      userId: firstUserId + options.run * usersPerRun + index + 1,
      userName: `verify-${run}-${index + 1}`,
      encrypts: index % encryptingShare === 0,
      devices: Array.from({ length: count }, (__, device) => `${index + 1}.${device + 1}`),
    };
  });
  const groups = Array.from({ length: options.groups }, (_, index) => ({
    name: `verify-${run}-${index + 1}`,
    userIds: random
      .shuffle(people)
      .slice(0, random.integer(2, people.length))
      .map(({ userId }) => userId),
  }));
  return { run, people, groups, usesLobby: options.usesLobby };
}

/** A user id of this run that nobody has. */
export function nobody({ people }: Population): number {
  return (people.at(-1)?.userId ?? firstUserId) + 1;
}

export function deviceCount({ people }: Population): number {
  return people.reduce((sum, { devices }) => sum + devices.length, 0);
}

/** The names of the groups in which this user speaks. */
export function groupsOf({ groups, usesLobby }: Population, userId: number): readonly string[] {
  const own = groups.filter(({ userIds }) => userIds.includes(userId)).map(({ name }) => name);
  return usesLobby ? [...own, lobby] : own;
}

/** The names of the groups in which this user is not. */
export function otherGroups({ groups }: Population, userId: number): readonly string[] {
  return groups.filter(({ userIds }) => !userIds.includes(userId)).map(({ name }) => name);
}
