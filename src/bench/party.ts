/**
 * The clients of one worker: accounts, and their connections. A client's devices are all of one
 * worker, and so is the client that it writes to.
 */
import type { Tls } from '../base/tls.ts';
import { jsonRequester } from '../http/client.ts';
import { type Account, type Admission, drawAccount, RouteCalls } from './accounts.ts';
import { LoadConnection, type LoadConnectionEvents } from './load-connection.ts';
import type { Order } from './order.ts';
import { Turn } from './turn.ts';
import { encodeFollow } from './wire.ts';

export interface PartyOptions {
  /** Who is told what comes, at the moment. */
  readonly events: () => LoadConnectionEvents;
  /** So many more accounts are registered, and connections open. */
  readonly onProgress: (registered: number, opened: number) => void;
}

/** Logins at a time: each is a request and a connection. */
const openingMax = 32;
/** Accounts, or connections, that make a step of progress. */
const progressStep = 50;
const heartbeatMs = 10_000;
const heartbeatSteps = 100;

export class Party {
  readonly connections: LoadConnection[] = [];
  readonly calls: RouteCalls;
  readonly #order: Order;
  readonly #tls: Tls;
  readonly #options: PartyOptions;
  readonly #turn = new Turn(() => {});
  /** By client. */
  readonly #accounts = new Map<number, Account>();
  readonly #tokens = new Map<number, string>();
  readonly #servers = new Set<string>();
  #beating: NodeJS.Timeout | undefined;

  constructor(order: Order, tls: Tls, options: PartyOptions) {
    this.calls = new RouteCalls(jsonRequester(tls));
    this.#order = order;
    this.#tls = tls;
    this.#options = options;
  }

  /** `host:port` of all that it was connected to. */
  get servers(): readonly string[] {
    return [...this.#servers];
  }

  get clients(): readonly number[] {
    return [...this.#accounts.keys()];
  }

  accountOf(client: number): Account {
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
    const clients = range(from / devices, to / devices);
    let registered = 0;
    await eachOf(clients, async (client) => {
      const account = drawAccount(this.userIdOf(client));
      await this.calls.register(this.routeFor(client), account);
      this.#accounts.set(client, account);
      registered += 1;
      if (registered % progressStep === 0) this.#options.onProgress(progressStep, 0);
    });
    this.#options.onProgress(registered % progressStep, 0);
    if (pattern === 'login') return;
    // From the first on: opening them all may take longer than a silent client is kept.
    this.#beat();
    let opened = 0;
    await eachOf(range(from, to), async (index) => {
      const connection = await this.connect(index, await this.logIn(index));
      this.connections.push(connection);
      opened += 1;
      if (opened % progressStep === 0) this.#options.onProgress(0, progressStep);
    });
    this.#options.onProgress(0, opened % progressStep);
  }

  logIn(index: number): Promise<Admission> {
    const client = Math.floor(index / this.#order.devices);
    return this.calls.logIn(this.routeFor(client), this.accountOf(client));
  }

  async connect(index: number, admission: Admission): Promise<LoadConnection> {
    const { devices } = this.#order;
    const { events } = this.#options;
    const client = Math.floor(index / devices);
    this.#servers.add(`${admission.host}:${admission.port}`);
    this.#tokens.set(client, admission.token);
    return LoadConnection.open({
      index,
      account: this.accountOf(client),
      admission,
      tls: this.#tls,
      device: `bench-${index % devices}`,
      turn: this.#turn,
      // As they are at the time: connections are there before the load is.
      events: {
        message: (connection, bytes, start) => events().message(connection, bytes, start),
        answered: (connection, code) => events().answered(connection, code),
        behind: (connection) => events().behind(connection),
        ended: (connection, reason) => events().ended(connection, reason),
      },
    });
  }

  /** The first clients make the groups. */
  async createGroups(): Promise<void> {
    const owners = this.clients.filter((client) => client < this.#order.groups);
    await eachOf(owners, (client) => this.#enter('createGroup', client));
  }

  /** All are members, and follow what is sent. */
  async joinGroups(): Promise<void> {
    const { devices } = this.#order;
    const byClient = Map.groupBy(this.connections, ({ index }) => Math.floor(index / devices));
    await eachOf([...byClient], async ([client, connections]) => {
      const group = this.groupOf(client);
      const { joined } = await this.#enter('joinGroup', client);
      for (const connection of connections) {
        const read = connection.whenRead(group);
        connection.write(encodeFollow(group, joined));
        await read;
      }
    });
  }

  async #enter(path: string, client: number): Promise<{ readonly joined: number }> {
    const body = { userId: this.userIdOf(client), group: this.groupOf(client) };
    const url = `${this.routeFor(client)}/${path}`;
    const place = await this.calls.post(url, body, this.#tokens.get(client));
    return place as { readonly joined: number };
  }

  /** Each client's heartbeat, evenly spread as those of strangers are. */
  #beat(): void {
    let step = 0;
    this.#beating = setInterval(() => {
      for (let index = step; index < this.connections.length; index += heartbeatSteps)
        this.connections[index]?.ping();
      step = (step + 1) % heartbeatSteps;
    }, heartbeatMs / heartbeatSteps);
  }

  close(): void {
    clearInterval(this.#beating);
    for (const connection of this.connections) connection.close();
  }
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from }, (_, offset) => from + offset);
}

/** Some at a time; the first that fails ends it. */
async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const rest = items.values();
  const one = async (): Promise<void> => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: openingMax }, one));
}
