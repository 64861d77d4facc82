/** A message that was not shown lately, by its id: in the history of its conversation. */
import { limits } from '../../base/limits.ts';
import { type CimClient, conversationOf, type Message } from '../sdk/index.ts';

/** Pages that are looked through, from the newest back. */
const pagesMax = 25;

/** Undefined: it is not there, or further back. Rejects with a CimError. */
export async function pastMessage(
  client: Pick<CimClient, 'history'>,
  userId: number,
  id: string,
): Promise<Message | undefined> {
  const target = conversationOf(id, userId);
  const where = 'to' in target ? { peer: target.to } : target;
  const limit = limits.pageMessagesMax;
  let before: string | null | undefined;
  for (let page = 1; page <= pagesMax && before !== null; page++) {
    const read = await client.history({ ...where, limit, ...(before && { before }) });
    const message = read.messages.find((each) => each.id === id);
    if (message) return message;
    before = read.next;
  }
  return undefined;
}
