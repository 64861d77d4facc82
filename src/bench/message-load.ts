/**
 * Messages over connections: each sender's to one user or group. What is refused is not sent again;
 * the sender waits until all it has sent is answered, and begins anew.
 */
import { systemClock, type Timer } from '../base/clock.ts';
import { errorTable } from '../base/errors.ts';
import type { LoadConnection } from '../load/load-connection.ts';
import { MessageEncoder } from '../load/wire.ts';
import { type Counting, type Load, listeningEvents, refusedMs } from './load.ts';
import { nowMs, readText, textStart } from './message-text.ts';
import { Pacer } from './pacer.ts';

export interface LoadSender {
  readonly connection: LoadConnection;
  /** A user's id, or a group's name. */
  readonly to: number | string;
}

export interface MessageLoadOptions {
  readonly counting: Counting;
  readonly senders: readonly LoadSender[];
  readonly transient: boolean;
  readonly inFlight: number;
  readonly bytes: number;
  /** Whether a message on this connection is what its own client has sent from another device. */
  readonly isOwn: (connection: LoadConnection, sender: number) => boolean;
  /**
   * Of a transient message, which nobody answers: whether its arrival on this connection is what
   * its sender waits for.
   */
  readonly isAwaitedOn: (connection: LoadConnection, sender: number) => boolean;
}

const outOfOrder = Number(errorTable['out-of-order'].code);

/** A transient message that has not come by then does not come. */
const lostMs = 1_000;

export function messageLoad(options: MessageLoadOptions): Load {
  const { counting, senders, transient, inFlight, isAwaitedOn } = options;
  const encoders = senders.map(({ to }) => new MessageEncoder({ to, transient }, options.bytes));
  /** By the index of the connection in the run, the sender's here. */
  const senderOf = new Map(senders.map(({ connection }, sender) => [connection.index, sender]));
  const isRestarting = new Set<number>();
  const lastOverMs = new Float64Array(senders.length);
  let sweep: Timer | undefined;

  const pacer = new Pacer({ senders: senders.length, inFlight, clock: systemClock, nowMs, begin });
  const listening = listeningEvents(counting, options.isOwn);

  function begin(sender: number, dueMs: number): void {
    const { connection } = at(senders, sender);
    const start = textStart(dueMs, connection.index);
    const encoder = at(encoders, sender);
    counting().counts.begun += 1;
    if (pacer.inFlightOf(sender) === 1) lastOverMs[sender] = nowMs();
    if (isRestarting.delete(sender)) connection.write(encoder.encodeRestart(start));
    else connection.write(encoder.encode(start, 1));
  }

  function over(sender: number): void {
    lastOverMs[sender] = nowMs();
    pacer.over(sender);
  }

  function refuse(sender: number): void {
    isRestarting.add(sender);
    pacer.hold(sender);
  }

  function lose(): void {
    const now = nowMs();
    for (const sender of senders.keys()) {
      const missing = pacer.inFlightOf(sender);
      if (missing === 0 || now - at(lastOverMs, sender) < lostMs) continue;
      counting().counts.lost += missing;
      pacer.over(sender, missing);
    }
  }

  return {
    ...listening,
    message(connection, bytes, start, end) {
      listening.message(connection, bytes, start, end);
      if (!transient) return;
      const { sender: index } = readText(bytes, start);
      const sender = isAwaitedOn(connection, index) ? senderOf.get(index) : undefined;
      if (sender !== undefined) over(sender);
    },
    answered(connection, code) {
      const sender = senderOf.get(connection.index);
      if (sender === undefined) return;
      if (code === 0) counting().counts.done += 1;
      else {
        if (code === outOfOrder) counting().counts.again += 1;
        else counting().problem(describeCode(code));
        refuse(sender);
      }
      over(sender);
      if (isRestarting.has(sender) && pacer.inFlightOf(sender) === 0)
        systemClock.setTimeout(() => pacer.release(sender), refusedMs);
    },
    ended(connection, reason) {
      listening.ended(connection, reason);
      const sender = senderOf.get(connection.index);
      if (sender === undefined) return;
      pacer.hold(sender);
      pacer.over(sender, pacer.inFlightOf(sender));
    },
    run(perSecond) {
      if (transient) sweep ??= systemClock.setInterval(lose, lostMs);
      pacer.run(perSecond);
    },
    stop() {
      sweep?.cancel();
      pacer.stop();
    },
    get inFlight() {
      return pacer.inFlight;
    },
  };
}

function at<T>(items: ArrayLike<T>, index: number): T {
  return items[index] as T;
}

function describeCode(code: number): string {
  const entry = Object.entries(errorTable).find(([, error]) => error.code === `${code}`);
  return entry ? `${entry[0]}: ${entry[1].meaning}` : `code ${code}`;
}
