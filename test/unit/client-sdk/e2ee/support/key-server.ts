/** What routes keep of keys, without routes; and clients' encryption on it. */

import { deriveAccountKeys, formatSecret } from '../../../../../src/auth/account-secret.ts';
import { type Clock, systemClock } from '../../../../../src/base/clock.ts';
import type { CimError } from '../../../../../src/base/errors.ts';
import type {
  GroupMembersItem,
  GroupNewsItem,
} from '../../../../../src/client/sdk/client-events.ts';
import { Encryption } from '../../../../../src/client/sdk/e2ee/encryption.ts';
import type { GroupKeyCalls } from '../../../../../src/client/sdk/e2ee/groups/group-register.ts';
import {
  KnownGroups,
  type SavedGroups,
} from '../../../../../src/client/sdk/e2ee/groups/known-groups.ts';
import type { KeyChange } from '../../../../../src/client/sdk/e2ee/key-facts.ts';
import { KeyPins, type SavedPins } from '../../../../../src/client/sdk/e2ee/key-pins.ts';
import type { WrappedPair } from '../../../../../src/client/sdk/e2ee/key-vault.ts';
import { Patience } from '../../../../../src/client/sdk/e2ee/patience.ts';
import type { EncryptionMode } from '../../../../../src/client/sdk/e2ee/sealable.ts';
import { GroupServer } from './group-server.ts';

export class KeyServer {
  readonly pairs = new Map<number, WrappedPair>();
  readonly earlier = new Map<number, string[]>();
  /** What was asked for at a time. */
  readonly asked: (readonly number[])[] = [];
  /** While set, nothing is answered but this. */
  failure: CimError | null = null;

  publish(userId: number, pair: WrappedPair): WrappedPair {
    const taken = this.pairs.get(userId) ?? pair;
    this.pairs.set(userId, taken);
    return taken;
  }

  /** Everything is gone, as after FLUSHALL. */
  wipe(): void {
    this.pairs.clear();
    this.earlier.clear();
  }

  /** As `cim admin reset-secret` does. */
  reset(userId: number): void {
    const pair = this.pairs.get(userId);
    if (pair) this.earlier.set(userId, [pair.publicKey, ...(this.earlier.get(userId) ?? [])]);
    this.pairs.delete(userId);
  }

  async keys(userIds: readonly number[]): Promise<readonly unknown[]> {
    this.asked.push(userIds);
    if (this.failure) throw this.failure;
    return userIds.map((userId) => ({
      userId,
      userName: `user-${userId}`,
      current: this.pairs.get(userId)?.publicKey ?? null,
      earlier: this.earlier.get(userId) ?? [],
    }));
  }
}

export interface Device {
  readonly userId: number;
  readonly encryption: Encryption;
  readonly pins: KeyPins;
  readonly known: KnownGroups;
  readonly changes: KeyChange[];
  /** Of encrypted groups. */
  readonly told: (GroupNewsItem | GroupMembersItem)[];
  readonly unusable: string[];
  stop(): void;
}

export interface DeviceOptions {
  readonly mode?: EncryptionMode;
  /** Null: it has none, an application lets it in. */
  readonly secret?: string | null;
  readonly pins?: SavedPins;
  /** What a process before has kept of groups. */
  readonly known?: SavedGroups;
  readonly clock?: Clock;
  /** The group's register; absent: there is no encrypted group. */
  readonly group?: GroupServer;
  /** Of the register; absent: as they are. */
  readonly callsOf?: (calls: GroupKeyCalls) => GroupKeyCalls;
}

export function secretOf(userId: number): string {
  return formatSecret(new Uint8Array(32).fill(userId));
}

/** Of a user whose secret is made of the id, unless another one is given. */
export function deviceOf(server: KeyServer, userId: number, options: DeviceOptions = {}): Device {
  const { mode = 'auto', secret = secretOf(userId), pins: saved = [], clock, group } = options;
  const { callsOf = (calls) => calls } = options;
  const changes: KeyChange[] = [];
  const told: Device['told'] = [];
  const known = new KnownGroups();
  known.restore(options.known ?? []);
  const unusable: string[] = [];
  const pins = new KeyPins();
  pins.restore(saved);
  const time = clock ?? systemClock;
  const random = { bytes: (count: number) => new Uint8Array(count), fraction: () => 0 };
  const patience = new Patience({ clock: time, random });
  const encryption = new Encryption({
    userId,
    mode,
    pins,
    patience,
    now: () => time.monotonic(),
    wrapKey: async () =>
      secret === null ? undefined : (await deriveAccountKeys(secret, userId)).wrapKey,
    fetchOwn: async () => {
      if (server.failure) throw server.failure;
      return server.pairs.get(userId) ?? null;
    },
    publishOwn: async (pair) => server.publish(userId, pair),
    fetchKeys: (userIds) => server.keys(userIds),
    onPinned: () => {},
    groups: {
      known,
      random,
      onKnown: () => {},
      tell: {
        change: (change) => void told.push(change),
        members: (members) => void told.push(members),
      },
      askEpoch: async () => group?.status.keyEpoch ?? 0,
      calls: callsOf((group ?? new GroupServer()).callsOf(userId)),
    },
    onChanged: (change) => void changes.push(change),
    onUnusable: (reason) => void unusable.push(reason),
  });
  const seen = { changes, told, unusable };
  return { userId, encryption, pins, known, ...seen, stop: () => patience.stop() };
}
