/** What the page says of the model: what a million users need. Pure. */
import type { Company, Constants } from './constants.ts';
import type { ByPart } from './figures.ts';
import { type Assumptions, million, type Needs, needsOf } from './model.ts';
import { count, table, us } from './table.ts';

/** By the names that the page has for them. */
export function modelParts(constants: Constants) {
  const [busy, alone] = [needsOf(million, constants, 'busy'), needsOf(million, constants, 'alone')];
  const sum = (cost: ByPart): number => cost.server + cost.route + cost.redis;
  const { privateUs } = constants;
  return {
    assumptions: table(['assumed', ''], assumptionRows(million)),
    constants: constantsTable(constants),
    sizesOfThings: sizesOfThings(constants),
    needs: needsTable(busy, alone),
    timelineMessages: count(million.timelineMessages),
    aloneToBusy: (sum(privateUs.alone) / sum(privateUs.busy)).toFixed(1),
  };
}

function assumptionRows(assumed: Assumptions): readonly (readonly string[])[] {
  return [
    ['users', count(assumed.users)],
    ['of these connected at the busiest time', percent(assumed.onlineShare)],
    ['connections of each of these', `${assumed.devices}`],
    ['messages that a user sends in a day', count(assumed.messagesPerDay)],
    ['the busiest second to the mean one', `${assumed.peakFactor}`],
    ['of the messages, to groups', percent(assumed.groupShare)],
    ['members of such a group (on average over messages)', count(assumed.groupMembers)],
    ['bytes of a text, sealed or not', count(assumed.textBytes)],
    ['logins of a user in a day, each with `/login`', count(assumed.loginsPerDay)],
    ['messages that a timeline holds (`--timeline-max`)', count(assumed.timelineMessages)],
    ['groups, for each user', `${assumed.groupsPerUser}`],
    ['heartbeats', 'every 10 s'],
    ['how busy a core may be at the busiest time', percent(assumed.utilization)],
    ['connections of a server at most', count(assumed.connectionsPerServer)],
    ['memory of a Redis shard that is used', bytes(assumed.redisBytesPerShard)],
    ['those of a server that has died are back after', `${assumed.returnSeconds} s`],
  ];
}

function constantsTable(constants: Constants): string {
  const row = (name: string, symbol: string, cost: ByPart): readonly string[] => [
    name,
    symbol,
    us(cost.server),
    us(cost.route),
    us(cost.redis),
  ];
  const both = (name: string, symbol: string, cost: Readonly<Record<Company, ByPart>>) => [
    row(`${name}, busy`, symbol, cost.busy),
    row(`${name}, alone`, symbol, cost.alone),
  ];
  const rows = [
    row('a connection, per second', '`idle`', constants.idleUs),
    ...both('a private message', '`private`', constants.privateUs),
    ...both('a group message, stored', '`group`', constants.groupUs),
    ...both('its push to one server', '`push`', constants.pushUs),
    row('its writing to one member', '`write`', constants.deliveryUs),
    row('an acknowledgement of a receiver', '`ack`', constants.acknowledgementUs),
    row('a login: `/login` and session', '`login`', constants.loginUs),
  ];
  return table(['', '', 'server', 'route', 'Redis'], rows);
}

function sizesOfThings(constants: Constants): string {
  return [
    `a connection holds ${bytes(constants.connectionBytes)} in its server`,
    `an account with its session ${bytes(constants.accountBytes)} in Redis, a message ${bytes(constants.storedBytes)} in each timeline`,
    `a client writes ${bytes(constants.sentBytes)} to send a message and is written ${bytes(constants.pushedBytes)} for one`,
    `between the processes a private message is ${bytes(constants.betweenBytes)}`,
  ].join('; ');
}

function needsTable(busy: Needs, alone: Needs): string {
  const both = (name: string, of: (needs: Needs) => string): readonly string[] => [
    name,
    of(busy),
    of(alone),
  ];
  const rows = [
    both('connections', ({ connections }) => count(connections)),
    both('private messages per second', ({ privateMessages }) => count(privateMessages)),
    both('group messages per second', ({ groupMessages }) => count(groupMessages)),
    both('deliveries per second', ({ deliveries }) => count(deliveries)),
    both('acknowledgements per second', (needs) => count(needs.acknowledgements)),
    both(
      'logins per second; more when a server has died',
      ({ logins, returning }) => `${count(logins)} + ${count(returning)}`,
    ),
    both('busy cores: servers', ({ cores }) => cores.server.toFixed(2)),
    both('busy cores: routes', ({ cores }) => cores.route.toFixed(2)),
    both('busy cores: Redis', ({ cores }) => cores.redis.toFixed(2)),
    both(
      '**server processes** (by CPU, by connections)',
      ({ servers }) =>
        `**${count(Math.max(servers.byCpu, servers.byConnections))}** (${servers.byCpu}, ${servers.byConnections})`,
    ),
    both('**route processes**', ({ routes }) => `**${count(routes)}**`),
    both(
      '**Redis shards** (by CPU, by memory)',
      ({ shards }) =>
        `**${count(Math.max(shards.byCpu, shards.byMemory))}** (${shards.byCpu}, ${shards.byMemory})`,
    ),
    both('memory of Redis in all', ({ redisBytes }) => bytes(redisBytes)),
    both('memory of the connections of a server', ({ serverBytes }) => bytes(serverBytes)),
    both('network, to and from clients', ({ clientBytes }) => bits(clientBytes)),
    both('network, between the processes', ({ betweenBytes }) => bits(betweenBytes)),
  ];
  return table(['in the busiest second', 'busy', 'alone'], rows);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}

function bytes(value: number): string {
  if (value >= 1e9) return `${(value / 1e9).toFixed(0)} GB`;
  if (value >= 1e6) return `${(value / 1e6).toFixed(0)} MB`;
  if (value >= 1e4) return `${(value / 1e3).toFixed(1)} KB`;
  return `${count(value)} B`;
}

function bits(bytesPerSecond: number): string {
  return `${((8 * bytesPerSecond) / 1e6).toFixed(0)} Mbit/s`;
}
