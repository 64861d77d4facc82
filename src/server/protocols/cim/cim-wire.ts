/** Listeners on which nothing but cim's own protocol is spoken, and what its logins are on others. */
import { decodeLogin, type LoginFrame } from '../../../codec/client-frame.ts';
import { commandOf } from '../../../codec/command-of.ts';
import { command, protocolVersion } from '../../../codec/commands.ts';
import { FrameDecoder } from '../../../codec/frame-decoder.ts';
import { ProtocolError } from '../../../codec/protocol-error.ts';
import type { GroupTable } from '../../groups/group-table.ts';
import { assertDevice } from '../../sessions/client-rules.ts';
import { FrameReaders } from '../../sessions/frame-readers.ts';
import type { Session, Wire } from '../protocol.ts';
import { assertShortestLength, CimProtocol } from './cim-protocol.ts';

/** What its sessions need of the gateway. */
export interface CimGateway {
  readonly groups: Pick<GroupTable, 'lobby'>;
}

export function cimWire(gateway: CimGateway): Wire {
  return {
    frames: new FrameReaders(() => new FrameDecoder(0)),
    endpoints: [],
    logIn: (session, frame, isPadded) => logInWithCim(gateway, session, readLogin(frame), isPadded),
  };
}

/** The first frame of a connection. Throws ProtocolError. */
export function readLogin(frame: Uint8Array): LoginFrame {
  if (commandOf(frame) !== command.login)
    throw new ProtocolError('the first frame must be a login');
  return decodeLogin(frame);
}

/** Throws ProtocolError. */
export function logInWithCim(
  { groups }: CimGateway,
  session: Session,
  login: LoginFrame,
  isPadded: boolean,
): void {
  session.speak(new CimProtocol(session, groups));
  assertShortestLength(isPadded);
  const isKnown = login.protocolVersion > 0 && login.protocolVersion <= protocolVersion + 1;
  if (!isKnown) return session.close('wrong-version');
  assertDevice(login);
  session.logIn(login);
}
