/** The host under which a role makes itself known. */
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { CimError } from '../base/errors.ts';
import { ignore } from '../base/ignore.ts';
import { canonicalHost, type HostPort, isLinkLocal, mayBeTold } from '../base/network/host-port.ts';
import { isLoopback } from '../base/network/loopback.ts';
import { parseEnsemble } from './zookeeper/ensemble.ts';

export interface AdvertiseOptions {
  /** What the user said, if anything. */
  readonly advertise?: string | undefined;
  /** What is listened on. */
  readonly host: string;
  /** Where ZooKeeper is, if it is used. */
  readonly zookeeper?: string | undefined;
}

type Family = 4 | 6;

/** Those that say "every address", with the families of what is listened on then. */
const families: Readonly<Record<string, readonly Family[]>> = { '0.0.0.0': [4], '::': [4, 6] };
const lookupMsMax = 2_000;

/**
 * What was said; else the host that is listened on, unless that is all of them; else the address of
 * the interface that reaches ZooKeeper, unless that is loopback; else the first address that others
 * might reach, of IPv4 if there is one; else loopback. Rejects with `bad-config` for a host that
 * others cannot be told.
 */
export async function advertisedAddress(
  { advertise, host, zookeeper }: AdvertiseOptions,
  interfaces = networkInterfaces(),
): Promise<string> {
  if (advertise) return advertise;
  const listenedOn = families[host];
  if (!listenedOn) return toldHost(host);
  const towardsZooKeeper = zookeeper && (await addressTowards(zookeeper, listenedOn));
  if (towardsZooKeeper) return towardsZooKeeper;
  const found = Object.values(interfaces).flatMap((each) => each ?? []);
  const outside = found.filter(({ internal }) => !internal);
  const loopback = found.filter(({ internal }) => internal);
  return firstTold(outside, listenedOn) ?? firstTold(loopback, listenedOn) ?? '127.0.0.1';
}

function toldHost(host: string): string {
  if (mayBeTold(host)) return host;
  throw new CimError(
    'bad-config',
    `--host ${host}: is good on one link of this machine alone, so nobody else can be told it: say what others connect to by --advertise`,
  );
}

async function addressTowards(
  zookeeper: string,
  listenedOn: readonly Family[],
): Promise<string | undefined> {
  const [server] = parseEnsemble(zookeeper).servers;
  if (!server) return undefined;
  const overdue = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => overdue.resolve(undefined), lookupMsMax);
  const own = await Promise.race([ownAddressTowards(server, listenedOn), overdue.promise]);
  clearTimeout(timer);
  return own !== undefined && mayBeTold(own) && !isLoopback(own) ? own : undefined;
}

async function ownAddressTowards(
  { host, port }: HostPort,
  listenedOn: readonly Family[],
): Promise<string | undefined> {
  try {
    const found = await lookup(host, { all: true });
    for (const family of listenedOn) {
      const address = found.find((each) => each.family === family)?.address;
      const own = address && (await ownAddressOnTheWay({ host: address, port }, family));
      if (own) return canonicalHost(own);
    }
  } catch {
    ignore('no such name: the next rule decides');
  }
  return undefined;
}

/** Connecting a UDP socket sends nothing, but makes the kernel choose the interface. */
async function ownAddressOnTheWay(
  { host, port }: HostPort,
  family: Family,
): Promise<string | undefined> {
  const socket = createSocket(family === 4 ? 'udp4' : 'udp6');
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  socket.once('error', () => resolve(undefined)); // no way there
  socket.once('connect', () => resolve(socket.address().address));
  socket.connect(port, host);
  try {
    return await promise;
  } finally {
    socket.close();
  }
}

/** Of the first family that has any. */
function firstTold(
  addresses: readonly NetworkInterfaceInfo[],
  listenedOn: readonly Family[],
): string | undefined {
  const [first] = listenedOn.flatMap((family) =>
    addresses.filter((each) => each.family === `IPv${family}` && !isLinkLocal(each.address)),
  );
  return first && canonicalHost(first.address);
}
