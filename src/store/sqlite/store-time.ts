/**
 * The time by which a store ages what it holds. It is the machine's, but for leaps: a clock that is
 * set right by days or years (a gateway without a battery starts in 1970) must not make messages a
 * minute old look like years old. A leap shows beside the monotonic clock, which nobody sets.
 *
 *     a message at 2020-01-01 00:00 (wrong), the clock is set to 2026-06-01: the store's time goes on
 *     at 2020-01-01 00:00, so what is kept for 30 days is kept for 30 days
 *
 * What is stored by then bears the store's time, and stays as it is. There are two, kept over restarts.
 * `aged`, by which things are forgotten, goes on while the store is open, and by an hour at most while
 * it was not: a clock may have been set meanwhile. `due`, for what waits to be sent, goes on by all
 * that the clock says of the time in which the store was closed or the machine slept.
 */
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { Database, Statement } from './database.ts';

export interface StoreTimeOptions {
  readonly database: Database;
  readonly clock: Clock;
  /** Undefined: nobody is told of leaps. */
  readonly log: Pick<Logger, 'warn'> | undefined;
}

/** What is asked for the time. */
export type Now = Pick<Clock, 'now'>;

interface Row {
  readonly wall: number;
  readonly aged: number;
  readonly due: number;
}

/** A clock that is slewed is never so far from the monotonic one. */
const leapMs = 2_000;
/** A machine that slept wakes up so much later at most; what is more was set. */
const sleepMsMax = 24 * 3_600_000;
/** What counts of the time in which the store was closed. */
const closedMsMax = 3_600_000;

export class StoreTime {
  readonly #clock: Clock;
  readonly #log: Pick<Logger, 'warn'> | undefined;
  readonly #update: Statement<never>;
  readonly #database: Database;
  #wall: number;
  #monotonic: number;
  #aged: number;
  #due: number;

  constructor({ database, clock, log }: StoreTimeOptions) {
    this.#clock = clock;
    this.#log = log;
    this.#database = database;
    const known = database.transaction('ordered', () => readRow(database));
    this.#update = database.prepare('UPDATE time SET wall = ?, aged = ?, due = ?');
    this.#wall = clock.now();
    this.#monotonic = clock.monotonic();
    const away = this.#wall - (known?.wall ?? this.#wall);
    this.#aged = (known?.aged ?? this.#wall) + Math.min(Math.max(0, away), closedMsMax);
    this.#due = (known?.due ?? this.#wall) + Math.max(0, away);
    if (away < -leapMs || away > sleepMsMax)
      log?.warn({ byMs: away }, 'the clock is far from where it was when the store was closed');
    this.save();
  }

  /** By which things grow old. */
  readonly aged: Now = {
    now: () => {
      this.#goOn();
      return this.#aged;
    },
  };

  /** By which what waits is due. */
  readonly due: Now = {
    now: () => {
      this.#goOn();
      return this.#due;
    },
  };

  /** Keeps it over restarts; to be called now and then. Throws as the database does. */
  save(): void {
    this.#goOn();
    this.#database.transaction('ordered', () => {
      this.#update.run(this.#wall, this.#aged, this.#due);
    });
  }

  #goOn(): void {
    const wall = this.#clock.now();
    const monotonic = this.#clock.monotonic();
    const passed = monotonic - this.#monotonic;
    const leap = wall - this.#wall - passed;
    this.#wall = wall;
    this.#monotonic = monotonic;
    const isLeap = Math.abs(leap) > leapMs;
    const went = isLeap ? passed : Math.max(0, passed + leap);
    this.#aged += went;
    this.#due += went + (isLeap && leap > 0 && leap <= sleepMsMax ? leap : 0);
    if (isLeap)
      this.#log?.warn(
        { byMs: leap },
        'the clock was set: what the store holds is as old as it was',
      );
  }
}

/** Undefined in a store that never knew its time. */
function readRow(database: Database): Row | undefined {
  database
    .prepare(
      'CREATE TABLE IF NOT EXISTS time (wall INTEGER NOT NULL, aged INTEGER NOT NULL, due INTEGER NOT NULL) STRICT',
    )
    .run();
  const row = database.prepare<Row>('SELECT wall, aged, due FROM time').get();
  if (!row) database.prepare('INSERT INTO time VALUES (0, 0, 0)').run();
  return row;
}
