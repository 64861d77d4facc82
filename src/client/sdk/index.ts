/**
 * The SDK's public surface. It needs a Platform: src/client/sdk/node/node-platform.ts has
 * Node.js's.
 *
 *     const client = new CimClient({ userId: 1, userName: 'bob', routes: ['http://127.0.0.1:8083'], platform: nodePlatform() });
 *     client.on('message', (message) => print(message.fromName, message.text));
 *     await client.start();
 *     await client.send({ to: 2 }, 'hi');
 *     await client.close();
 */

export { CimError, type ErrorName } from '../../base/errors.ts';
export { type GroupEntry, groupEntries } from '../../base/group-entry.ts';
export { type GroupHistory, groupHistories } from '../../base/group-history.ts';
export { lobby } from '../../codec/commands.ts';
export type { MessageFile } from '../../codec/file-content.ts';
export type { Custom } from '../../codec/message-content.ts';
export type { Credentials } from './account/credentials.ts';
export { memorySecretKeeper } from './account/memory-secret-keeper.ts';
export { whoIs } from './account/who-is.ts';
export { CimClient } from './client.ts';
export type {
  ClientEventListener,
  ClientEventName,
  ClientEvents,
  ClientState,
  DelayedMessage,
  DelayedPage,
  EditedMessage,
  GroupFacts,
  GroupMembership,
  GroupMembersItem,
  GroupNewsItem,
  GroupSettings,
  HistoryPage,
  HistoryQuery,
  Invitation,
  LeavingReason,
  Message,
  MessageExtras,
  MessageReactions,
  RetractedMessage,
  SentMessage,
  Target,
  UnreadableMessage,
  User,
  UserPresence,
  UsersQuery,
  WarningKind,
} from './client-events.ts';
export type { CimClientOptions } from './client-options.ts';
export { conversationOf } from './content/contents.ts';
export type {
  Conversation,
  ConversationPage,
  ConversationQuery,
  GroupMarks,
  MessageTrace,
} from './conversations/conversation.ts';
export type { Mark, Receipts } from './conversations/mark.ts';
export type { KeyChange, KeyStanding, PeerKey } from './e2ee/key-facts.ts';
export type { EncryptionMode, Unreadable } from './e2ee/sealable.ts';
export { safeFileName } from './files/safe-file-name.ts';
export type {
  FileBytes,
  FileProgress,
  SendFileOptions,
  SentFile,
  TransferOptions,
  UploadOptions,
} from './files/transfer.ts';
export type {
  ByteStream,
  ByteStreamEvents,
  DeviceStore,
  FileTransport,
  GetRequest,
  HttpRequest,
  HttpTransport,
  IncomingBytes,
  KeptSecrets,
  Network,
  Platform,
  PutRequest,
  Random,
  RunningHash,
  SecretKeeper,
  ServerPort,
  Storage,
  StorageOpening,
  Transport,
} from './platform.ts';
export type { ExportOptions, ExportRecord, KeyFingerprints } from './routes/export.ts';
