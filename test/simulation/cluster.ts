/** The cluster of one simulation: its processes, its store, its people and their devices. */
import { lobby } from '../../src/codec/commands.ts';
import { identityOf } from '../../src/codec/identity.ts';
import { decodeText, scanMessage } from '../../src/codec/message-scan.ts';
import { createLocalRegistry } from '../../src/registry/open-registry.ts';
import type { Store } from '../../src/store/store.ts';
import type { TimelineId } from '../../src/store/timelines.ts';
import { groupTimeline, userTimeline } from '../../src/store/timelines.ts';
import { Ledger } from '../../src/witness/ledger.ts';
import type { SeededRandom } from '../../src/witness/seeded-random.ts';
import { calm } from './fault-profile.ts';
import type { Shard } from './memory-shard.ts';
import { MemoryStore } from './memory-store.ts';
import type { Scenario } from './scenarios.ts';
import { SimulatedDevice, type User } from './simulated-device.ts';
import { SimulatedNetwork } from './simulated-network.ts';
import { SimulatedRoute, SimulatedServer, type Surroundings } from './simulated-roles.ts';
import { StoreOutages } from './simulated-store.ts';
import { type StoredMessage, StoreRecord, textOf } from './store-record.ts';
import { World } from './world.ts';

/** The one that people make, join and leave. */
export const namedGroup = 'team';

export class Cluster {
  readonly world: World;
  readonly ledger = new Ledger();
  readonly record = new StoreRecord();
  readonly network: SimulatedNetwork;
  readonly outages = new StoreOutages();
  readonly users: readonly User[];
  readonly devices: SimulatedDevice[] = [];
  readonly servers: SimulatedServer[] = [];
  readonly routes: SimulatedRoute[] = [];
  readonly #store: MemoryStore;
  /** Not where failovers take memberships as well: what is owed to whom is then nobody's to say. */
  hasGroups = false;
  /** Nor where they take what changes messages. */
  hasChanges = false;
  readonly hasSecondDevices: boolean;
  #texts = 0;

