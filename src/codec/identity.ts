/**
 * The identity of a message: (sender, epoch, conversation, sendSeq). One identity, one content, for
 * ever. The sender is part of it, or anybody could claim the identities of another's epoch. As text
 * it is `<from>.<epoch hex>.<to | #group>.<sendSeq>`; without the last part it is the *source*
 * within which sendSeq is contiguous.
 */
import { type MessageFields, scanIfReadable, scanMessage } from './message-scan.ts';

export function sourceOf(from: number, epochHex: string, to: number, group: string): string {
  return `${from}.${epochHex}.${group === '' ? to : `#${group}`}`;
}

export function identityOfFields(fields: MessageFields): string {
  return `${sourceOf(fields.from, fields.epochHex, fields.to, fields.group)}.${fields.sendSeq}`;
}

/** The identity of a stored body. */
export function identityOf(body: Uint8Array): string {
  return identityOfFields(scanMessage(body));
}

/** Whether a stored body is known to be another message than the one with this identity. */
export function isOtherThan(identity: string, body: Uint8Array): boolean {
  const fields = scanIfReadable(body);
  return fields !== null && identityOfFields(fields) !== identity;
}

/** Whether an identity, as somebody tells it, is that of a private message between these two. */
export function isPrivateIdentity(identity: string, from: number, to: number): boolean {
  const [sender, epochHex = '', receiver, number = '', ...more] = identity.split('.');
  return (
    sender === String(from) &&
    /^[0-9a-f]{16}$/.test(epochHex) &&
    receiver === String(to) &&
    /^\d+$/.test(number) &&
    more.length === 0
  );
}

/**
 * What the epoch of a scheduled message is made of: the beginning of its SHA-256. Its sender, who
 * seals it under its identity, and the route that sends it come to the same one.
 */
export function scheduleName(owner: number, scheduleId: string): string {
  return `schedule ${owner} ${scheduleId}`;
}

/** The number of a scheduled message, which is alone in its epoch. */
export const scheduleSendSeq = 1;

/**
 * The id of a message that is not stored, whose number is no place in an order: none that is stored
 * has it.
 */
export function transientIdentity(source: string, sendSeq: number): string {
  return `${source}.~${sendSeq}`;
}
