/** `cim admin servers`, `drain` and `counters`. */
import type { Ask, Result } from './action.ts';
import { formatTable } from './table.ts';

interface Server {
  readonly instance: string;
  readonly ip: string;
  readonly cimServerPort: number;
  readonly httpPort: number;
  readonly version: string;
  readonly connections: number;
  readonly choosable: boolean;
}

export async function servers(ask: Ask): Promise<Result> {
  const found = (await ask('GET', '/servers')) as readonly Server[];
  const rows = found.map(
    ({ ip, cimServerPort, httpPort, connections, choosable, version, instance }) => [
      `${ip}:${cimServerPort}`,
      String(httpPort),
      String(connections),
      choosable ? 'yes' : 'no',
      version,
      instance,
    ],
  );
  const header = ['ADDRESS', 'HTTP PORT', 'CONNECTIONS', 'TAKES LOGINS', 'VERSION', 'INSTANCE'];
  return {
    objects: found,
    text: rows.length > 0 ? formatTable(header, rows) : 'no server is alive\n',
  };
}

export async function drain(ask: Ask, server: string): Promise<Result> {
  await ask('POST', '/drain', { server });
  const text = `${server} takes no more logins, and everybody there is sent elsewhere\n`;
  return { objects: [{ server }], text };
}

interface Counter {
  readonly name: string;
  readonly value: number;
  readonly description: string;
}

export async function counters(ask: Ask): Promise<Result> {
  const found = (await ask('GET', '/counters')) as readonly Counter[];
  const rows = found.map(({ name, value, description }) => [name, String(value), description]);
  return { objects: found, text: formatTable(['NAME', 'VALUE', 'WHAT IT COUNTS'], rows) };
}
