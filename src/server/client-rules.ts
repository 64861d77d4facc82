/**
 * What the fields of a client's frame may hold, beyond what the codec checks. Whoever breaks these
 * rules is no client of ours: each throws ProtocolError, and the connection ends.
 */
import { limits } from '../base/limits.ts';
import type { LoginFrame, ReadFrame } from '../codec/client-frame.ts';
import { ProtocolError } from '../codec/protocol-error.ts';

/** A user or a group, and not both. */
export function assertAddress(to: number, group: string): void {
  if ((to === 0) === (group === ''))
    throw new ProtocolError('a message needs one receiver, a user or a group');
  assertGroup(group);
}

export function assertRead({ group, afterIdentity }: ReadFrame): void {
  assertGroup(group);
  if (afterIdentity.length > limits.identityCharactersMax)
    throw new ProtocolError('no message has an identity as long as that');
}

function assertGroup(name: string): void {
  const { groupNameCharactersMax } = limits;
  if (name.length > groupNameCharactersMax)
    throw new ProtocolError(`a group's name has at most ${groupNameCharactersMax} characters`);
}

export function assertLogin(login: LoginFrame): void {
  if (login.epochHex.length !== 16) throw new ProtocolError('the epoch must have 8 bytes');
  if (!/^[A-Za-z0-9_-]+$/.test(login.device) || login.device.length > limits.deviceCharactersMax) {
    throw new ProtocolError(
      `a device id is 1 to ${limits.deviceCharactersMax} letters, digits, - or _`,
    );
  }
  if (login.connectionNumber <= 0)
    throw new ProtocolError('the connection number must be positive');
}
