/** In which ways a promise can be broken. */
export type BreachKind =
  /** Acknowledged, or shown elsewhere from the same timeline, and not shown here. */
  | 'lost'
  | 'doubled'
  /**
   * Shown after one of the same conversation that was sent later; or after one of the same timeline
   * that is newer, where it is known that its numbers were given out once.
   */
  | 'disordered'
  /** Other than it was sent, or never sent at all. */
  | 'altered'
  /** Refused for good, and shown. */
  | 'refused'
  /** On a device that it was not for, or by the instance that has sent it. */
  | 'astray'
  /** To a group, acknowledged, and sent by somebody who had been removed from it. */
  | 'intruding'
  /** To a group, and shown to somebody who had been removed from it before it was sent. */
  | 'overheard'
  /** Read back without a change that was acknowledged. */
  | 'undone'
  /** Read back with what nobody has made of it who may. */
  | 'forged'
  /** Read back otherwise than on another device. */
  | 'differing'
  /** Shown, or acknowledged, and not read back among what is as old. */
  | 'missing';

export interface Breach {
  readonly kind: BreachKind;
  /** Of the message. */
  readonly number: number;
  /** Where it was, or was not, shown. */
  readonly device: string;
  /** As it was read back there. */
  readonly detail?: string;
}
