/** The life of a role that runs until it is told to stop: start, ready line, signal, stop. */
import { type Clock, systemClock } from '../base/clock.ts';
import { exitCodes } from '../base/errors.ts';
import type { ReloadableService, Service } from '../base/lifecycle.ts';
import { createLogger, type Logger, type LogLevel } from '../base/log.ts';
import { listenForSignals, onHangUp } from '../base/signals.ts';
import type { Host } from './command.ts';

/** Whatever has not stopped by then is cut off. */
const stopMsMax = 10_000;

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface RoleRun<Settings, Running> {
  readonly role: 'server' | 'route' | 'dev';
  readonly settings: Settings;
  readonly host: Host;
  readonly start: (settings: Settings, log: Logger) => Promise<Running>;
  /** What the ready line tells, in its order. */
  readonly addresses: (running: Running) => Readonly<Record<string, Address>>;
  readonly clock?: Clock;
}

/** Resolves to the exit code: 0 if the role has stopped as it was told to. */
export async function runRole<
  Settings extends { readonly logLevel: LogLevel },
  Running extends ReloadableService,
>({
  role,
  settings,
  host,
  start,
  addresses,
  clock = systemClock,
}: RoleRun<Settings, Running>): Promise<number> {
  const log = createLogger(role, settings.logLevel);
  const signals = listenForSignals(host);
  try {
    const running = await Promise.race([start(settings, log), signals.first]);
    // Told to stop before it was up: it has not announced itself, so nobody misses it.
    if (running === 'signal') return exitCodes.ok;
    const { reload } = running;
    // Without anything to read, SIGHUP ends the process, as of a terminal that is closed.
    const stopReloading = reload && onHangUp(host, () => void reload());
    host.stdout.write(readyLine(role, addresses(running)));
    await signals.first;
    stopReloading?.();
    return await stopWithin(running, signals.second, log, clock);
  } finally {
    signals.close();
  }
}

function readyLine(role: string, addresses: Readonly<Record<string, Address>>): string {
  const words = Object.entries(addresses).map(
    ([name, address]) => `${name}=${formatAddress(address)}`,
  );
  return `cim ${role} ready ${words.join(' ')}\n`;
}

function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

async function stopWithin(
  running: Service,
  secondSignal: Promise<'signal'>,
  log: Logger,
  clock: Clock,
): Promise<number> {
  const deadline = Promise.withResolvers<'deadline'>();
  const timer = clock.setTimeout(() => deadline.resolve('deadline'), stopMsMax);
  const stopped = running.stop().then(() => 'stopped' as const);
  const outcome = await Promise.race([stopped, secondSignal, deadline.promise]);
  timer.cancel();
  if (outcome === 'stopped') return exitCodes.ok;
  log.error({ reason: outcome }, 'stopping was cut off');
  return exitCodes.failure;
}
