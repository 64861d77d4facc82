/**
 * The clients of one worker: accounts, and their connections. A client's devices are all of one
 * worker, and so is the client that it writes to.
 */
import type { Socket } from 'node:net';
import { formatHostPort } from '../base/network/host-port.ts';
import type { Tls } from '../base/network/tls.ts';
import { jsonRequester } from '../http/client.ts';
import { drawAccount, type LoadAccount, type LoadLogin, RouteCalls } from '../load/accounts.ts';
import { keepAlive, someAtATime } from '../load/heartbeats.ts';
import { lookOncePerPort } from '../load/known-ports.ts';
import { LoadConnection, type LoadConnectionEvents } from '../load/load-connection.ts';
import { Turn } from '../load/turn.ts';
import type { Order } from './order.ts';

/** So many more accounts are registered, and connections open. */
type OnProgress = (registered: number, opened: number) => void;

/** Logins at a time: each is a request and a connection. */
const openingMax = 32;
/** Accounts, or connections, that make a step of progress. */
const progressStep = 50;

export class Party {
  readonly connections: LoadConnection[] = [];
  readonly calls: RouteCalls;
  readonly #order: Order;
  readonly #tls: Tls;
  readonly #refusalOf: (socket: Socket) => Error | undefined;
  readonly #onProgress: OnProgress;
  #events: LoadConnectionEvents;
  readonly #turn = new Turn(() => {});
  /** By client. */
  readonly #accounts = new Map<number, LoadAccount>();
  readonly #tokens = new Map<number, string>();
  readonly #servers = new Set<string>();
  #beating: NodeJS.Timeout | undefined;

  constructor(order: Order, tls: Tls, events: LoadConnectionEvents, onProgress: OnProgress) {
    this.#refusalOf = lookOncePerPort(order.portOwner);
    this.calls = new RouteCalls(jsonRequester(tls, this.#refusalOf));
    this.#order = order;
    this.#tls = tls;
    this.#events = events;
    this.#onProgress = onProgress;
  }

  /** Who is told what comes, from now on. */
  set events(events: LoadConnectionEvents) {
    this.#events = events;
    for (const connection of this.connections) connection.events = events;
  }

  /** `host:port` of all that it was connected to. */
  get servers(): readonly string[] {
    return [...this.#servers];
  }

  accountOf(client: number): LoadAccount {
    const account = this.#accounts.get(client);
    if (!account) throw new Error(`client ${client} is another worker's`);
    return account;
  }

  userIdOf(client: number): number {
    return this.#order.firstUserId + client;
  }

  /** Clients write to each other in pairs; of an odd number the last writes to itself. */
  peerOf(client: number): number {
    const { connections, devices } = this.#order;
    return Math.min(client ^ 1, connections / devices - 1);
  }

  groupOf(client: number): string {
    const { firstUserId, groups } = this.#order;
    return `bench-${firstUserId}-${client % groups}`;
  }

  routeFor(client: number): string {
    const { routes } = this.#order;
    return routes[client % routes.length] ?? '';
  }

  /** Registers all, and logs them in, unless logging in is what is measured. */
  async open(): Promise<void> {
    const { from, to, devices, pattern } = this.#order;
    let registered = 0;
    await someAtATime(openingMax, [from / devices, to / devices], async (client) => {
      const account = drawAccount(this.userIdOf(client));
      await this.calls.register(this.routeFor(client), account);
      this.#accounts.set(client, account);
      registered += 1;
      if (registered % progressStep === 0) this.#onProgress(progressStep, 0);
    });
    this.#onProgress(registered % progressStep, 0);
    if (pattern === 'login') return;
    // From the first on: opening them all may take longer than a silent client is kept.
    this.#beating = keepAlive(this.connections);
    let opened = 0;
    await someAtATime(openingMax, [from, to], async (index) => {
      const connection = await this.connect(index, await this.logIn(index));
      this.connections.push(connection);
      opened += 1;
      if (opened % progressStep === 0) this.#onProgress(0, progressStep);
    });
    this.#onProgress(0, opened % progressStep);
  }

  logIn(index: number): Promise<LoadLogin> {
    const client = Math.floor(index / this.#order.devices);
    return this.calls.logIn(this.routeFor(client), this.accountOf(client));
  }

  async connect(index: number, admission: LoadLogin): Promise<LoadConnection> {
    const { devices } = this.#order;
    const client = Math.floor(index / devices);
    this.#servers.add(formatHostPort(admission));
    this.#tokens.set(client, admission.token);
    return LoadConnection.open({
      index,
      account: this.accountOf(client),
      admission,
      tls: this.#tls,
      refusalOf: this.#refusalOf,
      device: `bench-${index % devices}`,
      turn: this.#turn,
      events: this.#events,
    });
  }

  /** The first clients make the groups. */
  async createGroups(): Promise<void> {
    const { from, to, devices, groups } = this.#order;
    const owners = [from / devices, Math.min(to / devices, groups)] as const;
    await someAtATime(openingMax, owners, (client) => this.#enter('createGroup', client));
  }

  /** All are members, and follow what is sent. */
  async joinGroups(): Promise<void> {
    const { from, to, devices } = this.#order;
    const byClient = Map.groupBy(this.connections, ({ index }) => Math.floor(index / devices));
    await someAtATime(openingMax, [from / devices, to / devices], async (client) => {
      const joined = await this.#enter('joinGroup', client);
      for (const connection of byClient.get(client) ?? [])
        await connection.follow(this.groupOf(client), joined);
    });
  }

  #enter(path: 'createGroup' | 'joinGroup', client: number): Promise<number> {
    return this.calls.enterGroup(this.routeFor(client), path, {
      userId: this.userIdOf(client),
      group: this.groupOf(client),
      token: this.#tokens.get(client) ?? '',
    });
  }

  close(): void {
    clearInterval(this.#beating);
    for (const connection of this.connections) connection.close();
  }
}
