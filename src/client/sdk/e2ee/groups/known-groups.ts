/**
 * Which groups are encrypted, as this device has learned it. What once was is so for as long as the user
 * is in it: nobody is believed who says later that it is not, or their word would have the next message
 * sent in clear text. That the user has left is the cluster's word (docs/guides/encryption.md). Pure;
 * those that are encrypted are kept with the device's state.
 */

export type GroupSecrecy = 'encrypted' | 'clear';

/** As it is saved: by group, the number of the change that was told last; null: none was. */
export type SavedGroups = readonly (readonly [string, number | null])[];

interface Known {
  readonly secrecy: GroupSecrecy;
  readonly told?: number;
}

export class KnownGroups {
  readonly #known = new Map<string, Known>();

  restore(saved: SavedGroups): void {
    for (const [group, told] of saved)
      this.#known.set(group, { secrecy: 'encrypted', ...(told !== null && { told }) });
  }

  of(group: string): GroupSecrecy | undefined {
    return this.#known.get(group)?.secrecy;
  }

  /** True: it is encrypted, which was not known. */
  learn(group: string, isEncrypted: boolean): boolean {
    if (this.of(group) === 'encrypted') return false;
    this.#known.set(group, { secrecy: isEncrypted ? 'encrypted' : 'clear' });
    return isEncrypted;
  }

  /** Up to which of its changes the application was told; undefined: of none. */
  toldOf(group: string): number | undefined {
    return this.#known.get(group)?.told;
  }

  told(group: string, number: number): void {
    const known = this.#known.get(group);
    if (known) this.#known.set(group, { ...known, told: number });
  }

  /** The user is in it no longer: the next one of its name is another one. */
  forget(group: string): boolean {
    const wasEncrypted = this.of(group) === 'encrypted';
    this.#known.delete(group);
    return wasEncrypted;
  }

  save(): SavedGroups {
    const encrypted = [...this.#known].filter(([, { secrecy }]) => secrecy === 'encrypted');
    return encrypted.map(([group, { told }]) => [group, told ?? null] as const);
  }
}

export function isSavedGroups(value: unknown): value is SavedGroups {
  return (
    Array.isArray(value) &&
    value.every(
      (entry) =>
        Array.isArray(entry) &&
        typeof entry[0] === 'string' &&
        (entry[1] === null || Number.isSafeInteger(entry[1])),
    )
  );
}
