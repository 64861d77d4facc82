/**
 * Turns a message as it came into one as it is shown. It opens what was sealed, or says that it
 * cannot be read. It marks a text that should have been sealed and was not.
 */
import type { Message } from '../client-events.ts';
import type { Encryption } from '../e2ee/encryption.ts';
import type { ClearStanding, Opened } from '../e2ee/sealable.ts';

/** `content`: a Content (proto/content.proto), which nobody has looked into. */
export type Arrived = Message & { readonly content?: Uint8Array };

/**
 * `sealed`: in place of its text, which is empty; its content is sealed likewise. In a group: with the
 * key of `keyEpoch`.
 */
export type Received = Arrived & { readonly sealed?: Uint8Array; readonly keyEpoch?: number };

/**
 * `isPatient`: waits while no route answers; otherwise rejects with the CimError of the routes.
 * Never rejects for what the message is.
 */
export async function openMessage(
  encryption: Encryption,
  received: Received,
  isPatient: boolean,
): Promise<Arrived> {
  const { sealed, keyEpoch = 0, ...message } = received;
  if (!sealed) return asReceivedInClear(encryption, message);
  const { content, ...clear } = message;
  const { silent } = clear;
  const { id: identity, from, to = 0, group } = message;
  const parts = { identity, sealed, ...(content && { content }), ...(silent && { silent }) };
  // What is transient is late by the time that its key comes.
  const isAwaited = isPatient && !message.transient;
  const opened =
    group === undefined
      ? await encryption.open({ from, to, ...parts }, isPatient)
      : await encryption.groups.open({ from, group, keyEpoch, ...parts }, isPatient, isAwaited);
  return { ...clear, ...asShown(opened) };
}

/** The message was not sealed. */
export function asReceivedInClear(encryption: Encryption, message: Arrived): Arrived {
  const { from, to, group } = message;
  if (group === undefined && to === undefined) return message;
  const secrecy =
    group === undefined
      ? secrecyInClear(encryption, from, to ?? 0)
      : secrecyOf(encryption.groups.standingInClear(group));
  return 'encrypted' in secrecy ? { ...message, ...secrecy } : message;
}

/** What is to be said of a private text that is not sealed. */
export function secrecyInClear(
  encryption: Encryption,
  from: number,
  to: number,
): Pick<Message, 'encrypted' | 'expected'> {
  return secrecyOf(encryption.standingInClear(from === encryption.userId ? to : from));
}

function secrecyOf(standing: ClearStanding): Pick<Message, 'encrypted' | 'expected'> {
  if (standing === 'unknown') return {};
  return { encrypted: false, ...(standing === 'unexpected' && { expected: true }) };
}

/** What was opened, as part of a message. */
export function asShown(
  opened: Opened,
): Pick<Arrived, 'text' | 'content' | 'encrypted' | 'key' | 'unreadable'> {
  if ('text' in opened) return { ...opened, encrypted: true };
  return { text: '', unreadable: opened.unreadable };
}
