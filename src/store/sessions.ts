/**
 * Where a user's devices are connected: user → device → connection. The connection number of a
 * device only grows, and the store ignores whatever is not newer than what it knows, so neither a
 * late open nor a late close touches a newer connection. Whether a session counts as *live* is not
 * decided here: it does while its server instance is in the registry.
 */

/**
 * The device under which all Java peers of a user appear: their protocol knows no devices, and one
 * connection per user.
 */
export const javaDevice = 'java';

export interface Session {
  readonly userId: number;
  readonly device: string;
  readonly connectionNumber: number;
  /** Random id of the server process. */
  readonly instance: string;
  /** Where routes call that server: a RoleAddress as text (src/base/network/role-address.ts). */
  readonly address: string;
  /** The connection, within the instance, where it grows from one to the next. */
  readonly sessionId: number;
}

export interface SessionOpen extends Omit<Session, 'connectionNumber'> {
  /**
   * The device's own number; for `javaDevice` ignored: the store gives the one that `assignJava`
   * drew, or the next.
   */
  readonly connectionNumber: number;
  /** An ephemeral device is forgotten when it closes. */
  readonly ephemeral: boolean;
  /** Opened only while the account is of this generation; 0: whatever it is. */
  readonly generation: number;
}

export type SessionOpenResult =
  | {
      readonly status: 'opened';
      readonly connectionNumber: number;
      /** The connection of the same device that this one replaces. */
      readonly replaced: Session | null;
      /**
       * Where the device starts reading: the last number it acknowledged; for a device never seen,
       * the last that any device of the user acknowledged.
       */
      readonly cursor: number;
      /** The newest number of the user's timeline. */
      readonly head: number;
    }
  /**
   * A newer connection of the device is known. For a Java peer: the login was given to another
   * server since.
   */
  | { readonly status: 'stale' }
  /**
   * The newest connection known is this one, and it was closed: a server was taken for dead, or the
   * report was under way for long. It stays closed, and the device connects anew. Not for Java peers.
   */
  | { readonly status: 'ended' }
  | { readonly status: 'too-many-devices' }
  /** The account is of another generation, or there is none. */
  | { readonly status: 'revoked' };

export interface SessionClose {
  readonly userId: number;
  readonly device: string;
  readonly connectionNumber: number;
}

/** Asks whether this very session is on record. */
export type SessionCheck = Pick<
  Session,
  'userId' | 'device' | 'connectionNumber' | 'instance' | 'sessionId'
>;

/** Whether two records of one user are of one connection. */
export function isSameSession(
  one: Omit<SessionCheck, 'userId'>,
  other: Omit<SessionCheck, 'userId'>,
): boolean {
  return (
    one.device === other.device &&
    one.connectionNumber === other.connectionNumber &&
    one.instance === other.instance &&
    one.sessionId === other.sessionId
  );
}

export interface SessionCheckResult {
  readonly known: boolean;
  /** The newest number of the user's timeline. */
  readonly head: number;
}

export interface Acknowledgement {
  readonly userId: number;
  readonly device: string;
  /** Everything up to this number of the user's timeline was shown on the device. */
  readonly seq: number;
}

export interface Sessions {
  /**
   * Records connections. Opening the very same connection again (same instance, sessionId and, but
   * for Java, number) is answered `opened` again with the same number, so that a report whose
   * answer was lost can be repeated through another route.
   */
  open(batch: readonly SessionOpen[]): Promise<SessionOpenResult[]>;

  /** Ends exactly the named connections; others of the device, newer or older, are not touched. */
  close(batch: readonly SessionClose[]): Promise<void>;

  /** In the order asked. Cheap: every connection is checked now and then. */
  check(batch: readonly SessionCheck[]): Promise<SessionCheckResult[]>;

  /** The open sessions of each user, in the order asked. */
  of(userIds: readonly number[]): Promise<Session[][]>;

  /**
   * Moves cursors forward; a cursor beyond the timeline's head (a failover lost its tail) may also
   * move back.
   */
  acknowledge(batch: readonly Acknowledgement[]): Promise<void>;

  /**
   * A Java peer was told at `/login` to connect to the server with this address, as sessions bear it. Draws the
   * number of that connection: a TCP login that turns up at any other server, or an open report of
   * an earlier one, is stale.
   */
  assignJava(userId: number, address: string): Promise<void>;

  /**
   * `/offLine`: ends the user's Java session if it was opened before `openedBefore` (ms since 1970,
   * by the store's own clock as given by `now`). Returns the ended session.
   */
  endJava(userId: number, openedBefore: number): Promise<Session | null>;

  /** The store's clock, ms since 1970: the one that all routes share. */
  now(): Promise<number>;
}
