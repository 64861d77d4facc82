/** The ports of several workers: consecutive, from the one that was asked for. */
import { CimError } from '../../base/errors.ts';

const portMax = 65_535;

/** Of the worker with this index, from 0; 0 is "a free one" for each. */
export function nthPort(port: number, index: number): number {
  return port === 0 ? 0 : port + index;
}

/** Throws `usage` if so many consecutive ports do not exist. */
export function assertPortsFor(count: number, ports: Readonly<Record<string, number>>): void {
  for (const [name, port] of Object.entries(ports)) {
    if (port + count - 1 <= portMax) continue;
    throw new CimError(
      'usage',
      `--${name} ${port}: there are no ${count} ports from there, the last one is ${portMax}`,
    );
  }
}
