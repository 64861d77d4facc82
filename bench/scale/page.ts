/** bench/scale.md, from what was measured. Pure. */
import { constantsOf } from './constants.ts';
import { type ByPart, byPart, type Point, partNames, sumOf } from './figures.ts';
import { formatModel } from './page-model.ts';
import { type Results, textBytes } from './parts.ts';
import { count, table, us } from './table.ts';

/** `machine`: where it was measured. */
export function formatPage(results: Results, machine: string): string {
  const { connections, batches, groups, sizes } = results;
  return `${[
    opening(machine),
    section('With connections', connectionsText, connectionRows(connections)),
    section('With servers and routes', sizesText, sizeRows(sizes.points)),
    section('With what is on its way: Redis', batchesText, batchRows(batches.points)),
    section('With the members of a group', groupsText, groupRows(groups.points)),
    acknowledgements(results),
    section('Logins', loginsText, loginRows(results)),
    formatModel(constantsOf(results)),
  ].join('\n\n')}\n`;
}

/** What was done, for a terminal. */
export function describeWork({ work, acknowledging }: Pick<Point, 'work' | 'acknowledging'>) {
  const suffix = acknowledging ? ', each acknowledged by its receivers' : '';
  if (work.kind === 'groups')
    return `${work.groups} groups of ${work.members}, ${work.window} in flight in each${suffix}`;
  if (work.kind === 'pairs')
    return `private, ${work.connections} people, ${work.window} in flight each${suffix}`;
  return `${work.durable ? 'private' : 'transient'}, ${work.window} in flight among all${suffix}`;
}

function opening(machine: string): string {
  return [
    '# How cost grows',
    '',
    'Written by `make scale` (`node bench/scale.ts --write`): each figure below was measured by it, and the model at the end is computed from these figures.',
    '',
    `${machine}.`,
    '',
    'A cluster of `cim server`, `cim route`, one Redis (append-only file, synced once a second) and one ZooKeeper, all on one core, and the people on the other. So throughput says nothing here: what is measured is *processor time per message*, of all processes of a kind together, in µs (`/proc/<pid>/stat`). Each figure is the median of three slices of a second, without what the same connections cost when they do nothing. What belongs to ZooKeeper is left out where it is nothing but noise: messages do not touch it.',
    '',
    `Texts have ${textBytes} bytes and are not encrypted. A private message is stored in two timelines, pushed to one connection and acknowledged to its sender; a transient one is not stored. Single runs on a shared machine differ by tens of percent: compare within a table, not between tables.`,
  ].join('\n');
}

function section(title: string, text: string, rows: string): string {
  return `## ${title}\n\n${text}\n\n${rows}`;
}

const connectionsText =
  'One server, one route; 100 messages on their way, between people drawn anew for each. With more people each of them is written to more rarely: less of what a process touches is in its caches, and less is merged into one write. Idle: what the connections cost that do nothing but say every 10 s that they are there, in µs per second for each (where they are few that is what the processes cost by themselves); memory is that of the whole server.';

function connectionRows({ idle, points }: Results['connections']): string {
  const rows = idle.map(({ connections, cores, rssBytes }) => {
    const of = (durable: boolean): Point | undefined =>
      points.find(
        (point) =>
          point.connections === connections &&
          !point.acknowledging &&
          point.work.durable === durable,
      );
    const cost = (point: Point | undefined): string => us(point ? sumOf(point.cpuUsEach) : 0);
    const stored = of(true);
    return [
      count(connections),
      cost(of(false)),
      cost(stored),
      ...parts(stored?.cpuUsEach),
      us((1e6 * sumOf(cores)) / connections),
      `${(rssBytes.server / 1e6).toFixed(0)} MB`,
    ];
  });
  return table(
    ['connections', 'transient', 'private', ...threeParts, 'idle', 'server memory'],
    rows,
  );
}

const sizesText =
  '1 000 connections. *busy*: 100 messages on their way; *alone*: two. With more processes each gets a smaller part of the messages, so fewer travel together, and more of the receivers are on another server than the sender. A transient message that does so passes a route; one to a neighbour on the same server does not.';

function sizeRows(points: readonly Point[]): string {
  const sizes = [...new Set(points.map(({ size }) => `${size.servers} × ${size.routes}`))];
  const rows = sizes.flatMap((name) => {
    const ofSize = points.filter(({ size }) => `${size.servers} × ${size.routes}` === name);
    return ofSize.map((point, index) => [
      index === 0 ? name : '',
      shortWork(point),
      us(sumOf(point.cpuUsEach)),
      ...parts(point.cpuUsEach),
      point.perScriptCall > 100 ? '' : point.perScriptCall.toFixed(1),
      point.p50Ms.toFixed(1),
    ]);
  });
  const names = ['servers × routes', 'messages', 'CPU each', ...threeParts];
  return table([...names, 'messages per script call', 'p50 ms'], rows);
}

