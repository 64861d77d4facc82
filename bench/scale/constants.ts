/** The constants of the model, as they follow from what was measured. Pure. */
import { type ByPart, byPart, type Point } from './figures.ts';
import { type Results, textBytes } from './parts.ts';

/** How much is on its way beside a message: hardly anything, or a hundred others. */
export type Company = 'alone' | 'busy';

/** Processor times in µs, memory and traffic in bytes. */
export interface Constants {
  /** Of one connection in one second, with its heartbeats. */
  readonly idleUs: ByPart;
  /** Of one connection, in its server. */
  readonly connectionBytes: number;
  /** A private message: stored twice, acknowledged to its sender, pushed to one connection. */
  readonly privateUs: Readonly<Record<Company, ByPart>>;
  /** A group message without what follows, its push to one server, and its writing to one member. */
  readonly groupUs: Readonly<Record<Company, ByPart>>;
  readonly pushUs: Readonly<Record<Company, ByPart>>;
  readonly deliveryUs: ByPart;
  /** A client's word on what it has taken. */
  readonly acknowledgementUs: ByPart;
  /** `/login`, and the session over TCP. */
  readonly loginUs: ByPart;
  /** In Redis: an account with its session, and a message in one timeline. */
  readonly accountBytes: number;
  readonly storedBytes: number;
  readonly textBytes: number;
  /** On the sockets of clients: of a message that is sent, and of one that is pushed. */
  readonly sentBytes: number;
  readonly pushedBytes: number;
  /** Between servers, routes and Redis, of a private message. */
  readonly betweenBytes: number;
}

/** Members of the groups from which pushes are told, one of whom writes. */
const smallGroup = 10;

export function constantsOf({ connections, batches, groups, sizes }: Results): Constants {
  const [fewest, most] = [at(connections.idle, 0), at(connections.idle, -1)];
  const added = most.connections - fewest.connections;
  const last = at(connections.coming, -1);
  const privateUs = {
    alone: cpuOf(sizes.points, 4, 2, isScattered('alone')),
    busy: cpuOf(sizes.points, 4, 2, isScattered('busy')),
  };
  const lone = at(batches.points, 0);
  const deliveryUs = perDelivery(groups.points);
  const pushUs = { alone: perPush(sizes, 'alone'), busy: perPush(sizes, 'busy') };
  const beforeWriting = (company: Company): ByPart => {
    const cost = cpuOf(sizes.points, 1, 1, isSmallGroup(company));
    return byPart((part) =>
      Math.max(0, cost[part] - pushUs[company][part] - (smallGroup - 1) * deliveryUs[part]),
    );
  };
  return {
    idleUs: byPart((part) => (1e6 * (most.cores[part] - fewest.cores[part])) / added),
    connectionBytes: (most.rssBytes.server - fewest.rssBytes.server) / added,
    privateUs,
    groupUs: { alone: beforeWriting('alone'), busy: beforeWriting('busy') },
    pushUs,
    deliveryUs,
    acknowledgementUs: perAcknowledgement(connections.points),
    loginUs: byPart((part) => last.logIn.cpuUsEach[part] + last.connect.cpuUsEach[part]),
    accountBytes: last.register.redisMemoryBytesEach + last.connect.redisMemoryBytesEach,
    // In the timelines of both.
    storedBytes: lone.redisMemoryBytesEach / 2,
    textBytes,
    sentBytes: lone.clientBytesWrittenEach,
    pushedBytes: pushedBytes(groups.points),
    betweenBytes:
      lone.writtenBytesEach.server -
      lone.clientBytesReadEach +
      lone.writtenBytesEach.route +
      lone.writtenBytesEach.redis,
  };
}

/** Servers on which `members` connections are, of so many. */
export function serversOf(members: number, servers: number): number {
  return servers * (1 - (1 - 1 / servers) ** members);
}

/** Of two groups of one message at a time, of which one has many members more. */
function perDelivery(points: readonly Point[]): ByPart {
  const [small, large] = [10, 1_000].map((members) =>
    find(points, ({ work }) => isLoneGroup(work) && work.members === members),
  ) as [Point, Point];
  const added = large.deliveriesEach - small.deliveriesEach;
  return byPart((part) => Math.max(0, (large.cpuUsEach[part] - small.cpuUsEach[part]) / added));
}

/** Of the same groups, spread over more servers. */
function perPush({ points }: Results['sizes'], company: Company): ByPart {
  const one = cpuOf(points, 1, 1, isSmallGroup(company));
  const four = cpuOf(points, 4, 1, isSmallGroup(company));
  const added = serversOf(smallGroup, 4) - 1;
  return byPart((part) => Math.max(0, (four[part] - one[part]) / added));
}

/** Of the same work, with and without them. */
function perAcknowledgement(points: readonly Point[]): ByPart {
  const withThem = find(points, ({ acknowledging }) => acknowledging);
  const without = find(
    points,
    ({ acknowledging, connections, work }) =>
      !acknowledging && connections === withThem.connections && isScattered('busy')(work),
  );
  return byPart((part) =>
    Math.max(
      0,
      (withThem.cpuUsEach[part] - without.cpuUsEach[part]) / withThem.acknowledgementsEach,
    ),
  );
}

/** What comes for a message, of which the answer to its sender is a small part. */
function pushedBytes(points: readonly Point[]): number {
  const large = find(points, ({ work }) => isLoneGroup(work) && work.members === 1_000);
  return large.clientBytesReadEach / large.deliveriesEach;
}

type IsWork = (work: Point['work']) => boolean;

function isScattered(company: Company): IsWork {
  return (work) =>
    work.kind === 'scattered' && work.durable && work.window > 10 === (company === 'busy');
}

function isSmallGroup(company: Company): IsWork {
  return (work) =>
    work.kind === 'groups' &&
    work.members === smallGroup &&
    work.groups > 1 === (company === 'busy');
}

function isLoneGroup(work: Point['work']): work is Extract<Point['work'], { kind: 'groups' }> {
  return work.kind === 'groups' && work.groups === 1;
}

function cpuOf(points: readonly Point[], servers: number, routes: number, isWork: IsWork): ByPart {
  return find(
    points,
    ({ size, work }) => size.servers === servers && size.routes === routes && isWork(work),
  ).cpuUsEach;
}

function find(points: readonly Point[], isWanted: (point: Point) => boolean): Point {
  const found = points.find(isWanted);
  if (!found) throw new Error('the model needs a figure that was not measured');
  return found;
}

function at<T>(items: readonly T[], index: number): T {
  const item = items.at(index);
  if (item === undefined) throw new Error('the model needs a figure that was not measured');
  return item;
}