  /** `around`: what is put around the store, to break it. */
  static async create(
    random: SeededRandom,
    around: (store: Store) => Store,
    scenario: Scenario,
  ): Promise<Cluster> {
    const world = new World(random);
    const cluster = new Cluster(world, scenario);
    for (const { userId, userName } of cluster.users)
      await cluster.#store.accounts.register({ userId, name: userName });
    const surroundings: Surroundings = {
      world,
      network: cluster.network,
      hub: await createLocalRegistry(),
      store: around(cluster.#store),
      outages: cluster.outages,
      serverAt: (address) => cluster.servers.find((server) => server.address === address),
      routeAt: (address) => cluster.routes.find(({ ip }) => `${ip}:8083` === address),
    };
    const [routeCount, serverCount] = [random.integer(1, 2), random.integer(1, 2)];
    for (let index = 1; index <= routeCount; index++)
      cluster.routes.push(new SimulatedRoute(`route-${index}`, `10.0.1.${index}`, surroundings));
    for (let index = 1; index <= serverCount; index++)
      cluster.servers.push(new SimulatedServer(`server-${index}`, `10.0.0.${index}`, surroundings));
    for (const { userId } of cluster.users) {
      cluster.addDevice(userId);
      if (scenario.hasSecondDevices && random.chance(0.5)) cluster.addDevice(userId);
    }
    return cluster;
  }

  private constructor(
    world: World,
    { messagesMax, quotas, hasSecondDevices, refusesPrivate }: Scenario,
  ) {
    const { random, time } = world;
    this.world = world;
    this.network = new SimulatedNetwork(world);
    this.#store = new MemoryStore({
      retention: { messagesMax },
      quotas,
      now: () => time.epochMs,
    });
    this.hasSecondDevices = hasSecondDevices;
    this.record.messagesMax = messagesMax;
    this.record.refusesPrivate = refusesPrivate;
    this.ledger.losses = this.record;
    this.users = Array.from({ length: random.integer(2, 3) }, (_, index) => ({
      userId: index + 1,
      userName: `user-${index + 1}`,
    }));
  }

  /** It starts when it is told to. */
  addDevice(userId: number, ephemeral = false): SimulatedDevice {
    const { world, network, ledger, routes } = this;
    const { random } = world;
    const device = new SimulatedDevice(
      {
        name: `device-${userId}.${this.devices.length + 1}`,
        user: this.users[userId - 1]!,
        ephemeral,
        takingMsMax: random.chance(0.8) ? 0 : random.integer(1, 200),
      },
      {
        world,
        network,
        ledger,
        routes: routes.map(({ origin }) => origin),
        hostAt: (origin) => routes.find((route) => route.origin === origin),
      },
    );
    this.devices.push(device);
    return device;
  }

  /** A text that was never used before: it names its message. */
  newText(): string {
    this.#texts += 1;
    return textOf(this.#texts);
  }

  get timelines(): TimelineId[] {
    return [
      ...this.users.map(({ userId }) => userTimeline(userId)),
      groupTimeline(lobby),
      ...(this.hasGroups ? [groupTimeline(namedGroup)] : []),
    ];
  }

  // ---- the store ---------------------------------------------------------------------------------

  picture(timeline: TimelineId): Shard {
    return this.#store.data.shard(timeline);
  }

  /** A failover to a replica that has only what the picture shows. */
  failOver(timeline: TimelineId, picture: Shard): void {
    const before = this.#messagesOf(timeline);
    for (const { userId } of this.users)
      if (userTimeline(userId) === timeline) this.ledger.marks.setBack.add(userId);
    this.#store.data.setBack(timeline, {
      ...picture,
      devices: this.picture(timeline).devices,
      interests: this.picture(timeline).interests,
    });
    const kept = new Set(this.#messagesOf(timeline).map(({ text }) => text));
    const lost = before.filter(({ text }) => !kept.has(text));
    const texts = lost.map(({ text }) => text).join(' ') || 'no message';
    this.world.note('store', `failover of ${timeline} loses ${texts}`);
    this.record.addLost(timeline, lost);
  }

  /** Notes what the store holds now. */
  noteStored(): void {
    for (const timeline of this.timelines) {
      this.record.stored.set(timeline, this.#messagesOf(timeline));
      this.record.heads.set(timeline, this.picture(timeline).head);
    }
  }

  #messagesOf(timeline: TimelineId): StoredMessage[] {
    return this.picture(timeline).messages.map(({ seq, body }) => {
      const { textStart, textEnd, contentEnd } = scanMessage(body);
      // What changes a message is told apart by its own id: it may say what others say.
      const text = contentEnd > 0 ? identityOf(body) : decodeText(body, textStart, textEnd);
      return { seq, text };
    });
  }

  /** Everybody reads back what became of messages. */
  async readBack(): Promise<void> {
    const running = this.devices.filter((device) => device.running);
    await Promise.all(running.map((device) => device.readBack()));
  }

  /** Everybody asks how much is unread. */
  async countUnread(): Promise<void> {
    const running = this.devices.filter((device) => device.running);
    await Promise.all(running.map((device) => device.countUnread()));
  }

  // ---- the end of all faults ---------------------------------------------------------------------

  /** Everything works again, and everybody who has a device is back. */
  heal(): void {
    const { world } = this;
    world.note('world', 'heals');
    world.healed = true;
    world.faults = calm;
    world.healPartitions();
    this.outages.heal();
    for (const role of [...this.routes, ...this.servers]) {
      role.process.frozenUntil = 0;
      if (role.stopping) role.kill();
      if (!role.process.alive) role.start();
    }
    for (const device of this.devices) {
      device.process.frozenUntil = 0;
      if (!device.running && !device.ephemeral) device.start();
    }
  }
}
