/**
 * Does to a cluster what the plan says, and undoes it: each fault for its time, or until the run
 * ends. Two faults of one part are never at work at once.
 */
import type { Clock, Timer } from '../../base/clock.ts';
import { describeError } from '../../base/errors.ts';
import { Pauses } from '../pauses.ts';
import { type Fault, faults } from '../plan.ts';
import type { Part } from './part.ts';
import type { TcpProxy } from './tcp-proxy.ts';

type PartControls = Pick<Part, 'name' | 'kill' | 'stop' | 'start' | 'freeze' | 'thaw'>;
type NetworkControls = Pick<TcpProxy, 'reset' | 'silence' | 'restore'>;

/** What of a cluster can be harmed. */
export interface Harmable {
  readonly redis: PartControls;
  readonly zookeeper: PartControls;
  readonly servers: readonly {
    readonly part: PartControls;
    readonly clients: NetworkControls;
    readonly pushes: NetworkControls;
  }[];
  readonly routes: readonly { readonly part: PartControls; readonly callers: NetworkControls }[];
}

export interface FaultInjectorOptions {
  readonly cluster: Harmable;
  readonly clock: Clock;
  /** Told of every beginning and end, with its moment. */
  readonly onChange: (what: string) => void;
  readonly onProblem: (problem: string) => void;
}

/** How something goes wrong, and how it is made good. */
interface Damage {
  readonly name: string;
  begin(): void | Promise<void>;
  end(): void | Promise<void>;
}

const tickMs = 10;

export class FaultInjector {
  readonly #options: FaultInjectorOptions;
  readonly #pauses = new Pauses();
  /** The last fault of each part, under way or over. */
  readonly #last = new Map<string, Promise<void>>();
  readonly #present = new Set<string>();
  #ticking: Timer | undefined;

  constructor(options: FaultInjectorOptions) {
    this.#options = options;
  }

  /** What is wrong now, for people. */
  get present(): string {
    return [...this.#present].join(', ');
  }

  begin(plan: readonly Fault[]): void {
    const startMs = performance.now();
    const left = [...plan];
    this.#ticking = this.#options.clock.setInterval(() => {
      while (left[0] && left[0].atMs <= performance.now() - startMs) this.#queue(left.shift());
    }, tickMs);
  }

  /** Resolves when all is well again. */
  async heal(): Promise<void> {
    this.#ticking?.cancel();
    this.#pauses.endAll();
    await Promise.all(this.#last.values());
  }

  #queue(fault: Fault | undefined): void {
    const damage = fault && damageOf(this.#options, fault);
    if (!damage) return;
    const before = this.#last.get(damage.name) ?? Promise.resolve();
    this.#last.set(
      damage.name,
      before.then(() => this.#act(damage, fault)),
    );
  }

  async #act({ name, begin, end }: Damage, { kind, forMs }: Fault): Promise<void> {
    const { onChange, onProblem } = this.#options;
    const { part, text } = faults[kind];
    // `server killed` of `server 2` is `server 2 killed`.
    const what = text.replace(new RegExp(`^${part}`), name);
    this.#present.add(what);
    onChange(`${what}, for ${forMs} ms`);
    try {
      await begin();
      await this.#pauses.pause(forMs);
      await end();
    } catch (error) {
      onProblem(describeError(error));
    }
    this.#present.delete(what);
    onChange(`over: ${what}`);
  }
}

function damageOf(
  { cluster, onProblem }: FaultInjectorOptions,
  { kind, target }: Fault,
): Damage | undefined {
  const server = cluster.servers[target];
  const route = cluster.routes[target];
  switch (kind) {
    case 'server-kill':
      return server && killing(server.part);
    case 'server-freeze':
      return server && freezing(server.part);
    case 'server-restart':
      return server && restarting(server.part, onProblem);
    case 'server-cut':
      return server && cutting(server.part, server.clients);
    case 'server-silence':
      return server && silencing(server.part, server.clients);
    case 'push-cut':
      return server && cutting(server.part, server.pushes);
    case 'push-silence':
      return server && silencing(server.part, server.pushes);
    case 'route-kill':
      return route && killing(route.part);
    case 'route-freeze':
      return route && freezing(route.part);
    case 'route-restart':
      return route && restarting(route.part, onProblem);
    case 'route-cut':
      return route && cutting(route.part, route.callers);
    case 'route-silence':
      return route && silencing(route.part, route.callers);
    case 'redis-kill':
      return killing(cluster.redis);
    case 'redis-freeze':
      return freezing(cluster.redis);
    case 'zookeeper-kill':
      return killing(cluster.zookeeper);
    case 'zookeeper-freeze':
      return freezing(cluster.zookeeper);
  }
}

function killing(part: PartControls): Damage {
  return { name: part.name, begin: () => part.kill(), end: () => part.start() };
}

function freezing(part: PartControls): Damage {
  return { name: part.name, begin: () => part.freeze(), end: () => part.thaw() };
}

/** As an operator does it; a role ends in good order, whatever else is broken at the time. */
function restarting(part: PartControls, onProblem: (problem: string) => void): Damage {
  const begin = async () => {
    const ending = await part.stop();
    if (ending !== '0') onProblem(`${part.name} was told to stop and ended with ${ending}`);
  };
  return { name: part.name, begin, end: () => part.start() };
}

function cutting(part: PartControls, network: NetworkControls): Damage {
  return { name: part.name, begin: () => network.reset(), end: () => {} };
}

function silencing(part: PartControls, network: NetworkControls): Damage {
  return { name: part.name, begin: () => network.silence(), end: () => network.restore() };
}