function shortWork({ work }: Point): string {
  if (work.kind === 'groups')
    return `group of ${work.members}, ${work.groups > 1 ? 'busy' : 'alone'}`;
  if (!work.durable) return 'transient, busy';
  return work.window > 10 ? 'private, busy' : 'private, alone';
}

const batchesText =
  'Private messages in pairs; one server, one route. What waits in a route goes to Redis in one call of a script, and messages that follow each other in one conversation are stored as one entry (a run): so Redis is as cheap as there is much to do. In the last two rows people send in bursts, and runs are what makes the difference.';

function batchRows(points: readonly Point[]): string {
  const rows = points.map((point) => [
    point.work.kind === 'pairs' ? `${point.work.connections} × ${point.work.window}` : '',
    point.perScriptCall.toFixed(1),
    us(point.cpuUsEach.redis),
    point.writtenBytesEach.route.toFixed(0),
    us(point.cpuUsEach.route),
    us(point.cpuUsEach.server),
    us(sumOf(point.cpuUsEach)),
    point.p50Ms.toFixed(1),
  ]);
  const names = ['people × in flight', 'messages per script call', 'Redis', 'bytes from the route'];
  return table([...names, 'route', 'server', 'together', 'p50 ms'], rows);
}

const groupsText =
  'One server, one route, 5 000 connections; one message on its way in each group, so none is written together with another. A message is stored once, whatever the members: that is the part of route and Redis. It is written to each member: that is the part of the server, which is why it is also given per delivery. In large groups there are so few messages per second that what route and Redis do beside them, with so many connections, cannot be told from what they do for them.';

function groupRows(points: readonly Point[]): string {
  const rows = points
    .filter(({ acknowledging }) => !acknowledging)
    .map((point) => {
      const { work, cpuUsEach, deliveriesEach } = point;
      if (work.kind !== 'groups') return [];
      return [
        count(work.members),
        count(work.groups),
        us(sumOf(cpuUsEach)),
        us(cpuUsEach.route + cpuUsEach.redis),
        us(cpuUsEach.redis),
        us(cpuUsEach.server),
        us(cpuUsEach.server / deliveriesEach),
        point.perScriptCall.toFixed(1),
      ];
    });
  const names = [
    'members',
    'groups at work',
    'CPU each',
    'stored: route and Redis',
    'of that Redis',
  ];
  return table([...names, 'delivered: server', 'per delivery', 'messages per script call'], rows);
}

function acknowledgements({ connections, groups }: Results): string {
  const lines = [
    ['private messages', connections.points],
    ['messages to groups of 10', groups.points],
  ] as const;
  const rows = lines.map(([name, points]) => {
    const withThem = points.find(({ acknowledging }) => acknowledging);
    const without = points.find(
      ({ acknowledging, connections: held, work }) =>
        !acknowledging &&
        held === withThem?.connections &&
        JSON.stringify(work) === JSON.stringify(withThem?.work),
    );
    if (!withThem || !without) return [name];
    const added: ByPart = byPart(
      (part) =>
        (withThem.cpuUsEach[part] - without.cpuUsEach[part]) / withThem.acknowledgementsEach,
    );
    return [
      name,
      count(withThem.connections),
      withThem.acknowledgementsEach.toFixed(1),
      us(sumOf(added)),
      ...parts(added),
    ];
  });
  const names = ['', 'connections', 'acknowledgements per message', 'CPU of one', ...threeParts];
  return section(
    'Acknowledgements of receivers',
    'A client tells what it has taken, so that its other devices and the next login know; the SDK does so 200 ms after a message, for all that have come by then. In the tables above nobody does. Here everybody does for each message, senders too; the difference, by acknowledgements.',
    table(names, rows),
  );
}

const loginsText =
  'Each client is registered, once in its life, then asks `/login` over HTTP for a server and a token, and opens a session there over TCP; 16 at a time. With a token that is still good, `/login` is left out. The last row is what joining a group costs, and beginning to follow it.';

function loginRows({ connections, groups }: Results): string {
  const row = (
    name: string,
    cost: { readonly cpuUsEach: ByPart; readonly seconds: number; readonly count: number },
  ) => [
    name,
    count(cost.count),
    us(sumOf(cost.cpuUsEach)),
    ...parts(cost.cpuUsEach),
    count(cost.count / cost.seconds),
  ];
  const last = connections.coming.at(-1);
  const rows = [
    ...(last
      ? [row('register', last.register), row('`/login`', last.logIn), row('session', last.connect)]
      : []),
    row('join a group', groups.join),
  ];
  return table(['', 'measured', 'CPU each', ...threeParts, 'per second here'], rows);
}

const shown = partNames.filter((part) => part !== 'zookeeper');
const threeParts = ['server', 'route', 'Redis'];

function parts(cost: ByPart | undefined): readonly string[] {
  return shown.map((part) => (cost ? us(cost[part]) : ''));
}
