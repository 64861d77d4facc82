/**
 * The address under which a role makes itself known. Host names and IPv4 only: the registry's names
 * are split at colons (J4).
 */
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { CimError } from '../base/errors.ts';
import { parseEnsemble } from './zookeeper/ensemble.ts';

export interface AdvertiseOptions {
  /** What the user said, if anything. */
  readonly advertise?: string | undefined;
  /** What is listened on. */
  readonly host: string;
  /** Where ZooKeeper is, if it is used. */
  readonly zookeeper?: string | undefined;
}

const everyAddress = new Set(['', '0.0.0.0', '::']);
const lookupMsMax = 2_000;

/**
 * What was said; else the host that is listened on, unless that is all of them; else the address of
 * the interface that reaches ZooKeeper, unless that is loopback; else the first address that others
 * might reach; else loopback.
 */
export async function advertisedAddress(
  { advertise, host, zookeeper }: AdvertiseOptions,
  interfaces = networkInterfaces(),
): Promise<string> {
  if (advertise) return checked(advertise, 'advertise');
  if (!everyAddress.has(host)) return checked(host, 'host');
  const towardsZooKeeper = zookeeper && (await addressTowards(zookeeper));
  return towardsZooKeeper || outsideAddress(interfaces) || '127.0.0.1';
}

function checked(address: string, option: string): string {
  if (!isIPv6(address)) return address;
  throw new CimError(
    'bad-config',
    `--${option} ${address}: others are told a host name or an IPv4 address, give one by --advertise`,
  );
}

/** Connecting a UDP socket sends nothing, but makes the kernel choose the interface. */
async function addressTowards(zookeeper: string): Promise<string | undefined> {
  const server = parseEnsemble(zookeeper).servers[0];
  if (!server) return undefined;
  const socket = createSocket('udp4');
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const overdue = setTimeout(() => resolve(undefined), lookupMsMax);
  socket.once('error', () => resolve(undefined)); // no such name, or no way there: the next rule decides
  socket.once('connect', () => resolve(socket.address().address));
  socket.connect(server.port, server.host);
  try {
    const address = await promise;
    return address?.startsWith('127.') ? undefined : address;
  } finally {
    clearTimeout(overdue);
    socket.close();
  }
}

function outsideAddress(interfaces: ReturnType<typeof networkInterfaces>): string | undefined {
  const addresses = Object.values(interfaces).flatMap((each) => each ?? []);
  return addresses.find(({ internal, family }) => !internal && family === 'IPv4')?.address;
}
