/**
 * Servers and routes as processes: what src/server/core.ts and src/route/main.ts put together, over
 * simulated ports. Each may be killed and started again at its address.
 */

import { type RouteApi, routeMethods } from '../../src/api/route-api.ts';
import { type ServerApi, serverMethods } from '../../src/api/server-api.ts';
import { strategies } from '../../src/balance/strategies.ts';
import { createLogger } from '../../src/base/log.ts';
import { Counters } from '../../src/base/process/counters.ts';
import type { Endpoint } from '../../src/http/endpoint.ts';
import { ServerLimits } from '../../src/limits/server-limits.ts';
import type { LocalRegistryHub } from '../../src/registry/open-registry.ts';
import { pushAddress, type Registry, routeName } from '../../src/registry/registry.ts';
import type { Authentication } from '../../src/route/accounts/authentication.ts';
import { createRouteCore, type RouteCore } from '../../src/route/core.ts';
import { accountEndpoints } from '../../src/route/endpoints/accounts.ts';
import { conversationListEndpoints } from '../../src/route/endpoints/conversation-list.ts';
import { delayEndpoints } from '../../src/route/endpoints/delay.ts';
import { groupEndpoints } from '../../src/route/endpoints/groups.ts';
import { historyEndpoint } from '../../src/route/endpoints/history.ts';
import { markEndpoints } from '../../src/route/endpoints/marks.ts';
import { messageEndpoints } from '../../src/route/endpoints/messages.ts';
import { Gateway } from '../../src/server/gateway.ts';
import { cimOrJava } from '../../src/server/protocols/cim-or-java.ts';
import { RoutePool } from '../../src/server/routes/route-pool.ts';
import type { Store } from '../../src/store/store.ts';
import { anyGuesses } from '../support/guess-rate.ts';
import { processBudget } from '../support/process-budget.ts';
import { routeAddress, serverAddress } from '../support/role-addresses.ts';
import { SimulatedLink } from './simulated-links.ts';
import type { SimulatedNetwork } from './simulated-network.ts';
import { SimulatedStore, type StoreOutages } from './simulated-store.ts';
import { SimulatedProcess } from './simulated-time.ts';
import { simulatedTokens } from './simulated-tokens.ts';
import type { World } from './world.ts';

export interface Surroundings {
  readonly world: World;
  readonly network: SimulatedNetwork;
  readonly hub: LocalRegistryHub;
  readonly store: Store;
  readonly outages: StoreOutages;
  /** Who is at an address now: a server's pushAddress, a route's name. */
  readonly serverAt: (address: string) => SimulatedServer | undefined;
  readonly routeAt: (address: string) => SimulatedRoute | undefined;
}

const log = createLogger('simulation', 'silent');
const authentication: Authentication = { mode: 'open', tokens: simulatedTokens };
/** Streams without addresses are not limited. */
const nowhere = { address: '', isOver: false };
const generous = {
  trustProxy: [],
  limitLoopback: false,
  connectionsPerIp: 1,
  loginRate: 1,
  sendRate: 1,
  sendBytesRate: 1,
  readBytesRate: 1,
  conversationRate: 1_000_000,
};
/** The registry notices a death by the end of a session. */
const registrySessionMs = 10_000;
const version = 'simulated';

/** Wall clocks of machines differ by no more than this. */
const skewMsMax = 50;

export class SimulatedRoute {
  readonly name: string;
  readonly ip: string;
  readonly #surroundings: Surroundings;
  process: SimulatedProcess;
  core!: RouteCore;
  endpoints: readonly Endpoint[] = [];
  /** It was told to stop, and has not ended yet or again. */
  stopping = false;
  #registry!: Registry;
  #lives = 0;

  constructor(name: string, ip: string, surroundings: Surroundings) {
    this.name = name;
    this.ip = ip;
    this.#surroundings = surroundings;
    this.process = new SimulatedProcess(surroundings.world.time, name);
    this.start();
  }

  get origin(): string {
    return `http://${this.ip}:8083`;
  }

