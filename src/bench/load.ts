/**
 * What a worker does over and over, once its connections are open: the part of it that all patterns
 * share. Messages over connections are in message-load.ts.
 */
import { systemClock } from '../base/clock.ts';
import { CimError } from '../base/errors.ts';
import type { LoadConnection, LoadConnectionEvents } from '../load/load-connection.ts';
import { nowMs, readText } from './message-text.ts';
import { Pacer } from './pacer.ts';
import type { Tally } from './tally.ts';

export interface Load extends LoadConnectionEvents {
  /** Begins, or goes on with another rate; without one each sender keeps so many in flight. */
  run(perSecond: number | undefined): void;
  /** Begins nothing more. */
  stop(): void;
  /** Begun, and not over. */
  readonly inFlight: number;
}

/** Where it is counted at the moment. */
export type Counting = () => Tally;

/** Connections on which only what comes is counted. `isOwn`: it is what its own client has sent. */
export function listeningEvents(
  counting: Counting,
  isOwn: (connection: LoadConnection, sender: number) => boolean = () => false,
): LoadConnectionEvents {
  return {
    message(connection, bytes, start) {
      const { dueMs, sender } = readText(bytes, start);
      if (isOwn(connection, sender)) return;
      const tally = counting();
      tally.counts.shown += 1;
      tally.latencies.record(nowMs() - dueMs);
    },
    answered() {},
    behind() {
      counting().counts.behind += 1;
    },
    ended(_connection: LoadConnection, reason: string) {
      const tally = counting();
      tally.counts.ended += 1;
      tally.problem(reason);
    },
  };
}

/** Connections that are only held. */
export function idleLoad(counting: Counting): Load {
  return { ...listeningEvents(counting), run() {}, stop() {}, inFlight: 0 };
}

export interface CallLoadOptions {
  readonly counting: Counting;
  readonly senders: number;
  readonly inFlight: number;
  /** Of each sender, at a rate. */
  readonly inFlightMax?: number;
  readonly isOwn?: (connection: LoadConnection, sender: number) => boolean;
  /** Begins what was due at that time; it is over when the promise is. */
  readonly call: (sender: number, dueMs: number) => Promise<void>;
}

/** Logins, and HTTP requests. */
export function callLoad(options: CallLoadOptions): Load {
  const { counting, senders, inFlight, inFlightMax, isOwn, call } = options;
  const begin = async (sender: number, dueMs: number): Promise<void> => {
    counting().counts.begun += 1;
    try {
      await call(sender, dueMs);
      counting().counts.done += 1;
    } catch (error) {
      if (!(error instanceof CimError)) throw error;
      counting().problem(error.message);
      // Whoever is refused at once must not ask again at once.
      await new Promise<void>((resolve) => systemClock.setTimeout(resolve, refusedMs));
    }
    pacer.over(sender);
  };
  const pacer = new Pacer({
    senders,
    inFlight,
    ...(inFlightMax !== undefined && { inFlightMax }),
    clock: systemClock,
    nowMs,
    begin: (sender, dueMs) => void begin(sender, dueMs),
  });
  return {
    ...listeningEvents(counting, isOwn),
    run: (perSecond) => pacer.run(perSecond),
    stop: () => pacer.stop(),
    get inFlight() {
      return pacer.inFlight;
    },
  };
}

/** How long a sender that was refused something waits. */
export const refusedMs = 100;
