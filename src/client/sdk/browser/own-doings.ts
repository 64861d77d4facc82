/** What a call of a tab means to the others: no server tells a device what it has sent itself. Pure. */
import { fileText } from '../../../codec/content-words.ts';
import type { MessageExtras, SentMessage, Target, User } from '../client-events.ts';
import { type ContentEvent, conversationOf } from '../content/contents.ts';
import type { SendFileOptions, SentFile } from '../files/transfer.ts';

/** When it was accepted is not told: about now. Undefined: nothing. */
export function doneBy(
  method: string,
  given: readonly unknown[],
  sent: SentMessage,
  { userId: from, userName: fromName }: User,
  at: number,
): ContentEvent | undefined {
  const secrecy = sent?.encrypted && { encrypted: true as const };
  const message = (target: Target, text: string, { silent, ...extras }: MessageExtras) => {
    const shown = { text, ...extras, ...(silent && { silent: true as const }) };
    const event = {
      id: sent.id,
      from,
      fromName,
      ...target,
      ...shown,
      seq: sent.seq,
      at,
      ...secrecy,
    };
    return { name: 'message' as const, event };
  };
  const doing = (id: string) => ({ id, from, fromName, ...conversationOf(id, from), at });
  switch (method) {
    case 'send': {
      const [target, text, extras = {}] = given as [Target, string, MessageExtras?];
      return message(target, text, extras);
    }
    case 'sendFile': {
      const [target, , { replyTo, mentions, silent }] = given as [Target, Blob, SendFileOptions];
      const { file } = sent as SentFile;
      return message(target, fileText(file), {
        file,
        ...(replyTo !== undefined && { replyTo }),
        ...(mentions && { mentions }),
        ...(silent && { silent }),
      });
    }
    case 'edit': {
      const [id, text, mentions] = given as [string, string, (readonly number[])?];
      const said = { text, ...(mentions && { mentions }), ...secrecy };
      return { name: 'edited', event: { ...doing(id), ...said } };
    }
    case 'retract':
      return { name: 'retracted', event: doing(given[0] as string) };
    case 'react': {
      const [id, emoji] = given as [string, readonly string[]];
      return { name: 'reactions', event: { ...doing(id), emoji } };
    }
    default:
      return undefined;
  }
}
