/** Accounts of operators, who look after the cluster in a browser. They are no users. */

/** `view` sees, `manage` acts, too. */
export type OperatorRole = 'view' | 'manage';

export interface Operator {
  readonly name: string;
  /** Drawn when it is made: whoever bears the name later is another one. */
  readonly id: string;
  readonly role: OperatorRole;
  /** What the password is checked by (src/auth/operator-password.ts). */
  readonly hash: string;
  /** Begins at 1, grows when all that was let in before is to be let in no more. */
  readonly generation: number;
  /** ms since 1970 */
  readonly createdAt: number;
}

export interface OperatorChange {
  readonly hash?: string;
  readonly role?: OperatorRole;
}

export interface Operators {
  /**
   * False: there are `limits.operatorsMax` already, or the name is another's. Adding the very same one
   * again is harmless.
   */
  add(operator: Operator): Promise<boolean>;

  find(name: string): Promise<Operator | null>;

  /** By name. */
  list(): Promise<Operator[]>;

  /** With another password or role, and the next generation. False: there is none. */
  change(name: string, change: OperatorChange): Promise<boolean>;

  /** False: there was none. */
  remove(name: string): Promise<boolean>;
}
