/** What so many users need, from assumptions about them and measured constants. Pure. */
import type { PartName } from '../cim.ts';
import { type Company, type Constants, serversOf } from './constants.ts';
import type { ByPart } from './figures.ts';

export interface Assumptions {
  readonly users: number;
  /** Of the users, connected at the busiest time. */
  readonly onlineShare: number;
  /** Connections of each of these. */
  readonly devices: number;
  /** Messages that a user sends in a day, and the busiest second to the mean one. */
  readonly messagesPerDay: number;
  readonly peakFactor: number;
  /** Of the messages, to groups; and how many members these have, on average over the messages. */
  readonly groupShare: number;
  readonly groupMembers: number;
  /** UTF-8, or sealed. */
  readonly textBytes: number;
  readonly loginsPerDay: number;
  /** Messages in a user's timeline (`--timeline-max`), and groups of as many for each user. */
  readonly timelineMessages: number;
  readonly groupsPerUser: number;
  /** How busy a process may be at the busiest time, 1 = one core. */
  readonly utilization: number;
  readonly connectionsPerServer: number;
  readonly redisBytesPerShard: number;
  /** Those of a server that has died are to be back within so many seconds. */
  readonly returnSeconds: number;
}

export interface Needs {
  readonly connections: number;
  /** In the busiest second. */
  readonly privateMessages: number;
  readonly groupMessages: number;
  readonly deliveries: number;
  readonly acknowledgements: number;
  readonly logins: number;
  /** When a server has died. */
  readonly returning: number;
  /** Cores that are busy in the busiest second, of each kind of process. */
  readonly cores: Readonly<Record<'server' | 'route' | 'redis', number>>;
  readonly servers: { readonly byCpu: number; readonly byConnections: number };
  readonly routes: number;
  readonly shards: { readonly byCpu: number; readonly byMemory: number };
  readonly redisBytes: number;
  readonly serverBytes: number;
  /** Per second in the busiest one: to and from clients, and between the roles. */
  readonly clientBytes: number;
  readonly betweenBytes: number;
}

export const million: Assumptions = {
  users: 1_000_000,
  onlineShare: 0.2,
  devices: 1.2,
  messagesPerDay: 40,
  peakFactor: 5,
  groupShare: 0.4,
  groupMembers: 20,
  textBytes: 200,
  loginsPerDay: 10,
  timelineMessages: 1_000,
  groupsPerUser: 0.5,
  utilization: 0.5,
  connectionsPerServer: 10_000,
  redisBytesPerShard: 16e9,
  returnSeconds: 60,
};

const secondsPerDay = 86_400;
/** A PING, and its answer. */
const heartbeatBytes = 20;
const heartbeatSeconds = 10;

/** `company`: in which a message travels. */
export function needsOf(assumed: Assumptions, constants: Constants, company: Company): Needs {
  const load = loadOf(assumed);
  const byConnections = Math.ceil(load.connections / assumed.connectionsPerServer);
  // More servers are more pushes, which may want more servers: twice settles it.
  let servers = byConnections;
  let cores = coresOf(load, assumed, constants, company, servers);
  for (let round = 0; round < 2; round++) {
    servers = Math.max(byConnections, Math.ceil(cores.server / assumed.utilization));
    cores = coresOf(load, assumed, constants, company, servers);
  }
  const processes = (kind: keyof Needs['cores']): number =>
    Math.max(1, Math.ceil(cores[kind] / assumed.utilization));
  const redisBytes = storedBytesOf(assumed, constants);
  return {
    ...load,
    returning: assumed.connectionsPerServer / assumed.returnSeconds,
    cores,
    servers: { byCpu: processes('server'), byConnections },
    routes: processes('route'),
    shards: {
      byCpu: processes('redis'),
      byMemory: Math.max(1, Math.ceil(redisBytes / assumed.redisBytesPerShard)),
    },
    redisBytes,
    serverBytes: (load.connections / servers) * constants.connectionBytes,
    ...trafficOf(load, assumed, constants, servers),
  };
}

type Load = Pick<
  Needs,
  'connections' | 'privateMessages' | 'groupMessages' | 'deliveries' | 'acknowledgements' | 'logins'
> & {
  /** Connections that a private message is pushed to beside the one that the measured cost has. */
  readonly copies: number;
  /** Connections that a group message is pushed to. */
  readonly receivers: number;
};

function loadOf(assumed: Assumptions): Load {
  const { users, onlineShare, devices, groupShare, groupMembers, peakFactor } = assumed;
  const messages = (users * assumed.messagesPerDay * peakFactor) / secondsPerDay;
  const privateMessages = messages * (1 - groupShare);
  const groupMessages = messages * groupShare;
  // Whoever is written to is taken to be there.
  const copies = 2 * (devices - 1);
  const receivers = groupMembers * onlineShare * devices;
  const deliveries = privateMessages * (1 + copies) + groupMessages * receivers;
  return {
    connections: users * onlineShare * devices,
    privateMessages,
    groupMessages,
    deliveries,
    // Senders say so too, of their own timeline or the group's.
    acknowledgements: deliveries + messages,
    logins: (users * assumed.loginsPerDay * peakFactor) / secondsPerDay,
    copies,
    receivers,
  };
}

function coresOf(
  load: Load,
  assumed: Assumptions,
  constants: Constants,
  company: Company,
  servers: number,
): Needs['cores'] {
  const { idleUs, privateUs, groupUs, pushUs, deliveryUs, acknowledgementUs, loginUs } = constants;
  const pushes = serversOf(load.receivers, servers);
  const of = (part: PartName): number => {
    const at = (cost: ByPart): number => cost[part];
    const push = at(pushUs[company]);
    const us =
      load.connections * at(idleUs) +
      load.privateMessages * (at(privateUs[company]) + load.copies * (push + at(deliveryUs))) +
      load.groupMessages *
        (at(groupUs[company]) + pushes * push + load.receivers * at(deliveryUs)) +
      load.acknowledgements * at(acknowledgementUs) +
      (load.logins + assumed.connectionsPerServer / assumed.returnSeconds) * at(loginUs);
    return us / 1e6;
  };
  return { server: of('server'), route: of('route'), redis: of('redis') };
}

function storedBytesOf(assumed: Assumptions, constants: Constants): number {
  const message = constants.storedBytes + assumed.textBytes - constants.textBytes;
  const timelines = 1 + assumed.groupsPerUser;
  const { accountBytes } = constants;
  return assumed.users * (accountBytes + timelines * assumed.timelineMessages * message);
}

function trafficOf(
  load: Load,
  { textBytes }: Assumptions,
  constants: Constants,
  servers: number,
): Pick<Needs, 'clientBytes' | 'betweenBytes'> {
  const longer = textBytes - constants.textBytes;
  const sent = constants.sentBytes + longer;
  const pushed = constants.pushedBytes + longer;
  const messages = load.privateMessages + load.groupMessages;
  // From server to route, to Redis (a private one twice), and from the route to a server.
  const privateBetween = constants.betweenBytes + 4 * longer;
  const groupBetween = privateBetween + serversOf(load.receivers, servers) * pushed;
  return {
    clientBytes:
      messages * sent +
      load.deliveries * pushed +
      (load.connections / heartbeatSeconds) * heartbeatBytes,
    betweenBytes: load.privateMessages * privateBetween + load.groupMessages * groupBetween,
  };
}
