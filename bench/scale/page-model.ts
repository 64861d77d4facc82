/** The page of the model: what a million users need. Pure. */
import type { Company, Constants } from './constants.ts';
import type { ByPart } from './figures.ts';
import { type Assumptions, million, type Needs, needsOf } from './model.ts';
import { count, table, us } from './table.ts';

export function formatModel(constants: Constants): string {
  return [
    '## What a million users would need',
    'Computed (`bench/scale/model.ts`) from the constants above and these assumptions, which are guesses about people, not measurements; change them in one place and run it again.',
    table(['assumed', ''], assumptionRows(million)),
    constantsTable(constants),
    formulas,
    needsTable(needsOf(million, constants, 'busy'), needsOf(million, constants, 'alone'), million),
    weakest(constants),
  ].join('\n\n');
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
  const memory = [
    `a connection holds ${bytes(constants.connectionBytes)} in its server`,
    `an account with its session ${bytes(constants.accountBytes)} in Redis, a message ${bytes(constants.storedBytes)} in each timeline`,
    `a client writes ${bytes(constants.sentBytes)} to send a message and is written ${bytes(constants.pushedBytes)} for one`,
    `between the processes a private message is ${bytes(constants.betweenBytes)}`,
  ];
  return `Measured constants, in µs of CPU (private messages at 4 servers and 2 routes; a push: groups of 10 at 4 servers to the same at one; writing: a group of 1 000 to one of 10):\n\n${table(['', '', 'server', 'route', 'Redis'], rows)}\n\nAnd, with texts of ${constants.textBytes} bytes: ${memory.join('; ')}.`;
}

const formulas = [
  'Cores of each kind of process, in the busiest second:',
  '',
  '    messages      = users × messages a day × peak factor / 86 400; private and group ones by the share',
  '    connections   = users × share connected × connections of each',
  '    copies        = 2 × (connections of each − 1)              other devices of both sides',
  '    receivers     = members × share connected × connections of each',
  '    spread        = servers × (1 − (1 − 1/servers)^receivers)  servers on which a group is',
  '    deliveries    = private × (1 + copies) + group messages × receivers',
  '    cores         = connections × idle',
  '                  + private × (private + copies × (push + write))',
  '                  + group messages × (group + spread × push + receivers × write)',
  '                  + (deliveries + messages) × ack',
  '                  + (logins + connections of a server / seconds to be back) × login',
  '    processes     = cores / how busy one may be; servers also by connections, shards also by memory',
  '    Redis memory  = users × (account + (1 + groups) × messages of a timeline × message)',
].join('\n');

function needsTable(busy: Needs, alone: Needs, assumed: Assumptions): string {
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
  return `Once with each message in the company of a hundred others, and once with each as good as alone:\n\n${table(['in the busiest second', 'busy', 'alone'], rows)}\n\nTo these come a second of everything that must not fail: a replica for each shard, one server and one route more than needed, three ZooKeepers. With \`--timeline-max\` at its default of 10 000 instead of ${count(assumed.timelineMessages)} memory is ten times as much once timelines are full.`;
}

function weakest({ privateUs }: Constants): string {
  const sum = (cost: ByPart): number => cost.server + cost.route + cost.redis;
  const ratio = sum(privateUs.alone) / sum(privateUs.busy);
  return [
    '### Its weakest assumption',
    '',
    `How much travels together. A message alone costs ${ratio.toFixed(1)} times what it costs among a hundred, because every process is woken for it alone; and how many others are beside it depends on how the load is spread over links: with S servers and R routes each link has one part in S × R of it, while each measured link had at least an eighth. So the truth is between the two columns: nearer to *alone* where there are many processes that are hardly busy, and then it does not matter; nearer to *busy* where they are busy, which is when it does. Plan with the right column.`,
    '',
    'The next ones, by what they could change:',
    '',
    '- **Memory of Redis**, not its CPU, decides on shards, and it is a product of guesses: how many messages a timeline holds, how long texts are. What conversations leave behind for 7 days to recognize what is sent again is not in it.',
    '- **What a login reads**: what was missed, and each group that is followed. It depends on how long people are away, and is not in the cost of a login.',
    '- **How people behave**: share connected, groups, peak. All is proportional to them, and they are guesses.',
    '- **Everything on one core and loopback.** Processes took turns on it, so each was woken for more at a time than on cores of their own; caches were shared with all the others, which costs. There was no network card, no TLS, and no Redis Cluster: there a batch is one call per slot, which is nearer to *alone*.',
    '- **Redis rewriting its log and replicating** is not counted: both take cores of their own.',
  ].join('\n');
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