  start(): void {
    const { world, hub, serverAt } = this.#surroundings;
    const process = new SimulatedProcess(world.time, this.name, world.random.integer(0, skewMsMax));
    const registry = hub.join();
    const links = new Map<string, ServerApi>();
    const linkTo = (address: string): ServerApi => {
      const known = links.get(address);
      if (known) return known;
      const link = new SimulatedLink<ServerApi>(world, serverMethods, process, () =>
        serverAt(address),
      );
      links.set(address, link.api);
      return link.api;
    };
    this.core = createRouteCore({
      store: new SimulatedStore({ ...this.#surroundings, process }),
      registry,
      servers: { at: linkTo },
      strategy: strategies['round-robin'](),
      authentication,
      guesses: anyGuesses(),
      clock: process.clock,
      budget: processBudget(process.clock),
      log,
      accountsMax: 10,
    });
    void this.core.start();
    const { operations } = this.core;
    this.endpoints = [
      ...accountEndpoints(operations, authentication.mode),
      ...messageEndpoints(operations),
      ...delayEndpoints(operations),
      ...groupEndpoints(operations),
      historyEndpoint(operations),
      ...conversationListEndpoints(operations),
      ...markEndpoints(operations),
    ];
    this.process = process;
    this.stopping = false;
    this.#registry = registry;
    const instance = `${this.name}.${++this.#lives}`;
    void registry.announceRoute({ instance, address: routeAddress(this.ip, 8083), version });
  }

  get api(): RouteCore['api'] {
    return this.core.api;
  }

  kill(): void {
    if (!this.process.alive) return;
    const { world } = this.#surroundings;
    this.process.kill();
    leaveLater(world, this.#registry, world.random.integer(0, registrySessionMs));
  }

  /** SIGTERM: out of the registry first, then what is under way is finished. */
  stop(): void {
    if (!this.process.alive || this.stopping) return;
    this.stopping = true;
    void this.#registry.close();
    this.process.after(3_000, () => this.kill());
  }
}

export class SimulatedServer {
  readonly name: string;
  readonly ip: string;
  readonly #surroundings: Surroundings;
  process: SimulatedProcess;
  gateway!: Gateway;
  /** It was told to stop, and has not ended yet or again. */
  stopping = false;
  #registry!: Registry;
  #withdraw: () => Promise<void> = async () => {};
  #lives = 0;

  constructor(name: string, ip: string, surroundings: Surroundings) {
    this.name = name;
    this.ip = ip;
    this.#surroundings = surroundings;
    this.process = new SimulatedProcess(surroundings.world.time, name);
    this.start();
  }

  get address(): string {
    return pushAddress({ address: serverAddress(this.ip, 9000, 8081) });
  }

  get api(): ServerApi {
    return this.gateway.api;
  }

  start(): void {
    const { world, hub, network, routeAt } = this.#surroundings;
    const process = new SimulatedProcess(world.time, this.name, world.random.integer(0, skewMsMax));
    const registry = hub.join();
    const connect = (address: string) =>
      new SimulatedLink<RouteApi>(world, routeMethods, process, () => routeAt(address));
    const pool = new RoutePool({ connect, clock: process.clock });
    const followRoutes = () => {
      if (process.alive) pool.update(registry.view.routes.map(routeName));
    };
    registry.onChange(followRoutes);
    followRoutes();
    const instance = `${this.name}.${++this.#lives}`;
    const gateway = new Gateway({
      routes: pool.api,
      tokens: simulatedTokens,
      limits: new ServerLimits(generous, () => process.clock.monotonic()),
      topicsOpen: false,
      instance,
      address: () => this.address,
      withdraw: () => this.#withdraw(),
      clock: process.clock,
      budget: processBudget(process.clock),
      counters: new Counters(),
      log,
    });
    const wire = cimOrJava(gateway);
    network.listen(`${this.ip}:9000`, {
      process,
      accept: (stream) => gateway.accept(stream, nowhere, wire),
    });
    this.process = process;
    this.gateway = gateway;
    this.#registry = registry;
    this.stopping = false;
    void registry
      .announceServer({
        instance,
        address: serverAddress(this.ip, 9000, 8081),
        version,
        connections: 0,
      })
      .then((announcement) => {
        this.#withdraw = () => announcement.withdraw();
        gateway.begin();
      });
  }

  kill(): void {
    if (!this.process.alive) return;
    const { world } = this.#surroundings;
    this.process.kill();
    leaveLater(world, this.#registry, world.random.integer(0, registrySessionMs));
  }

  /** SIGTERM: out of choice first, alive until the last connection has gone. */
  stop(): void {
    if (!this.process.alive || this.stopping) return;
    this.stopping = true;
    const { process } = this;
    const registry = this.#registry;
    void this.#withdraw()
      .then(() => this.gateway.stop())
      .then(() => {
        if (!process.alive) return;
        void registry.close();
        process.kill();
      });
  }
}

function leaveLater(world: World, registry: Registry, delayMs: number): void {
  world.time.after(delayMs, () => void registry.close());
}
