/** POST /p2pRoute, /groupRoute, /fetchOfflineMsgs as the Java route has them. */
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { fromBase64Url } from '../../base/text/base64url.ts';
import { groupNameOf } from '../../base/text/names.ts';
import { lobby } from '../../codec/commands.ts';
import type { MessageFile } from '../../codec/file-content.ts';
import { isExempt } from '../../http/access.ts';
import { type Caller, type Endpoint, endpoint } from '../../http/endpoint.ts';
import type { BodyOf } from '../../http/schema.ts';
import type { Sending } from '../../limits/send-rates.ts';
import type { ContentFields } from '../messages/http-content.ts';
import type { SendOptions } from '../operation-shapes.ts';
import type { RouteOperations } from '../operations.ts';
import { boolean, groupName, string, text, userId } from './fields.ts';

const transient = {
  type: 'boolean',
  description: 'with X-Cim-Version only: to whoever is connected, at most once, and not stored',
} as const;

const messageId = { type: 'string', maxLength: limits.identityCharactersMax } as const;

const file = {
  type: 'object',
  required: ['id', 'capability', 'name', 'bytes', 'type', 'sha256'],
  properties: {
    id: { type: 'string', maxLength: 22 },
    capability: { type: 'string', maxLength: 64, description: 'as POST /files answers it' },
    name: { type: 'string', maxLength: limits.fileNameCharactersMax },
    bytes: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
    type: {
      type: 'string',
      maxLength: limits.fileTypeCharactersMax,
      description: 'its media type, as image/png',
    },
    sha256: { type: 'string', maxLength: 64, description: 'of its bytes, as hex' },
    width: { type: 'integer', minimum: 1, maximum: limits.pictureSideMax },
    height: { type: 'integer', minimum: 1, maximum: limits.pictureSideMax },
    durationMs: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
    thumbnail: {
      type: 'string',
      maxLength: Math.ceil((limits.thumbnailBytesMax * 4) / 3),
      description: `a small picture of it, at most ${limits.thumbnailBytesMax} bytes; base64url`,
    },
  },
  description: 'a file that was uploaded before; without msg the text says which: [a.png, 300 KB]',
} as const;

/** With X-Cim-Version only, and with a single message. */
const contentFields = {
  replyTo: { ...messageId, description: 'the id of the message that this one answers' },
  mentions: {
    type: 'array',
    items: userId,
    maxItems: limits.mentionsMax,
    description: 'whom the text speaks of',
  },
  edit: { ...messageId, description: 'the id of a message of the sender; msg is its new text' },
  retract: { ...messageId, description: 'the id of a message of the sender: it is taken back' },
  react: { ...messageId, description: 'the id of a message' },
  emoji: {
    type: 'array',
    items: { type: 'string', maxLength: limits.reactionBytesMax },
    maxItems: limits.reactionsMax,
    description: 'with react: all reactions of the sender; none if absent',
  },
  customType: {
    type: 'string',
    maxLength: limits.customTypeCharactersMax,
    description: "an application's own: its name for it",
  },
  customData: {
    type: 'string',
    maxLength: Math.ceil((limits.textBytesMax * 4) / 3),
    description: 'with customType: base64url',
  },
  file,
  silent: { type: 'boolean', description: 'it is not counted as unread' },
} as const;

const stored = { ...string, description: 'of the message; absent if it is transient' } as const;

