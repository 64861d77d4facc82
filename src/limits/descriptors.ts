/**
 * How many connections a process may have, as the operating system limits its file descriptors: a
 * process that has used them up can neither be connected to nor open a file or a link, so some are
 * never given to clients.
 */
import { limits } from '../base/limits.ts';

export interface ConnectionShares {
  /** Connections of clients over TCP. */
  readonly tcp: number;
  /** Connections to each HTTP port. */
  readonly http: number;
}

/** Of a process with a TCP port and so many HTTP ports; `tcpMax` is what an operator has set. */
export function shareDescriptors(
  descriptors: number,
  httpPorts: number,
  tcpMax?: number,
): ConnectionShares {
  const usable = usableOf(descriptors);
  const http = Math.max(1, Math.min(limits.httpConnectionsMax, Math.floor(usable / 8)));
  return { tcp: tcpMax ?? Math.max(1, usable - httpPorts * http), http };
}

/** Of a process with one HTTP port, which is all that it has. */
export function httpConnections(descriptors: number, max?: number): number {
  return max ?? usableOf(descriptors);
}

/** As many as this process may have open. Node.js has raised the soft limit to the hard one. */
export function descriptorLimit(): number {
  // Else the report looks up the names of the addresses that this process talks to.
  Object.assign(process.report, { excludeNetwork: true });
  const { userLimits } = process.report.getReport() as {
    userLimits?: { open_files?: { soft?: number | string } };
  };
  const soft = userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : limits.descriptorsAssumed;
}

function usableOf(descriptors: number): number {
  return Math.max(descriptors - limits.descriptorsReserved, Math.floor(descriptors / 2));
}
