/**
 * The reason codes of MQTT 5 (section 2.4), and what cim says by them: why a connection ends, why there
 * is none, and why a message or a subscription is refused.
 */
import type { ErrorName } from '../../base/errors.ts';
import { type CloseName, closeNameOf } from '../close-codes.ts';
import { ProtocolError } from '../protocol-error.ts';

export const reason = {
  success: 0x00,
  noSubscription: 0x11,
  disconnectWithWill: 0x04,
  unspecified: 0x80,
  malformed: 0x81,
  protocolError: 0x82,
  implementationSpecific: 0x83,
  unsupportedVersion: 0x84,
  clientIdInvalid: 0x85,
  badUserOrPassword: 0x86,
  notAuthorized: 0x87,
  serverUnavailable: 0x88,
  serverBusy: 0x89,
  shuttingDown: 0x8b,
  badAuthenticationMethod: 0x8c,
  keepAliveTimeout: 0x8d,
  takenOver: 0x8e,
  filterInvalid: 0x8f,
  topicInvalid: 0x90,
  topicAliasInvalid: 0x94,
  tooLarge: 0x95,
  quotaExceeded: 0x97,
  administrative: 0x98,
  payloadInvalid: 0x99,
  retainUnsupported: 0x9a,
  sharedUnsupported: 0x9e,
  connectionRate: 0x9f,
  wildcardUnsupported: 0xa2,
} as const;

/** A client sent what no correct client sends; MQTT 5 tells it which mistake it was. */
export class MqttError extends ProtocolError {
  readonly reasonCode: number;

  constructor(reasonCode: number, message: string) {
    super(message);
    this.reasonCode = reasonCode;
  }
}

/** Why a connection ends, as close codes say it. Undefined: unspecified. */
const closings: Partial<Record<CloseName, number>> = {
  silent: reason.keepAliveTimeout,
  slow: reason.quotaExceeded,
  unavailable: reason.serverUnavailable,
  'token-refused': reason.notAuthorized,
  'too-fast': reason.connectionRate,
  unfinished: reason.malformed,
  moving: reason.shuttingDown,
  full: reason.serverBusy,
  replaced: reason.takenOver,
  'not-allowed': reason.badUserOrPassword,
  'protocol-error': reason.protocolError,
  kicked: reason.administrative,
  'too-many-devices': reason.quotaExceeded,
  'secret-changed': reason.notAuthorized,
  'account-deleted': reason.notAuthorized,
  blocked: reason.notAuthorized,
  'wrong-version': reason.unsupportedVersion,
};

export function reasonOfClose(closeCode: number): number {
  const name = closeNameOf(closeCode);
  return (name && closings[name]) ?? reason.unspecified;
}

/** The return code of CONNACK before MQTT 5; undefined: there is none, the connection just ends. */
export function returnCodeOf(reasonCode: number): number | undefined {
  switch (reasonCode) {
    case reason.unsupportedVersion:
      return 1;
    case reason.clientIdInvalid:
      return 2;
    case reason.serverUnavailable:
    case reason.serverBusy:
    case reason.connectionRate:
    case reason.quotaExceeded:
    case reason.shuttingDown:
    case reason.unspecified:
      return 3;
    case reason.badUserOrPassword:
      return 4;
    case reason.notAuthorized:
    case reason.badAuthenticationMethod:
      return 5;
    default:
      return undefined;
  }
}

/** Why a message was not stored, and never will be. */
export function reasonOfRefusal(error: ErrorName): number {
  switch (error) {
    case 'unknown-receiver':
    case 'unknown-group':
    case 'account-deleted':
      return reason.topicInvalid;
    case 'not-a-member':
    case 'not-allowed':
    case 'removed-from-group':
    case 'encrypted-group':
    case 'not-encrypted':
      return reason.notAuthorized;
    case 'mailbox-full':
    case 'group-share':
      return reason.quotaExceeded;
    case 'too-long':
      return reason.implementationSpecific;
    default:
      return reason.unspecified;
  }
}

/** Whether a message that was not stored for this reason may be if it is sent again as it is. */
export function isPassing(error: ErrorName): boolean {
  return error === 'busy' || error === 'unavailable' || error === 'too-many-requests';
}
