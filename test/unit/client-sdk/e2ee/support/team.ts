/** A group of a few, and their devices: what they say in it, and who reads it. */
import { deriveAccountKeys } from '../../../../../src/auth/account-secret.ts';
import { toBase64Url } from '../../../../../src/base/text/base64url.ts';
import { scopeOf, sealGroupKey } from '../../../../../src/client/sdk/e2ee/groups/group-key-slot.ts';
import { openVault } from '../../../../../src/client/sdk/e2ee/key-vault.ts';
import type { Opened, Sendable } from '../../../../../src/client/sdk/e2ee/sealable.ts';
import { importPublicKey } from '../../../../../src/client/sdk/e2ee/sealing.ts';
import { through, VirtualClock } from '../../../../support/virtual-clock.ts';
import { GroupServer } from './group-server.ts';
import { type Device, type DeviceOptions, deviceOf, KeyServer, secretOf } from './key-server.ts';

export const [bob, amy, joe] = [1, 2, 3] as const;

export class Team {
  readonly server = new KeyServer();
  readonly group = new GroupServer();
  readonly clock = new VirtualClock();

  async device(userId: number, options: DeviceOptions = {}): Promise<Device> {
    const { group, clock } = this;
    const device = deviceOf(this.server, userId, { group, clock, ...options });
    await device.encryption.seal(userId, `${userId}.0011223344556677.${userId}.1`, { text: '' });
    return device;
  }

  async member(userId: number, options: DeviceOptions = {}): Promise<Device> {
    const device = await this.device(userId, options);
    this.group.join(userId);
    return device;
  }

  /** As all devices hear of it. */
  tell(...devices: readonly Device[]): void {
    for (const { encryption } of devices)
      encryption.groups.learn('team', this.group.status.keyEpoch);
  }

  /** As when it logs in the next time: it looks after the others. */
  restart(device: Device): void {
    device.encryption.groups.forget('team');
    this.tell(device);
  }

  /** Time passes until this is there. */
  async until(isThere: () => boolean): Promise<void> {
    while (!isThere()) {
      await this.clock.advance(5);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  through<Result>(task: Promise<Result>): Promise<Result> {
    return through(this.clock, task);
  }

  /** Until somebody has given this one a key. */
  whenGiven(userId: number): Promise<void> {
    const isGiven = () =>
      this.group.slots.some((slot) => slot.userId === userId && slot.draw === '');
    return this.until(isGiven);
  }
}

/** Another key than that of the group, well sealed by amy. */
export async function slotByAmy(
  { server: { pairs }, group }: Team,
  to: number,
  epoch: number,
  draw = '',
): Promise<string> {
  const { wrapKey } = await deriveAccountKeys(secretOf(amy), amy);
  const own = await openVault(
    {
      userId: amy,
      wrapKey: async () => wrapKey,
      fetch: async () => pairs.get(amy) ?? null,
      publish: async (pair) => pair,
    },
    undefined,
  );
  const receiver = await importPublicKey(pairs.get(to)?.publicKey ?? '');
  if (!own || !receiver) throw new Error('there are no keys');
  const key = new Uint8Array(32).fill(6);
  const place = { scope: scopeOf('team', group), epoch, to, draw };
  return toBase64Url(await sealGroupKey(key, own, receiver, place));
}

let count = 0;

export async function say({ userId, encryption }: Device, text: string) {
  const identity = `${userId}.0011223344556677.#team.${++count}`;
  const sent = await encryption.groups.seal('team', identity, { text });
  return { from: userId, identity, sent };
}

export function read(
  { encryption }: Device,
  { from, identity, sent }: Awaited<ReturnType<typeof say>>,
  isPatient = false,
): Promise<Opened> {
  const { sealed, keyEpoch } = sealedOf(sent);
  return encryption.groups.open({ from, group: 'team', identity, keyEpoch, sealed }, isPatient);
}

export function sealedOf(sent: Sendable) {
  if (!sent.sealed) throw new Error(`clear text: ${sent.text}`);
  return { sealed: sent.sealed, keyEpoch: sent.keyEpoch ?? 0 };
}

export async function teamOf(...userIds: readonly number[]) {
  const team = new Team();
  const devices: Device[] = [];
  for (const userId of userIds) devices.push(await team.member(userId));
  return { team, devices };
}
