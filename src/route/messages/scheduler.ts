/**
 * Sends scheduled messages when they are due. Every route does this: a lease keeps two from sending
 * one schedule at the same time, and the schedule's own identity makes a second sending harmless
 * when a route died, or could not say that it had sent.
 */
import type { Clock, Timer } from '../../base/clock.ts';
import { CimError, describeError } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { Service } from '../../base/process/lifecycle.ts';
import { scheduleName } from '../../codec/identity.ts';
import type { Schedule, Schedules } from '../../store/schedules.ts';
import type { AccountDirectory } from '../accounts/account-directory.ts';
import type { Delivery } from './delivery.ts';
import { deliverTexts, epochOfName } from './http-message.ts';
import { decodePayload } from './schedule-payload.ts';

const pollMs = 500;
const leaseMs = 30_000;
const leaseMax = 100;

export interface SchedulerOptions {
  readonly schedules: Schedules;
  readonly accounts: AccountDirectory;
  readonly delivery: Delivery;
  readonly clock: Clock;
  readonly log: Logger;
}

export class Scheduler implements Service {
  readonly #options: SchedulerOptions;
  #timer: Timer | undefined;
  #round: Promise<void> | undefined;
  #stopped = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer ??= this.#options.clock.setInterval(() => {
      this.#round ??= this.#sendDue().finally(() => {
        this.#round = undefined;
      });
    }, pollMs);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#round;
  }

  /**
   * All that is due, as many at a time as a lease gives. Never rejects: what cannot be done now is
   * leased again later.
   */
  async #sendDue(): Promise<void> {
    const { schedules, log } = this.#options;
    try {
      while (!this.#stopped) {
        const due = await schedules.lease(leaseMax, leaseMs);
        if (due.length === 0) return;
        const sent = await Promise.all(due.map((schedule) => this.#send(schedule)));
        const finished = due.filter((_, index) => sent[index]);
        if (finished.length > 0) await schedules.finish(finished);
      }
    } catch (error) {
      log.debug({ error: describeError(error) }, 'the schedule could not be looked at');
    }
  }

  /** Whether the schedule is done with: sent, or refused for good. */
  async #send({ id, owner, payload }: Schedule): Promise<boolean> {
    const { accounts, delivery, clock, log } = this.#options;
    try {
      const sender = await accounts.find(owner);
      if (!sender) return true;
      const { text, sealed, ...receiver } = decodePayload(payload);
      const epochHex = epochOfName(scheduleName(owner, id));
      await deliverTexts(delivery, {
        sender,
        ...receiver,
        texts: [sealed ?? text],
        at: clock.now(),
        epochHex,
      });
      return true;
    } catch (error) {
      const fields = { owner, schedule: id, error: describeError(error) };
      if (!(error instanceof CimError)) {
        // A mistake of ours: with a route that makes it right, the message is sent after all.
        log.error(fields, 'a scheduled message could not be sent');
        return false;
      }
      if (!error.retryable) log.info(fields, 'a scheduled message was refused');
      return !error.retryable;
    }
  }
}
