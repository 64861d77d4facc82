/**
 * The identity of a message: (sender, epoch, conversation, sendSeq). One identity, one content, for
 * ever. The sender is part of it, or anybody could claim the identities of another's epoch. As text
 * it is `<from>.<epoch hex>.<to | #group>.<sendSeq>`; without the last part it is the *source*
 * within which sendSeq is contiguous.
 */
import { limits } from '../base/limits.ts';
import { isGroupName } from '../base/text/names.ts';
import { lobby } from './commands.ts';
import { type MessageFields, scanIfReadable, scanMessage } from './message-scan.ts';

export function sourceOf(from: number, epochHex: string, to: number, group: string): string {
  return `${from}.${epochHex}.${group === '' ? to : `#${group}`}`;
}

export function identityOfFields(fields: MessageId): string {
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

/** An identity taken apart. Of a private message `group` is empty, of one in a group `to` is 0. */
export type MessageId = Pick<MessageFields, 'from' | 'epochHex' | 'to' | 'group' | 'sendSeq'>;

const form = /^(\d+)\.([0-9a-f]{16})\.(?:(\d+)|#(.+))\.(\d+)$/su;

/** Undefined: it is not the identity of a message, in the one form that it has. */
export function parseIdentity(text: string): MessageId | undefined {
  if (text.length > limits.identityCharactersMax) return undefined;
  const [, from, epochHex = '', to = '0', group = '', sendSeq] = form.exec(text) ?? [];
  const id = { from: Number(from), epochHex, to: Number(to), group, sendSeq: Number(sendSeq) };
  const areSafe = [id.from, id.to, id.sendSeq].every(Number.isSafeInteger);
  const isTarget = group === '' ? id.to > 0 : group === lobby || isGroupName(group);
  if (!areSafe || id.from < 1 || id.sendSeq < 1 || !isTarget) return undefined;
  return identityOfFields(id) === text ? id : undefined;
}

/** What was said there: between two people, or in a group. */
export function isSameConversation(
  one: Pick<MessageId, 'from' | 'to' | 'group'>,
  other: Pick<MessageId, 'from' | 'to' | 'group'>,
): boolean {
  if (one.group !== '' || other.group !== '') return one.group === other.group;
  const isOneWay = one.from === other.from && one.to === other.to;
  return isOneWay || (one.from === other.to && one.to === other.from);
}

/** Whether an identity, as somebody tells it, is that of a message by this sender to this receiver. */
export function isIdentityIn(
  identity: string,
  { from, to, group }: Pick<MessageId, 'from' | 'to' | 'group'>,
): boolean {
  const id = parseIdentity(identity);
  if (id === undefined || id.from !== from || id.group !== group) return false;
  return group !== '' || id.to === to;
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
