/**
 * Which groups are encrypted, as this device has learned it, and what it holds of each (group-view.ts).
 * What once was encrypted is so for ever: nobody is believed who says later that it is not, not even when
 * the user has left it and is in it again, or their word would have the next message sent in clear text.
 * Pure; those that are encrypted are kept with the device's state.
 */
import { limits } from '../../../../base/limits.ts';
import {
  type GroupView,
  isSavedView,
  restoredView,
  type SavedView,
  savedView,
  toBeToldAnew,
} from './group-view.ts';

export type GroupSecrecy = 'encrypted' | 'clear';

/** As it is saved: by name. */
export type SavedGroups = readonly (readonly [string, SavedGroup])[];

interface SavedGroup {
  readonly view?: SavedView;
  readonly isLeft?: true;
  readonly isWritten?: true;
}

interface Known {
  readonly secrecy: GroupSecrecy;
  readonly view?: GroupView;
  /** The user is in it no more. */
  readonly isLeft?: true;
  /** This device has written to it. */
  readonly isWritten?: true;
}

export class KnownGroups {
  /** The longest left first, as far as they are left. */
  readonly #known = new Map<string, Known>();

  restore(saved: SavedGroups): void {
    for (const [group, { view, ...rest }] of saved)
      this.#known.set(group, {
        ...{ secrecy: 'encrypted', ...rest },
        ...(view && { view: restoredView(view) }),
      });
  }

  of(group: string): GroupSecrecy | undefined {
    return this.#known.get(group)?.secrecy;
  }

  /** True: it is encrypted, and that it is, or that the user is in it, was not known. */
  learn(group: string, isEncrypted: boolean): boolean {
    const known = this.#known.get(group);
    if (known?.secrecy !== 'encrypted') {
      this.#known.set(group, { secrecy: isEncrypted ? 'encrypted' : 'clear' });
      return isEncrypted;
    }
    if (!known.isLeft) return false;
    const { isLeft: _, ...rest } = known;
    this.#known.set(group, rest);
    return true;
  }

  /** What is held of it; undefined: nothing yet. */
  viewOf(group: string): GroupView | undefined {
    return this.#known.get(group)?.view;
  }

  /** Of one that is encrypted. */
  keep(group: string, view: GroupView): void {
    this.#known.set(group, { ...this.#known.get(group), secrecy: 'encrypted', view });
  }

  /** This device writes there. True: for the first time. */
  write(group: string): boolean {
    const known = this.#known.get(group);
    if (!known || known.isWritten) return false;
    this.#known.set(group, { ...known, isWritten: true });
    return true;
  }

  isLeft(group: string): boolean {
    return this.#known.get(group)?.isLeft === true;
  }

  /**
   * The user is in it no more. Of those that are encrypted it remembers `limits.clientLeftGroupsMax`: of
   * more the longest left are forgotten, those first that this device has never written to.
   */
  leave(group: string): boolean {
    const known = this.#known.get(group);
    this.#known.delete(group);
    if (known?.secrecy !== 'encrypted') return false;
    const { view, ...rest } = known;
    this.#known.set(group, { ...rest, isLeft: true, ...(view && { view: toBeToldAnew(view) }) });
    const left = [...this.#known].filter(([, { isLeft }]) => isLeft);
    if (left.length > limits.clientLeftGroupsMax) {
      const [oldest = group] = left.find(([, { isWritten }]) => !isWritten) ?? left[0] ?? [];
      this.#known.delete(oldest);
    }
    return true;
  }

  save(): SavedGroups {
    return [...this.#known]
      .filter(([, { secrecy }]) => secrecy === 'encrypted')
      .map(([group, { secrecy: _, view, ...rest }]) => [
        group,
        { ...rest, ...(view && { view: savedView(view) }) },
      ]);
  }
}

export function isSavedGroups(value: unknown): value is SavedGroups {
  return (
    Array.isArray(value) &&
    value.every(
      (entry) => Array.isArray(entry) && typeof entry[0] === 'string' && isSavedGroup(entry[1]),
    )
  );
}

function isSavedGroup(value: unknown): value is SavedGroup {
  if (typeof value !== 'object' || value === null) return false;
  const { view, isLeft, isWritten } = value as Record<string, unknown>;
  return (
    (view === undefined || isSavedView(view)) &&
    [isLeft, isWritten].every((each) => each === undefined || each === true)
  );
}
