/** RouteOperations in memory: accounts by name, who is online, and what was asked. */

import { CimError } from '../../../src/base/errors.ts';
import type { ApiKeyScope } from '../../../src/base/secrets/api-key-scope.ts';
import type {
  ApiKeyInfo,
  DelayedPage,
  GroupStatus,
  HistoryPage,
  ImportedAccount,
  ImportedMessage,
  ServerStatus,
} from '../../../src/route/operation-shapes.ts';
import type { RouteOperations } from '../../../src/route/operations.ts';
import type { Account, KeyPair, PublicKeys } from '../../../src/store/accounts.ts';
import type { FileFacts } from '../../../src/store/files.ts';
import type { GroupChange } from '../../../src/store/groups.ts';
import { serverAddress } from '../../support/role-addresses.ts';

const java: Account = { userId: 1547028929407, name: 'zhangsan' };
const other: Account = { userId: 1547028929408, name: 'lisi' };

const keyState = { keyEpoch: 3, freshFrom: 2, drawn: 2 };

export class FakeOperations implements RouteOperations {
  /** Of a page of history. */
  scannedBytes = 100;
  readonly accounts: Account[] = [java, other];
  online: Account[] = [java];
  /** Every call with its argument. */
  readonly calls: [string, unknown][] = [];
  /** What each call fails with. */
  failure: Error | undefined;

  async register({
    guess: _,
    ...registration
  }: {
    name: string;
    userId?: number;
    loginKey?: string;
    guess?: unknown;
  }) {
    this.#called('register', registration);
    const { name, userId = 1 } = registration;
    return this.accounts.find((account) => account.name === name) ?? { userId, name };
  }

  async login({
    guess: _,
    ...login
  }: {
    userId: number;
    userName: string;
    java: boolean;
    avoid: readonly string[];
    guess?: unknown;
  }) {
    this.#called('login', login);
    const account = this.accounts.find(({ userId }) => userId === login.userId);
    if (account?.name !== login.userName) throw new CimError('account-mismatch');
    const webSocket = { kind: 'ws', host: '10.0.0.1', port: 8082, tls: true };
    const address = [...serverAddress('10.0.0.1', 11211, 8081, true), webSocket];
    return login.java ? { address } : { address, token: { token: 'a.b.c', lifetimeMs: 60_000 } };
  }

  async rotateSecret({ guess: _, ...change }: { guess?: unknown }) {
    this.#called('rotateSecret', change);
  }

  async importAccounts(accounts: readonly ImportedAccount[]) {
    this.#called('importAccounts', accounts);
    return accounts.map(() => ({ status: 'created', reason: '' }) as const);
  }

  async importMessages(messages: readonly ImportedMessage[]) {
    this.#called('importMessages', messages);
    return messages.map(() => ({ status: 'created', reason: '' }) as const);
  }

  async beginFile(facts: FileFacts) {
    this.#called('beginFile', facts);
    this.#assertAccount(facts.owner);
    return {
      ...{ id: facts.id, capability: 'c', chunkBytes: 8, chunks: 1, received: [], expiresAt: 5 },
    };
  }

  async putFilePart({ body: _, ...part }: { body: unknown }) {
    this.#called('putFilePart', part);
  }

  async finishFile(id: string, capability: string) {
    this.#called('finishFile', [id, capability]);
    return { id, bytes: 1, type: 'image/png', sha256: 'ab'.repeat(32), expiresAt: 5 };
  }

  async cancelFile(id: string, capability: string) {
    this.#called('cancelFile', [id, capability]);
    return true;
  }

  async openFile(file: { id: string }): Promise<never> {
    this.#called('openFile', file);
    throw new CimError('unknown-file');
  }

  async trace(id: string) {
    this.#called('trace', id);
    return { id, copies: [], sessions: [], pushes: [], delivered: 0, read: 0, obstacles: [] };
  }

  async ownTrace(userId: number, id: string) {
    this.#called('ownTrace', { userId, id });
    return { id, seq: 1, at: 1_000, searched: 1, reached: null, scannedBytes: this.scannedBytes };
  }

  async outlook(target: { to: number; group: string }) {
    this.#called('outlook', target);
    return { sessions: [], obstacles: [] };
  }

  pushesOf(timeline: string, seq: number) {
    this.#called('pushesOf', { timeline, seq });
    return [];
  }

  async fileUsage() {
    this.#called('fileUsage', null);
    const owners = [
      { userId: java.userId, files: 2, bytes: 1_500_000, unfinishedBytes: 65_536 },
      { userId: other.userId, files: 1, bytes: 65_536, unfinishedBytes: 0 },
    ];
    return { files: 3, bytes: 1_565_536, unfinishedBytes: 65_536, owners };
  }

