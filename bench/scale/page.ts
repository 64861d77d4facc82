/** bench/scale.md, from what was measured. */
import { readFileSync } from 'node:fs';
import { constantsOf } from './constants.ts';
import { type ByPart, byPart, type Point, partNames, sumOf } from './figures.ts';
import { modelParts } from './page-model.ts';
import { type Results, textBytes } from './parts.ts';
import { count, table, us } from './table.ts';

/** What is said around the figures; `{{name}}` stands for one, or for a table. */
const template = 'bench/scale/page-template.md';

/** `machine`: where it was measured. */
export function formatPage(results: Results, machine: string): string {
  const { connections, batches, groups, sizes } = results;
  const parts: Readonly<Record<string, string>> = {
    machine,
    textBytes: `${textBytes}`,
    connections: connectionRows(connections),
    sizes: sizeRows(sizes.points),
    batches: batchRows(batches.points),
    groups: groupRows(groups.points),
    acknowledgements: acknowledgementRows(results),
    logins: loginRows(results),
    ...modelParts(constantsOf(results)),
  };
  const text = readFileSync(template, 'utf8');
  return text.replace(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const part = parts[name];
    if (part === undefined) throw new Error(`${template} names ${name}, which is nothing`);
    return part;
  });
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

function acknowledgementRows({ connections, groups }: Results): string {
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
  return table(names, rows);
}

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
