/** Whether the ports of servers can be reached from here, and how long certificates hold. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { connect, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { CimError, describeError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { formatHostPort, type HostPort } from '../../base/network/host-port.ts';
import { type RoleEndpoint, roleAddressOfJson } from '../../base/network/role-address.ts';
import type { Ask } from '../admin/action.ts';
import { bad, type Check, type Finding, ok, warn } from './finding.ts';

const reachMsMax = 3_000;
const dayMs = 86_400_000;
/** A certificate that ends sooner than this is told of. */
const soonDays = 21;

interface Server {
  readonly endpoints: unknown;
}

/** `routes`: their origins, as they are called. */
export function portCheck(ask: Ask, routes: readonly string[]): Check {
  return {
    name: 'ports',
    run: async () => {
      const servers = await serversOf(ask);
      const endpoints = [
        ...routes.map(routeEndpoint),
        ...servers.flatMap(({ endpoints }) => roleAddressOfJson(endpoints) ?? []),
      ];
      return (await Promise.all(endpoints.map(endpointFindings))).flat();
    },
  };
}

export function routeEndpoint(origin: string): RoleEndpoint {
  const { protocol, hostname, port } = new URL(origin);
  const tls = protocol === 'https:';
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return { kind: 'http', host, port: Number(port || (tls ? 443 : 80)), tls };
}

/** None where only those with the cluster secret are told: that is said once, elsewhere. */
async function serversOf(ask: Ask): Promise<readonly Server[]> {
  try {
    const page = { limit: limits.serversPageMax };
    return (await ask('POST', '/servers', page)) as readonly Server[];
  } catch (error) {
    if (error instanceof CimError && error.kind === 'not-allowed') return [];
    throw error;
  }
}

export async function endpointFindings(endpoint: RoleEndpoint): Promise<readonly Finding[]> {
  const name = `port ${formatHostPort(endpoint)}`;
  try {
    const endsAt = endpoint.tls ? await certificateEnd(endpoint) : await reach(endpoint);
    const says = `${endpoint.kind}${endpoint.tls ? ' with TLS' : ''}: reached from here`;
    return [ok(name, says), ...(endsAt ? certificateFindings(name, endsAt) : [])];
  } catch (error) {
    const remedy = 'look at --advertise of that role, and at firewalls between here and there';
    return [bad(name, `${endpoint.kind}: ${describeError(error)}`, remedy)];
  }
}

/** Of a certificate that roles here are given. */
export function ownCertificateCheck(path: string): Check {
  return {
    name: 'certificate',
    run: async () => {
      const check = `certificate ${path}`;
      try {
        const { validTo } = new X509Certificate(await readFile(path));
        const endsAt = new Date(validTo);
        const findings = certificateFindings(check, endsAt);
        return findings.length > 0 ? findings : [ok(check, `holds until ${dayOf(endsAt)}`)];
      } catch (error) {
        return [bad(check, describeError(error), 'name a certificate in PEM')];
      }
    },
  };
}

export function certificateFindings(
  check: string,
  endsAt: Date,
  { now = Date.now(), remedy = 'renew it, and send SIGHUP to the roles that have it' } = {},
): readonly Finding[] {
  const days = Math.floor((endsAt.getTime() - now) / dayMs);
  if (days < 0) return [bad(check, `its certificate has ended on ${dayOf(endsAt)}`, remedy)];
  if (days > soonDays) return [];
  return [warn(check, `its certificate ends in ${days} days, on ${dayOf(endsAt)}`, remedy)];
}

function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}

async function reach({ host, port }: HostPort): Promise<undefined> {
  const socket = connect({ host, port });
  await settled(socket, 'connect');
}

/** Whoever signed it, and for whichever name: those are a client's to judge. */
async function certificateEnd({ host, port }: HostPort): Promise<Date | undefined> {
  const servername = isIP(host) === 0 ? { servername: host } : {};
  const socket = connectTls({ host, port, rejectUnauthorized: false, ...servername });
  let endsAt: string | undefined;
  socket.once('secureConnect', () => {
    endsAt = socket.getPeerCertificate().valid_to;
  });
  await settled(socket, 'secureConnect');
  return endsAt === undefined ? undefined : new Date(endsAt);
}

async function settled(socket: ReturnType<typeof connect>, event: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.setTimeout(reachMsMax, () => reject(new CimError('unavailable', 'no answer')));
  socket.once(event, () => resolve());
  socket.on('error', reject);
  try {
    await promise;
  } finally {
    socket.destroy();
  }
}
