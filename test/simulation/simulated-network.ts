/**
 * TCP between clients and servers: bytes arrive in order, split anywhere and after a while, until
 * the connection ends, is cut, or goes dead without a sign to either side.
 */
import { Duplex } from 'node:stream';
import type { ByteStreamEvents, Transport } from '../../src/client/sdk/platform.ts';
import type { SimulatedProcess } from './simulated-time.ts';
import type { World } from './world.ts';

/** A server's TCP port. */
export interface Listener {
  readonly process: SimulatedProcess;
  accept(stream: Duplex): void;
}

export class SimulatedNetwork {
  readonly #world: World;
  /** By `ip:port`. */
  readonly #listeners = new Map<string, Listener>();
  #connections = new Set<TcpConnection>();

  constructor(world: World) {
    this.#world = world;
  }

  listen(address: string, listener: Listener): void {
    this.#listeners.set(address, listener);
  }

  /** As the client of this process sees the network. */
  transportOf(client: SimulatedProcess): Transport {
    return {
      open: ({ host, port }, events) => {
        const listener = this.#listeners.get(`${host}:${port}`);
        const connection = new TcpConnection(this.#world, client, listener, events);
        this.#connections.add(connection);
        return connection;
      },
    };
  }

  /** Of all connections that are open, or of one client. */
  connections(client?: SimulatedProcess): TcpConnection[] {
    this.#connections = new Set([...this.#connections].filter(({ ended }) => !ended));
    return [...this.#connections].filter(
      (connection) => client === undefined || connection.client === client,
    );
  }
}

/** What happens to a direction of a stream besides bytes. */
type Signal = 'opened' | 'finished' | 'reset';

/** One direction: chunks in order, each at its time. */
class Direction {
  readonly #world: World;
  readonly #receiver: SimulatedProcess;
  readonly #take: (item: Uint8Array | Signal) => void;
  readonly #items: (Uint8Array | Signal)[] = [];
  #lastAt = 0;

  constructor(world: World, receiver: SimulatedProcess, take: (item: Uint8Array | Signal) => void) {
    this.#world = world;
    this.#receiver = receiver;
    this.#take = take;
  }

  send(bytes: Uint8Array): void {
    const { random, faults } = this.#world;
    // A copy: what is on its way is nobody's to change.
    const copy = Uint8Array.from(bytes);
    if (copy.length > 1 && random.chance(faults.network.split)) {
      const at = random.integer(1, copy.length - 1);
      this.#add(copy.subarray(0, at));
      this.#add(copy.subarray(at));
    } else {
      this.#add(copy);
    }
  }

  signal(signal: Signal): void {
    this.#add(signal);
  }

  #add(item: Uint8Array | Signal): void {
    const { time, faults } = this.#world;
    this.#items.push(item);
    this.#lastAt = Math.max(this.#lastAt, time.now + this.#world.delayMs(faults.network.slow));
    // Takes whatever is first by then: a frozen receiver gets what waited in its order.
    this.#receiver.after(this.#lastAt - time.now, () => {
      const next = this.#items.shift();
      if (next !== undefined) this.#take(next);
    });
  }
}

export class TcpConnection {
  readonly client: SimulatedProcess;
  ended = false;
  readonly #events: ByteStreamEvents;
  readonly #toServer: Direction | undefined;
  readonly #toClient: Direction;
  /** Bytes vanish in both directions, and nobody is told. */
  #dead = false;

  constructor(
    world: World,
    client: SimulatedProcess,
    listener: Listener | undefined,
    events: ByteStreamEvents,
  ) {
    this.client = client;
    this.#events = events;
    this.#toClient = new Direction(world, client, (item) => this.#arrivedAtClient(item));
    if (!listener?.process.alive) {
      // Nothing listens there, or the machine is gone.
      if (world.random.chance(0.7)) this.#toClient.signal('reset');
      return;
    }
    const socket = new ServerSocket({
      write: (bytes) => this.#fromServer((direction) => direction.send(bytes)),
      finish: () => this.#fromServer((direction) => direction.signal('finished')),
    });
    this.#toServer = new Direction(world, listener.process, (item) => {
      if (item !== 'opened') return socket.arrived(item);
      listener.accept(socket);
      this.#fromServer((direction) => direction.signal('opened'));
    });
    this.#toServer.signal('opened');
    const die = (other: Direction) => {
      if (world.random.chance(0.7)) other.signal('reset');
      else this.#dead = true;
    };
    listener.process.onDeath(() => die(this.#toClient));
    client.onDeath(() => {
      if (this.#toServer) die(this.#toServer);
      this.ended = true;
    });
  }

  // ---- ByteStream, of the client -------------------------------------------------------------------

  write(bytes: Uint8Array): void {
    if (!this.#dead && this.client.alive) this.#toServer?.send(bytes);
  }

  /** The network takes everything at once. */
  readonly bufferedBytes = 0;

  async close(): Promise<void> {
    if (this.ended) return;
    this.ended = true;
    if (!this.#dead && this.client.alive) this.#toServer?.signal('finished');
  }

  // ---- faults --------------------------------------------------------------------------------------

  /** Both sides are told. */
  cut(): void {
    this.#toClient.signal('reset');
    this.#toServer?.signal('reset');
  }

  /** Nobody is told: packets vanish. */
  goDead(): void {
    this.#dead = true;
  }

  #fromServer(send: (direction: Direction) => void): void {
    if (!this.#dead) send(this.#toClient);
  }

  #arrivedAtClient(item: Uint8Array | Signal): void {
    if (this.ended) return;
    if (item === 'opened') return this.#events.opened();
    if (typeof item !== 'string') return this.#events.received(item);
    this.ended = true;
    this.#events.ended(item === 'reset' ? 'reset by peer' : 'ended by the server');
    if (!this.#dead) this.#toServer?.signal('finished');
  }
}

interface SocketActions {
  write(bytes: Uint8Array): void;
  finish(): void;
}

/** The server's end, as a socket of node:net behaves. */
class ServerSocket extends Duplex {
  readonly #actions: SocketActions;

  constructor(actions: SocketActions) {
    super({ allowHalfOpen: false });
    this.#actions = actions;
  }

  arrived(item: Uint8Array | Exclude<Signal, 'opened'>): void {
    if (this.destroyed) return;
    if (item === 'reset') this.destroy(new Error('reset by peer'));
    else if (item === 'finished') this.push(null);
    else this.push(item);
  }

  override _read(): void {}

  override _write(chunk: Uint8Array, _encoding: string, done: () => void): void {
    this.#actions.write(chunk);
    done();
  }

  override _final(done: () => void): void {
    this.#actions.finish();
    done();
  }
}
