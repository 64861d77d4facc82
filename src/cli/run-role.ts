/** The life of a role that runs until it is told to stop: start, ready line, signal, stop. */
import { type Clock, systemClock } from '../base/clock.ts';
import { exitCodes } from '../base/exit-codes.ts';
import { limits } from '../base/limits.ts';
import { createLogger, type Logger, type LogLevel } from '../base/log.ts';
import { formatHostPort, type HostPort } from '../base/network/host-port.ts';
import type { ReloadableService, Service } from '../base/process/lifecycle.ts';
import { listenForSignals, onHangUp } from '../base/process/signals.ts';
import type { Host } from './command.ts';
import { serviceManagerOf } from './service-manager/service-manager.ts';

export interface RoleRun<Settings, Running> {
  readonly role: 'server' | 'route' | 'dev';
  readonly settings: Settings;
  readonly host: Host;
  readonly start: (settings: Settings, log: Logger) => Promise<Running>;
  /** What the ready line tells, in its order. */
  readonly addresses: (running: Running) => Readonly<Record<string, HostPort>>;
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
  const manager = serviceManagerOf(host.env, log);
  const signals = listenForSignals(host);
  let reload: ReloadableService['reload'];
  // From the beginning: as a terminal is closed, or by whoever has certificates read again.
  const stopReloading = onHangUp(host, () => void reload?.());
  try {
    const running = await Promise.race([start(settings, log), signals.first]);
    // Told to stop before it was up: it has not announced itself, so nobody misses it.
    if (running === 'signal') return exitCodes.ok;
    reload = running.reload;
    host.stdout.write(readyLine(role, addresses(running)));
    manager.ready();
    await signals.first;
    manager.stopping();
    return await stopWithin(running, signals.second, log, clock);
  } finally {
    signals.close();
    stopReloading();
  }
}

function readyLine(role: string, addresses: Readonly<Record<string, HostPort>>): string {
  const words = Object.entries(addresses).map(
    ([name, address]) => `${name}=${formatHostPort(address)}`,
  );
  return `cim ${role} ready ${words.join(' ')}\n`;
}

async function stopWithin(
  running: Service,
  secondSignal: Promise<'signal'>,
  log: Logger,
  clock: Clock,
): Promise<number> {
  const deadline = Promise.withResolvers<'deadline'>();
  const timer = clock.setTimeout(() => deadline.resolve('deadline'), limits.stopMsMax);
  const stopped = running.stop().then(
    () => 'stopped' as const,
    () => 'steps' as const,
  );
  const outcome = await Promise.race([stopped, secondSignal, deadline.promise]);
  timer.cancel();
  if (outcome === 'stopped') return exitCodes.ok;
  // Whoever started it is to know: sessions, or an entry in the registry, may live on for a while.
  log.error({ reason: outcome }, 'stopping was cut off');
  return exitCodes.failure;
}