export function messageEndpoints(operations: RouteOperations): readonly Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/p2pRoute',
      access: { who: 'users', actor: 'userId', keys: ['push'] },
      sends: ({ userId, msg, batchMsg, ...beside }) => ({
        userId,
        ...sendingOf(batchMsg ?? [], msg, beside),
      }),
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
          ...contentFields,
        },
      },
      answer: {
        type: 'object',
        description: 'with X-Cim-Version; else null, and code 7000 instead of online: false',
        properties: { online: boolean, id: stored },
      },
      handle: async ({ userId, receiveUserId, msg, batchMsg, transient, ...rest }, caller) => {
        const options = optionsOf(caller, transient, rest);
        const texts = textsOf(msg, batchMsg, options);
        assertSaysSomething(caller, texts, options);
        const message = { from: userId, to: receiveUserId, texts, ...options };
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
      sends: ({ userId, msg, ...beside }) => ({ userId, ...sendingOf([], msg, beside) }),
      repeatable: true,
      summary: 'Sends to everybody online, or to the members of a group',
      body: {
        type: 'object',
        required: ['userId'],
        properties: {
          userId: { ...userId, description: 'the sender' },
          msg: text,
          group: { ...groupName, description: `${lobby} (everybody online) if absent` },
          transient,
          ...contentFields,
        },
      },
      answer: {
        type: 'object',
        description: 'with X-Cim-Version; else null',
        properties: { id: stored },
      },
      handle: async ({ userId, msg, group = lobby, transient, ...rest }, caller) => {
        const options = optionsOf(caller, transient, rest);
        const text = textOf(msg, options, 'msg: must be given');
        if (text !== undefined) assertSaysSomething(caller, [text], options);
        const message = {
          from: userId,
          group: groupNameOf(group),
          ...(text !== undefined && { text }),
          ...options,
        };
        const sent = await sentFor(caller, () => operations.sendGroup(message));
        return caller.java ? null : sent;
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

type GivenFile = BodyOf<typeof file>;

type Content = Omit<ContentFields, 'file'> & {
  readonly customType?: string;
  readonly customData?: string;
  readonly file?: GivenFile;
};

function optionsOf(
  { java, key, identity }: Caller,
  transient = false,
  fields: Content = {},
): SendOptions {
  const content = java ? {} : contentOf(fields);
  return {
    ...(isExempt(identity) && { isExempt: true }),
    ...(key === undefined ? {} : { key }),
    ...(transient && !java ? { transient } : {}),
    ...(Object.keys(content).length > 0 && { content }),
  };
}

function contentOf({ file, ...rest }: Content): ContentFields {
  const content = withCustom(rest);
  return file ? { ...content, file: fileOf(file) } : content;
}

function fileOf({ thumbnail = '', sha256, ...file }: GivenFile): MessageFile {
  const bytes = fromBase64Url(thumbnail);
  if (!bytes) throw new CimError('invalid-argument', 'file.thumbnail: must be base64url');
  if (!/^[0-9a-f]{64}$/.test(sha256))
    throw new CimError('invalid-argument', 'file.sha256: must be 64 digits of hex');
  return {
    ...file,
    ...(bytes.length > 0 && { thumbnail: bytes }),
    sha256: Uint8Array.from(Buffer.from(sha256, 'hex')),
  };
}

function withCustom({
  customType,
  customData = '',
  ...fields
}: Omit<Content, 'file'>): ContentFields {
  if (customType === undefined) return fields;
  const data = fromBase64Url(customData);
  if (!data) throw new CimError('invalid-argument', 'customData: must be base64url');
  return { ...fields, custom: { type: customType, data } };
}

/** A batch wins over `msg`. */
function sendingOf(
  batch: readonly string[],
  msg = '',
  { customData = '', file }: Pick<Content, 'customData' | 'file'>,
): Sending {
  const texts = batch.length > 0 ? batch : [msg];
  const beside = customData.length + (file?.thumbnail?.length ?? 0);
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), beside);
  return { count: texts.length, bytes };
}

/** Java callers leave out `msg` with a batch, and a batch wins over `msg`. */
function textsOf(
  msg: string | undefined,
  batchMsg: readonly string[] | undefined,
  options: SendOptions,
): readonly string[] {
  if (batchMsg !== undefined && batchMsg.length > 0) return batchMsg;
  const text = textOf(msg, options, 'msg: must be given, or batchMsg');
  return text === undefined ? [] : [text];
}

/** What retracts or reacts has words of its own, and a file may have. */
function textOf(
  msg: string | undefined,
  { content }: SendOptions,
  problem: string,
): string | undefined {
  if (content?.retract !== undefined || content?.react !== undefined) return undefined;
  if (msg === undefined && content?.file) return undefined;
  if (msg === undefined) throw new CimError('invalid-argument', problem);
  return msg;
}

/** The Java system sends empty texts. To anybody else that is a variable that was not set. */
function assertSaysSomething(
  { java }: Caller,
  texts: readonly string[],
  { content }: SendOptions,
): void {
  const isBrought = content?.custom !== undefined || content?.file !== undefined;
  if (!java && !isBrought && texts.includes(''))
    throw new CimError('invalid-argument', 'msg: must not be empty');
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
