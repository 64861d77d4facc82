/** What a CimClient is made of, put together: client.ts is its face to the application. */
import { Account } from './account/account.ts';
import { ClientCore } from './client-core.ts';
import type { CimClientOptions } from './client-options.ts';
import { watchPlainTraffic } from './connection/plain-traffic.ts';
import { Conversations } from './conversations/conversations.ts';
import { Encryption } from './e2ee/encryption.ts';
import { KnownGroups } from './e2ee/groups/known-groups.ts';
import { KeyPins } from './e2ee/key-pins.ts';
import { Patience } from './e2ee/patience.ts';
import type { EventEmitter } from './event-emitter.ts';
import { Files } from './files/files.ts';
import { RouteCaller } from './routes/route-caller.ts';
import { Routes } from './routes/routes.ts';
import { whyLeft } from './routes/why-left.ts';
import { Schedules } from './sending/schedules.ts';

export interface ClientParts {
  readonly account: Account;
  readonly routes: Routes;
  readonly encryption: Encryption;
  readonly schedules: Schedules;
  readonly conversations: Conversations;
  readonly files: Files;
  readonly core: ClientCore;
}

export function createClientParts(given: CimClientOptions, events: EventEmitter): ClientParts {
  const platform = watchPlainTraffic({
    ...given,
    onPlain: (host) => warnOfListeners(events, host),
  });
  const options = { ...given, platform };
  const { userId, credentials = {} } = options;
  const caller = new RouteCaller(options);
  const account = new Account({
    ...options,
    credentials,
    caller,
    warn: (kind, message) => events.emit('warning', { kind, message }),
  });
  const routes = new Routes({ caller, tokens: account, platform });
  const pins = new KeyPins();
  const known = new KnownGroups();
  const encryption = new Encryption({
    userId,
    mode: options.e2ee ?? 'auto',
    pins,
    patience: new Patience(platform),
    now: () => platform.clock.monotonic(),
    wrapKey: async () => (await account.keys())?.wrapKey,
    fetchOwn: () => routes.ownKey(userId),
    publishOwn: (pair) => routes.publishKey(userId, pair),
    fetchKeys: (userIds) => routes.keys(userIds),
    onPinned: () => core.pinsMoved(),
    onChanged: (change) => events.emit('keyChanged', change),
    groups: {
      known,
      random: platform.random,
      onKnown: () => core.pinsMoved(),
      tell: {
        change: (change) => events.emit('groupNews', change),
        members: (members) => events.emit('groupMembers', members),
      },
      askEpoch: async (group) => (await routes.groupInfo(userId, group)).keyEpoch,
      calls: {
        groupKeys: (group, after) => routes.groupKeys(userId, group, after),
        drawGroupKey: (request) => routes.drawGroupKey(userId, request),
        giveGroupKey: (group, slots) => routes.giveGroupKey(userId, group, slots),
        groupChanges: (group, after) => routes.groupChanges(userId, group, after),
        forgetGroupKeys: (group) => routes.forgetGroupKeys(userId, group),
        groupInfo: (group) => routes.groupInfo(userId, group),
        groupMembers: (group, query) => routes.groupMembers(userId, group, query),
      },
    },
    onUnusable: (message) => events.emit('warning', { kind: 'encryption-unusable', message }),
  });
  const core: ClientCore = new ClientCore({
    ...options,
    account,
    encryption,
    pins,
    known,
    events,
    askMarks: (query) => routes.marks(userId, query),
    whyLeft: (group) => whyLeft(() => routes.groupInfo(userId, group)),
    findTrouble: () => routes.trouble(),
  });
  const { contents } = core;
  const schedules = new Schedules({ ...options, routes, encryption });
  const conversations = new Conversations({ userId, routes, encryption, contents });
  const files = new Files({
    ...{ userId, routes, caller, encryption, platform },
    send: (target, text, extras) => contents.send(target, text, extras),
  });
  events.on('closed', () => files.stop());
  return { account, routes, encryption, schedules, conversations, files, core };
}

function warnOfListeners(events: EventEmitter, host: string): void {
  events.emit('warning', {
    kind: 'not-encrypted',
    message: `the connection to ${host} is not encrypted: whoever is on the way can read along`,
  });
}
