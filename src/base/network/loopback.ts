import { canonicalHost } from './host-port.ts';

/** Whether what goes to a host stays on this machine; `[::1]` as well as `::1`. */
export function isLoopback(host: string): boolean {
  const name = canonicalHost(host) ?? host;
  return name === 'localhost' || name === '::1' || /^127(\.\d+){3}$/.test(name);
}
