/** POST /importAccounts and /importMessages: what another system has kept, for operators. */
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { type Endpoint, endpoint } from '../../http/endpoint.ts';
import type { RouteOperations } from '../operations.ts';
import { string, text, userId, userName } from './fields.ts';

/** Of 64 bits in decimal. */
const idCharactersMax = 20;

const answer = {
  type: 'array',
  description: 'of each, in their order',
  items: {
    type: 'object',
    properties: {
      status: { ...string, description: 'created, present, refused, or busy: to be repeated' },
      reason: { ...string, description: 'why it is refused' },
    },
  },
} as const;

const listed = { type: 'array', maxItems: limits.importBatchMax } as const;

/** Bodies are parallel lists: the first account has the first name. */
export function importEndpoints(operations: RouteOperations): readonly Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/importAccounts',
      access: { who: 'operators' },
      summary: 'Registers accounts of another system under their ids; repeating it is harmless',
      body: {
        type: 'object',
        required: ['userIds', 'userNames'],
        properties: {
          userIds: { ...listed, items: userId },
          userNames: { ...listed, items: userName },
        },
      },
      answer,
      handle: ({ userIds, userNames }) => {
        assertParallel({ userIds, userNames });
        return operations.importAccounts(
          userIds.map((userId, index) => ({ userId, name: userNames[index] as string })),
        );
      },
    }),

    endpoint({
      method: 'POST',
      path: '/importMessages',
      access: { who: 'operators' },
      summary: 'Stores private messages that wait in another system; each id once',
      body: {
        type: 'object',
        required: ['ids', 'senders', 'senderNames', 'receivers', 'texts', 'times'],
        properties: {
          ids: {
            ...listed,
            items: { type: 'string', maxLength: idCharactersMax },
            description: 'what they are called there',
          },
          senders: { ...listed, items: userId },
          senderNames: {
            ...listed,
            items: { type: 'string', maxLength: limits.nameCharactersMax },
            description: 'of senders who have no account',
          },
          receivers: { ...listed, items: userId },
          texts: { ...listed, items: text },
          times: {
            ...listed,
            items: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
            description: 'ms since 1970',
          },
        },
      },
      answer,
      handle: ({ ids, senders, senderNames, receivers, texts, times }) => {
        assertParallel({ ids, senders, senderNames, receivers, texts, times });
        return operations.importMessages(
          ids.map((id, index) => ({
            id,
            from: senders[index] as number,
            fromName: senderNames[index] as string,
            to: receivers[index] as number,
            text: texts[index] as string,
            at: times[index] as number,
          })),
        );
      },
    }),
  ];
}

function assertParallel(lists: Readonly<Record<string, readonly unknown[]>>): void {
  const [[first, { length }], ...others] = Object.entries(lists) as [
    [string, readonly unknown[]],
    ...[string, readonly unknown[]][],
  ];
  for (const [name, list] of others)
    if (list.length !== length)
      throw new CimError('invalid-argument', `${name}: must have as many elements as ${first}`);
}
