/**
 * Turns a message as it came into one as it is shown. It opens what was sealed, or says that it
 * cannot be read. It marks a text that should have been sealed and was not.
 */
import type { Message } from '../client-events.ts';
import type { Encryption, Opened } from '../e2ee/encryption.ts';

/** `content`: a Content (proto/content.proto), which nobody has looked into. */
export type Arrived = Message & { readonly content?: Uint8Array };

/** `sealed`: in place of its text, which is empty; its content is sealed likewise. */
export type Received = Arrived & { readonly sealed?: Uint8Array };

/**
 * `isPatient`: waits while no route answers; otherwise rejects with the CimError of the routes.
 * Never rejects for what the message is.
 */
export async function openMessage(
  encryption: Encryption,
  received: Received,
  isPatient: boolean,
): Promise<Arrived> {
  const { sealed, ...message } = received;
  if (!sealed) return asReceivedInClear(encryption, message);
  const { content, ...clear } = message;
  const { silent } = clear;
  const { id: identity, from, to = 0 } = message;
  const opened = await encryption.open(
    { from, to, identity, sealed, ...(content && { content }), ...(silent && { silent }) },
    isPatient,
  );
  return { ...clear, ...asShown(opened) };
}

/** The message was not sealed. */
export function asReceivedInClear(encryption: Encryption, message: Arrived): Arrived {
  const { from, to, group } = message;
  if (group !== undefined || to === undefined) return message;
  const secrecy = secrecyInClear(encryption, from, to);
  return 'encrypted' in secrecy ? { ...message, ...secrecy } : message;
}

/** What is to be said of a private text that is not sealed. */
export function secrecyInClear(
  encryption: Encryption,
  from: number,
  to: number,
): Pick<Message, 'encrypted' | 'expected'> {
  const standing = encryption.standingInClear(from === encryption.userId ? to : from);
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