  async block(...pair: [number, number]) {
    this.#called('block', pair);
  }

  async presence(userIds: readonly number[], caller: number | null) {
    this.#called('presence', { userIds, caller });
    return userIds.map((userId) => ({
      userId,
      ...(userId === java.userId ? { online: true } : { online: false, lastSeen: 5 }),
    }));
  }

  async showLastSeen(...setting: [number, boolean]) {
    this.#called('showLastSeen', setting);
  }

  async unblock(...pair: [number, number]) {
    this.#called('unblock', pair);
  }

  async blocked(userId: number) {
    this.#called('blocked', userId);
    return this.accounts.slice(0, 1);
  }

  async changeGroup(...asked: [number, string, GroupChange]) {
    this.#called('changeGroup', asked);
  }

  async groupOf(userId: number, group: string) {
    return this.#groupStatus('groupOf', userId, group);
  }

  async salt() {
    return '5a'.repeat(16);
  }

  async offLine(userId: number) {
    this.#called('offLine', userId);
  }

  async sendPrivate(message: { from: number; to: number; texts: readonly string[] }) {
    this.#called('sendPrivate', message);
    this.#assertAccount(message.from);
    if (!this.accounts.some(({ userId }) => userId === message.to)) {
      throw new CimError('unknown-receiver');
    }
    return { online: this.online.some(({ userId }) => userId === message.to) };
  }

  async sendGroup(message: { from: number; group: string; text?: string }) {
    this.#called('sendGroup', message);
    this.#assertAccount(message.from);
    return { id: 'a:1' };
  }

  async fetchOffline(userId: number) {
    this.#called('fetchOffline', userId);
  }

  async onlineUsers(page: { after: number; limit: number }) {
    this.#called('onlineUsers', page);
    return this.online.filter(({ userId }) => userId > page.after).slice(0, page.limit);
  }

  async history(query: unknown): Promise<HistoryPage> {
    this.#called('history', query);
    const { userId: from, name: fromName } = java;
    const messages = [
      { id: 'a:1', from, fromName, to: other.userId, text: 'one', seq: 1, at: 1_000 },
      { id: 'a:2', from, fromName, group: 'lobby', text: 'two', seq: 2, at: 2_000 },
    ];
    return { messages, next: 'older', expired: false, scannedBytes: this.scannedBytes };
  }

  async readGroupKeys(userId: number, group: string, after?: unknown) {
    this.#called('readGroupKeys', { userId, group, after });
    return { ...keyState, drawId: 'd', slots: [], more: false, missing: [] };
  }

  async drawGroupKey(draw: unknown) {
    this.#called('drawGroupKey', draw);
    return { ...keyState, drawId: 'd', status: 'committed' as const, missing: [] };
  }

  async giveGroupKeys(userId: number, group: string, slots: unknown) {
    this.#called('giveGroupKeys', { userId, group, slots });
    return 1;
  }

  async forgetGroupKeys(userId: number, group: string) {
    this.#called('forgetGroupKeys', { userId, group });
  }

  async groupChanges(userId: number, group: string, after: object) {
    this.#called('groupChanges', { userId, group, after });
    return { groupId: 'g', members: [], keys: [] };
  }

  async marksOfPeers(userId: number, peers: readonly number[]) {
    this.#called('marksOfPeers', { userId, peers });
    return [];
  }

  async marksOfGroup(userId: number, group: string, seq: number) {
    this.#called('marksOfGroup', { userId, group, seq });
    return { members: 2, delivered: 1, read: 0, named: null };
  }

  async conversations(userId: number, page: unknown) {
    this.#called('conversations', { userId, page });
    return { conversations: [], next: null, scannedBytes: this.scannedBytes };
  }

  async setConversation(userId: number, conversation: unknown, flags: unknown) {
    this.#called('setConversation', { userId, conversation, flags });
  }

  async markRead(userId: number, message: unknown) {
    this.#called('markRead', { userId, message });
  }

  async schedule(message: unknown) {
    this.#called('schedule', message);
  }

  async delayed(userId: number, after?: string): Promise<DelayedPage> {
    this.#called('delayed', { userId, after });
    const messages = [{ id: 's', to: other.userId, text: 'later', dueAt: 3_000 }];
    return { messages, next: '3000.s' };
  }

  async cancelDelayed(userId: number, id: string) {
    this.#called('cancelDelayed', { userId, id });
  }

  async createGroup(userId: number, group: string) {
    return this.#groupStatus('createGroup', userId, group);
  }

  async joinGroup(userId: number, group: string) {
    return this.#groupStatus('joinGroup', userId, group);
  }

