/**
 * What the fields of a client's frame may hold, beyond what the codec checks. Whoever breaks these
 * rules is no client of ours: each throws ProtocolError, and the connection ends.
 */
import { limits } from '../../base/limits.ts';
import type { LoginFrame, ReadFrame } from '../../codec/client-frame.ts';
import { ProtocolError } from '../../codec/protocol-error.ts';

/** Who logs in. A client that does not count its own connections has no device. */
export interface Login extends Omit<LoginFrame, 'protocolVersion'> {
  /** Who a route is to find out by this; then id, name and connection number are not given. */
  readonly proof?: Proof;
}

/** What a client shows that does not call /login. */
export interface Proof {
  /** Name or id. */
  readonly user: string;
  readonly password: string;
}

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

export function assertUser({ userId, userName }: Login): void {
  // In UTF-16 units: before anything is compared.
  if (userName.length > 2 * limits.nameCharactersMax)
    throw new ProtocolError(`a user's name has at most ${limits.nameCharactersMax} characters`);
  // A lenient decoder has perhaps not kept all digits.
  if (userId <= 0 || userId > limits.userIdMax) throw new ProtocolError(`${userId} is no user id`);
}

/** Of a client that counts its own connections. */
export function assertDevice(login: Login): void {
  if (login.token.length > limits.tokenCharactersMax)
    throw new ProtocolError(`a token has at most ${limits.tokenCharactersMax} characters`);
  if (login.epochHex.length !== 16) throw new ProtocolError('the epoch must have 8 bytes');
  if (login.device.length > limits.deviceCharactersMax || !/^[A-Za-z0-9_-]+$/.test(login.device)) {
    throw new ProtocolError(
      `a device id is 1 to ${limits.deviceCharactersMax} letters, digits, - or _`,
    );
  }
  if (login.connectionNumber <= 0)
    throw new ProtocolError('the connection number must be positive');
}
