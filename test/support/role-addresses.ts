/** Addresses of roles, as they announce themselves. */
import type { RoleAddress } from '../../src/base/network/role-address.ts';

export function serverAddress(
  host: string,
  port: number,
  httpPort: number,
  tls = false,
): RoleAddress {
  return [
    { kind: 'tcp', host, port, tls },
    { kind: 'http', host, port: httpPort, tls },
  ];
}

export function routeAddress(host: string, port: number, tls = false): RoleAddress {
  return [{ kind: 'http', host, port, tls }];
}
