/** POST /p2pRoute, /groupRoute, /fetchOfflineMsgs as the Java route has them. */
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { groupNameOf } from '../../base/text/names.ts';
import { lobby } from '../../codec/commands.ts';
import { isExempt } from '../../http/access.ts';
import { type Caller, type Endpoint, endpoint } from '../../http/endpoint.ts';
import type { Sending } from '../../limits/send-rates.ts';
import type { RouteOperations, SendOptions } from '../operations.ts';
import { boolean, groupName, text, userId } from './fields.ts';

const transient = {
  type: 'boolean',
  description: 'with X-Cim-Version only: to whoever is connected, at most once, and not stored',
} as const;

export function messageEndpoints(operations: RouteOperations): readonly Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/p2pRoute',
      access: { who: 'users', actor: 'userId', keys: ['push'] },
      sends: ({ userId, msg, batchMsg }) => ({ userId, ...sendingOf(batchMsg ?? [], msg) }),
      repeatable: true,
      summary: 'Sends to one user; 7000 is stored for a receiver who is offline',
      body: {
        type: 'object',
        required: ['userId', 'receiveUserId'],
        properties: {
          userId: { ...userId, description: 'the sender' },
          receiveUserId: userId,
          msg: text,
          batchMsg: {
            type: 'array',
            items: text,
            maxItems: limits.batchTextsMax,
            description: 'several messages, in order; msg is ignored unless this is empty',
          },
          transient,
        },
      },
      answer: {
        type: 'object',
        description: 'with X-Cim-Version; else null, and code 7000 instead of online: false',
        properties: { online: boolean },
      },
      handle: async ({ userId, receiveUserId, msg, batchMsg, transient }, caller) => {
        const texts = textsOf(msg, batchMsg);
        const message = { from: userId, to: receiveUserId, texts, ...optionsOf(caller, transient) };
        const sent = await sentFor(caller, () => operations.sendPrivate(message));
        if (!caller.java) return sent;
        if (sent?.online === false) throw new CimError('receiver-offline');
        return null;
      },
    }),

    endpoint({
      method: 'POST',
      path: '/groupRoute',
      access: {
        who: 'users',
        actor: 'userId',
        keys: ['push', 'group'],
        group: ({ group = lobby }) => groupNameOf(group),
      },
      sends: ({ userId, msg }) => ({ userId, ...sendingOf([], msg) }),
      repeatable: true,
      summary: 'Sends to everybody online, or to the members of a group',
      body: {
        type: 'object',
        required: ['userId', 'msg'],
        properties: {
          userId: { ...userId, description: 'the sender' },
          msg: text,
          group: { ...groupName, description: `${lobby} (everybody online) if absent` },
          transient,
        },
      },
      handle: ({ userId, msg, group = lobby, transient }, caller) => {
        const message = {
          from: userId,
          group: groupNameOf(group),
          text: msg,
          ...optionsOf(caller, transient),
        };
        return sentFor(caller, () => operations.sendGroup(message));
      },
    }),

    endpoint({
      method: 'POST',
      path: '/fetchOfflineMsgs',
      access: { who: 'users', actor: 'receiveUserId' },
      summary: "Makes the server of a Java client's session send what is pending",
      body: { type: 'object', required: ['receiveUserId'], properties: { receiveUserId: userId } },
      handle: ({ receiveUserId }) => operations.fetchOffline(receiveUserId),
    }),
  ];
}

function optionsOf({ java, key, identity }: Caller, transient = false): SendOptions {
  return {
    ...(isExempt(identity) && { isExempt: true }),
    ...(key === undefined ? {} : { key }),
    ...(transient && !java ? { transient } : {}),
  };
}

/** A batch wins over `msg`. */
function sendingOf(batch: readonly string[], msg = ''): Sending {
  const texts = batch.length > 0 ? batch : [msg];
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  return { count: texts.length, bytes };
}

/** Java callers leave out `msg` with a batch, and a batch wins over `msg`. */
function textsOf(
  msg: string | undefined,
  batchMsg: readonly string[] | undefined,
): readonly string[] {
  if (batchMsg !== undefined && batchMsg.length > 0) return batchMsg;
  if (msg === undefined) throw new CimError('invalid-argument', 'msg: must be given, or batchMsg');
  return [msg];
}

/**
 * The Java system answers success when the sender has no account and nothing was sent; its callers
 * are not told otherwise.
 */
async function sentFor<Sent>(
  { java }: Caller,
  send: () => Promise<Sent>,
): Promise<Sent | undefined> {
  try {
    return await send();
  } catch (error) {
    if (java && error instanceof CimError && error.kind === 'account-mismatch') return undefined;
    throw error;
  }
}
