/** What the package exports on each platform, beside its CimClient. */
export * from '../index.ts';
export { Client, type ClientSnapshot, type MessageListener, type Waiting } from './client.ts';
export {
  type MessageList,
  type MessageListOptions,
  type MessageListSnapshot,
  messageList,
} from './message-list.ts';
export type { ClientOptions } from './options.ts';
