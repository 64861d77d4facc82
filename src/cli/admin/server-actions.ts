/** `cim admin servers`, `drain`, `new-store-id` and `counters`. */

import { limits } from '../../base/limits.ts';
import { formatHostPort } from '../../base/network/host-port.ts';
import { endpointOf, roleAddressOfJson } from '../../base/network/role-address.ts';
import type { AdminResult, Ask } from './action.ts';

interface Server {
  readonly instance: string;
  readonly endpoints: unknown;
  readonly version: string;
  readonly connections: number;
  readonly choosable: boolean;
}

export async function servers(ask: Ask): Promise<AdminResult> {
  const found: Server[] = [];
  const limit = limits.serversPageMax;
  for (;;) {
    const after = found.at(-1)?.instance ?? '';
    const page = (await ask('POST', '/servers', { after, limit })) as readonly Server[];
    found.push(...page);
    if (page.length < limit) break;
  }
  const rows = found.map(({ endpoints, connections, choosable, version, instance }) => [
    nameOf(endpoints, 'tcp'),
    nameOf(endpoints, 'http'),
    String(connections),
    choosable ? 'yes' : 'no',
    version,
    instance,
  ]);
  const header = ['ADDRESS', 'HTTP', 'CONNECTIONS', 'TAKES LOGINS', 'VERSION', 'INSTANCE'];
  return { objects: found, table: { header, rows }, text: 'no server is alive\n' };
}

/** `host:port` of the endpoint of a kind. */
function nameOf(endpoints: unknown, kind: string): string {
  const endpoint = endpointOf(roleAddressOfJson(endpoints) ?? [], kind);
  return endpoint ? formatHostPort(endpoint) : '';
}

export async function drain(ask: Ask, server: string): Promise<AdminResult> {
  await ask('POST', '/drain', { server });
  const text = `${server} takes no more logins, and everybody there is sent elsewhere\n`;
  return { objects: [{ server }], text };
}

export async function newStoreId(ask: Ask): Promise<AdminResult> {
  const told = (await ask('POST', '/newStoreId')) as { readonly storeId: string };
  const text = `the store is ${told.storeId} now: within half a minute every client logs in anew, and reads from the beginning\n`;
  return { objects: [told], text };
}

interface Counter {
  readonly name: string;
  readonly value: number;
  readonly description: string;
}

export async function counters(ask: Ask): Promise<AdminResult> {
  const found = (await ask('GET', '/counters')) as readonly Counter[];
  const rows = found.map(({ name, value, description }) => [name, String(value), description]);
  const header = ['NAME', 'VALUE', 'WHAT IT COUNTS'];
  return { objects: found, table: { header, rows }, text: '' };
}
