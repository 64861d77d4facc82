/** A message as it came, and as it is shown: what was sealed is opened, or said to be unreadable. */
import type { Message } from './client-events.ts';
import type { Encryption, Opened } from './e2ee/encryption.ts';

/** `sealed`: in place of its text, which is empty. */
export type Received = Message & { readonly sealed?: Uint8Array };

/**
 * `isPatient`: waits while no route answers; otherwise rejects with the CimError of the routes.
 * Never rejects for what the message is.
 */
export async function openMessage(
  encryption: Encryption,
  received: Received,
  isPatient: boolean,
): Promise<Message> {
  const { sealed, ...message } = received;
  if (!sealed) return message;
  const { id: identity, from, to = 0 } = message;
  return {
    ...message,
    ...asShown(await encryption.open({ from, to, identity, sealed }, isPatient)),
  };
}

/** What was opened, as part of a message. */
export function asShown(opened: Opened): Pick<Message, 'text' | 'encrypted' | 'unreadable'> {
  if ('text' in opened) return { text: opened.text, encrypted: true };
  return { text: '', unreadable: opened.unreadable };
}