  async leaveGroup(userId: number, group: string) {
    this.#called('leaveGroup', { userId, group });
  }

  async groupsOf(userId: number) {
    return [this.#groupStatus('groupsOf', userId, 'cooks')];
  }

  async invitations(userId: number) {
    this.#called('invitations', userId);
    return [{ group: 'cooks', by: 7 }];
  }

  async groupMembers(query: unknown): Promise<Account[]> {
    this.#called('groupMembers', query);
    return [java, other];
  }

  async drain(server: string) {
    this.#called('drain', server);
  }

  servers(page: { after: string; limit: number }): ServerStatus[] {
    this.#called('servers', page);
    const address = serverAddress('fd00::1', 9000, 8081);
    return [{ address, instance: 'ab', version: '0.1.0', connections: 3, choosable: true }];
  }

  async renewStoreId() {
    this.#called('renewStoreId', undefined);
    return '5709e1d000000002';
  }

  async backUp() {
    this.#called('backUp', undefined);
    return '/data/backup.sqlite';
  }

  async setAccountBlocked(userId: number, isBlocked: boolean) {
    this.#called('setAccountBlocked', { userId, isBlocked });
    return 1;
  }

  async kick(userId: number) {
    this.#called('kick', userId);
    return 2;
  }

  async deleteAccount(userId: number, proof?: { loginKey?: string }) {
    this.#called('deleteAccount', [userId, proof?.loginKey]);
    return 2;
  }

  async resetSecret(userId: number, loginKey: string) {
    this.#called('resetSecret', { userId, loginKey });
  }

  async createApiKey(label: string, scope: ApiKeyScope) {
    this.#called('createApiKey', { label, scope });
    return { id: 'ab', label, scope, createdAt: 5_000, key: 'cimk_ab_secret' };
  }

  async apiKeys(): Promise<ApiKeyInfo[]> {
    this.#called('apiKeys', undefined);
    return [
      { id: 'ab', label: 'shop', scope: { kind: 'push' }, createdAt: 5_000 },
      { id: 'cd', label: 'cooks', scope: { kind: 'group', group: 'cooks' }, createdAt: 6_000 },
    ];
  }

  async publish(publication: unknown) {
    this.#called('publish', publication);
    return 7;
  }

  async retained(filter: string, after?: string) {
    this.#called('retained', [filter, after]);
    const value = { number: 7, contentType: '', at: 5_000, expiresAt: 0 };
    return {
      values: [
        { ...value, topic: 'a', payload: Buffer.from('21 °C') },
        { ...value, topic: 'b', payload: Buffer.from([255]) },
      ],
      next: 'b',
    };
  }

  async createDeviceKey(name: string, allow: readonly string[]) {
    this.#called('createDeviceKey', { name, allow });
    return { id: 'ef', name, allow, createdAt: 5_000, key: 'cimd_ef_secret' };
  }

  async deviceKeys(after?: string) {
    this.#called('deviceKeys', after);
    const key = { id: 'ef', name: 'lamp', allow: ['pub t/%u/#', 'sub c/%u'], createdAt: 5_000 };
    if (after === undefined) return { keys: [key], next: 'ef' };
    return { keys: [{ ...key, id: 'gh', name: 'door' }], next: null };
  }

  async revokeDeviceKey(id: string) {
    this.#called('revokeDeviceKey', id);
  }

  async revokeApiKey(id: string) {
    this.#called('revokeApiKey', id);
  }

  async publishKey(userId: number, pair: KeyPair) {
    this.#called('publishKey', { userId, ...pair });
    return pair;
  }

  async ownKey(userId: number): Promise<KeyPair | null> {
    this.#called('ownKey', userId);
    return userId === java.userId ? { publicKey: 'public', wrappedKey: 'wrapped' } : null;
  }

  async publicKeys(userIds: readonly number[]): Promise<(PublicKeys | null)[]> {
    this.#called('publicKeys', userIds);
    return [{ account: java, current: 'public', earlier: ['older'] }, null];
  }

  #groupStatus(operation: string, userId: number, group: string): GroupStatus {
    this.#called(operation, { userId, group });
    return {
      ...{ group, title: 'Cooks', owner: java.userId, admins: [3, 4], entry: 'invite' as const },
      ...{ history: 'joined' as const, sharePercent: null, version: 6, keyEpoch: 0 },
      ...{ joined: 2, cursor: 4, head: 5 },
    };
  }

  #called(operation: string, argument: unknown): void {
    this.calls.push([operation, argument]);
    if (this.failure) throw this.failure;
  }

  #assertAccount(id: number): void {
    if (!this.accounts.some(({ userId }) => userId === id)) {
      throw new CimError('account-mismatch', 'userId: there is no such account');
    }
  }
}
