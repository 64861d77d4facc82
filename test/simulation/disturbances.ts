/** What befalls a cluster: processes die and freeze, networks break, the store fails over. */

import type { SeededRandom } from '../../src/witness/seeded-random.ts';
import type { Cluster } from './cluster.ts';
import type { SimulatedDevice } from './simulated-device.ts';
import type { SimulatedRoute, SimulatedServer } from './simulated-roles.ts';

export type Disturbance = (cluster: Cluster) => void;

/** All there are. `replay` names in a trace what happened. */
const disturbances: Readonly<Record<string, Disturbance>> = {
  killRoute: (cluster) => killRole(cluster, cluster.world.random.pick(cluster.routes)),
  killServer: (cluster) => killRole(cluster, cluster.world.random.pick(cluster.servers)),
  restartRoute: (cluster) => restartRole(cluster, cluster.world.random.pick(cluster.routes)),
  restartServer: (cluster) => restartRole(cluster, cluster.world.random.pick(cluster.servers)),
  killBoth: (cluster) => {
    killRole(cluster, cluster.world.random.pick(cluster.routes));
    killRole(cluster, cluster.world.random.pick(cluster.servers));
  },
  freezeRole: (cluster) => {
    const { world, routes, servers } = cluster;
    const role = world.random.pick([...routes, ...servers]);
    const ms = world.random.integer(100, 20_000);
    world.note(role.name, `freezes for ${ms} ms`);
    role.process.freeze(ms);
  },
  partition: ({ world, routes, servers }) => {
    const ms = world.random.integer(100, 10_000);
    const [route, server] = [world.random.pick(routes), world.random.pick(servers)];
    world.note(route.name, `is cut off from ${server.name} for ${ms} ms`);
    world.partition(route.name, server.name, ms);
  },
  killDevice: (cluster) => {
    const device = pickRunning(cluster);
    device?.kill();
    if (device) startLater(cluster, device);
  },
  closeDevice: (cluster) => {
    const device = pickRunning(cluster);
    device?.close();
    if (device) startLater(cluster, device);
  },
  freezeDevice: (cluster) => {
    const device = pickRunning(cluster);
    const ms = cluster.world.random.integer(100, 60_000);
    if (!device) return;
    cluster.world.note(device.name, `freezes for ${ms} ms`);
    device.process.freeze(ms);
  },
  newDevice: (cluster) => {
    const { random } = cluster.world;
    if (!cluster.hasSecondDevices || cluster.devices.length >= devicesMax) return;
    const device = cluster.addDevice(random.pick(cluster.users).userId, random.chance(0.5));
    cluster.world.note(device.name, device.ephemeral ? 'is new and ephemeral' : 'is new');
    device.start();
  },
  cutConnections: ({ world, network }) => {
    const share = world.random.fraction();
    world.note('network', 'cuts connections');
    for (const connection of network.connections())
      if (world.random.chance(share)) connection.cut();
  },
  deadConnections: ({ world, network }) => {
    const share = world.random.fraction();
    world.note('network', 'lets connections go dead');
    for (const connection of network.connections())
      if (world.random.chance(share)) connection.goDead();
  },
  storeOutage: ({ world, outages }) => {
    const ms = world.random.integer(50, 5_000);
    world.note('store', `is away for ${ms} ms`);
    outages.all = world.time.now + ms;
  },
  shardOutage: ({ world, outages, timelines }) => {
    const timeline = world.random.pick(timelines);
    const ms = world.random.integer(50, 5_000);
    world.note('store', `${timeline} is away for ${ms} ms`);
    outages.shards.set(timeline, world.time.now + ms);
  },
};

/** Only in seeds of their own: what they take is not promised to be kept. */
const failovers: Readonly<Record<string, Disturbance>> = {
  failOverShard: (cluster) => failOver(cluster, [cluster.world.random.pick(cluster.timelines)]),
  failOverAll: (cluster) => failOver(cluster, cluster.timelines),
};

const devicesMax = 6;
const downMsMax = 8_000;

/** The kinds of one seed: few of them, or many. */
export function drawDisturbances(random: SeededRandom, failsOver: boolean): readonly Disturbance[] {
  const share = random.fraction();
  const drawn = Object.values(disturbances).filter(() => random.chance(share));
  return failsOver ? [...drawn, ...Object.values(failovers)] : drawn;
}

type Role = SimulatedRoute | SimulatedServer;

function killRole(cluster: Cluster, role: Role): void {
  if (!role.process.alive) return;
  startRoleLater(cluster, role);
  cluster.world.note(role.name, 'killed');
  role.kill();
}

function restartRole(cluster: Cluster, role: Role): void {
  if (!role.process.alive) return;
  startRoleLater(cluster, role);
  cluster.world.note(role.name, 'stops');
  role.stop();
}

/** Some time after it has ended. */
function startRoleLater({ world }: Cluster, role: Role): void {
  const downMs = world.random.integer(0, downMsMax);
  role.process.onDeath(() => {
    world.time.after(downMs, () => {
      if (role.process.alive) return;
      world.note(role.name, 'starts');
      role.start();
    });
  });
}

function pickRunning({ world, devices }: Cluster): SimulatedDevice | undefined {
  const running = devices.filter((device) => device.running);
  return running.length > 0 ? world.random.pick(running) : undefined;
}

function startLater(cluster: Cluster, device: SimulatedDevice): void {
  const { time, random } = cluster.world;
  if (device.ephemeral) return;
  time.after(random.integer(0, downMsMax), () => {
    if (device.running || device.process.alive) return;
    cluster.world.note(device.name, 'starts');
    device.start();
  });
}

/** The replica is behind by up to two seconds. */
function failOver(cluster: Cluster, timelines: readonly Cluster['timelines'][number][]): void {
  const { world, outages } = cluster;
  const pictures = timelines.map((timeline) => [timeline, cluster.picture(timeline)] as const);
  world.time.after(world.random.integer(1, 2_000), () => {
    if (world.healed) return;
    for (const [timeline, picture] of pictures) {
      cluster.failOver(timeline, picture);
      outages.shards.set(timeline, world.time.now + world.random.integer(0, 1_000));
    }
  });
}
