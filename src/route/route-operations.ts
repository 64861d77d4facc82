/**
 * RouteOperations (operations.ts) over the store, the servers and the registry's picture of them.
 */

import { callOne } from '../api/batch-call.ts';
import type { Strategy } from '../balance/strategy.ts';
import type { Clock } from '../base/clock.ts';
import { CimError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { closeCodes } from '../codec/close-codes.ts';
import { lobby } from '../codec/commands.ts';
import { type LiveServer, type Registry, serverAddress } from '../registry/registry.ts';
import type { Account } from '../store/accounts.ts';
import { javaDevice, type Session } from '../store/sessions.ts';
import type { Store } from '../store/store.ts';
import type { AccountDirectory } from './account-directory.ts';
import type { Delivery } from './delivery.ts';
import { readHistory } from './history.ts';
import { assertText, deliverTexts, drawEpoch } from './http-message.ts';
import type { RouteOperations, ServerStatus } from './operations.ts';
import { onlineUsers } from './presence.ts';
import type { SchedulePayload } from './scheduler.ts';
import { type ServerCandidate, ServerChoice } from './server-choice.ts';
import type { ServerDirectory } from './server-directory.ts';

export interface RouteOperationsOptions {
  readonly store: Store;
  readonly registry: Registry;
  readonly accounts: AccountDirectory;
  readonly delivery: Delivery;
  readonly servers: ServerDirectory;
  readonly strategy: Strategy;
  readonly clock: Clock;
}

export function createRouteOperations(options: RouteOperationsOptions): RouteOperations {
  const { store, registry, accounts, delivery, servers, strategy, clock } = options;
  const choice = new ServerChoice(() => registry.view.choosable.map(candidateOf), strategy);

  const isLive = ({ instance }: { instance: string }) => registry.view.servers.has(instance);

  async function liveSessions(userId: number): Promise<Session[]> {
    const [sessions = []] = await store.sessions.of([userId]);
    return sessions.filter(isLive);
  }

  async function senderOf(userId: number): Promise<Account> {
    const sender = await accounts.find(userId);
    if (!sender) throw new CimError('account-mismatch', 'userId: there is no such account');
    return sender;
  }

  async function end(sessions: readonly Session[]): Promise<void> {
    const { code, meaning: reason } = closeCodes.kicked;
    await Promise.all(
      sessions.map(({ address, sessionId, instance }) =>
        callOne(servers.at(address).end, { sessionId, instance, code, reason }),
      ),
    );
  }

  return {
    async register(registration) {
      const result = await store.accounts.register(registration);
      if (result.status === 'registered') return result;
      const { account } = result;
      throw result.status === 'name-taken'
        ? new CimError(
            'name-taken',
            `the name ${JSON.stringify(account.name)} belongs to user ${account.userId}`,
          )
        : new CimError('id-taken', `user ${account.userId} bears another name`);
    },

    async login({ userId, userName, java, avoid }) {
      const account = await accounts.find(userId);
      if (account?.name !== userName) throw new CimError('account-mismatch');
      if (!java) return choice.choose(userId, avoid);
      const sessions = await liveSessions(userId);
      if (sessions.some(({ device }) => device === javaDevice)) throw new CimError('repeat-login');
      const chosen = await choice.chooseReachable(userId);
      await store.sessions.assignJava(userId, chosen.key);
      return chosen;
    },

    async offLine(userId) {
      const session = await store.sessions.endJava(userId, await store.sessions.now());
      if (session) await end([session]);
    },

    async sendPrivate({ from, to, texts }) {
      for (const text of texts) assertText(text);
      const sender = await senderOf(from);
      const { watchers } = await deliverTexts(delivery, {
        sender,
        to,
        texts,
        at: clock.now(),
        epochHex: drawEpoch(),
      });
      return { online: watchers.some(isLive) };
    },

    async sendGroup({ from, group, text }) {
      assertText(text);
      const sender = await senderOf(from);
      await deliverTexts(delivery, {
        sender,
        group,
        texts: [text],
        at: clock.now(),
        epochHex: drawEpoch(),
      });
    },

    async fetchOffline(userId) {
      const sessions = await liveSessions(userId);
      const java = sessions.filter(({ device }) => device === javaDevice);
      await Promise.all(
        java.map(({ address, sessionId, instance }) =>
          callOne(servers.at(address).wake, { sessionId, instance }),
        ),
      );
    },

    onlineUsers: () => onlineUsers(servers, [...registry.view.servers.values()].map(serverAddress)),

    history: (query) => {
      if (query.group !== undefined && query.group !== lobby)
        throw new CimError('unknown-receiver', 'there is no such group');
      return readHistory(store.timelines, query);
    },

    async schedule({ id, from, to, group, text, delaySeconds }) {
      assertText(text);
      if (delaySeconds > limits.delaySecondsMax) {
        throw new CimError('invalid-argument', `delaySeconds: at most ${limits.delaySecondsMax}`);
      }
      await senderOf(from);
      if (to !== undefined && !(await accounts.find(to))) throw new CimError('unknown-receiver');
      if (group !== undefined && group !== lobby)
        throw new CimError('unknown-receiver', 'there is no such group');
      const payload: SchedulePayload = {
        ...(to === undefined ? {} : { to }),
        ...(group === undefined ? {} : { group }),
        text,
      };
      await store.schedules.create(
        { id, owner: from, payload: Buffer.from(JSON.stringify(payload)) },
        delaySeconds * 1000,
      );
    },

    delayed: () => unbuilt('listing'),
    cancelDelayed: () => unbuilt('cancelling'),
    createGroup: () => unbuilt('groups'),
    joinGroup: () => unbuilt('groups'),
    leaveGroup: () => unbuilt('groups'),
    groupsOf: () => unbuilt('groups'),
    groupMembers: () => unbuilt('groups'),
    drain: () => unbuilt('draining'),

    servers: () => [...registry.view.servers.values()].map((server) => statusOf(server, registry)),

    async kick(userId) {
      const sessions = await liveSessions(userId);
      await end(sessions);
      return sessions.length;
    },

    async problems() {
      const storeProblem = await store.problem();
      return [
        ...(storeProblem === null ? [] : [storeProblem]),
        ...(registry.state === 'connected' ? [] : [`the registry is ${registry.state}`]),
      ];
    },
  };
}

function unbuilt(what: string): Promise<never> {
  return Promise.reject(new CimError('internal', `${what}: not built yet`));
}

function candidateOf(server: LiveServer): ServerCandidate {
  const { ip, tcpPort, httpPort, connections } = server;
  return { key: serverAddress(server), ip, tcpPort, httpPort, connections };
}

function statusOf(server: LiveServer, { view }: Registry): ServerStatus {
  const { instance, ip, tcpPort, httpPort, version, connections } = server;
  const choosable = view.choosable.some((choosable) => choosable.instance === instance);
  return { instance, ip, tcpPort, httpPort, version, connections, choosable };
}
