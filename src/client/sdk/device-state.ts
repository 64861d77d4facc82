/**
 * What a device remembers between two processes: its id, the number of its last connection, how far
 * its user has read, and the identities shown last. Kept in a Storage; without a usable one the
 * device is ephemeral: it lives as long as the process and leaves nothing behind.
 */
import type { Clock } from '../../base/clock.ts';
import { CimError, describeError } from '../../base/errors.ts';
import { toHex } from '../../codec/message-scan.ts';
import type { WarningKind } from './client-events.ts';
import type { SavedWindow } from './identity-window.ts';
import type { DeviceStore, Platform, Storage } from './platform.ts';
import type { Position } from './timeline-cursor.ts';

export interface DeviceStateOptions {
  readonly storage: Storage | undefined;
  readonly userId: number;
  readonly platform: Pick<Platform, 'clock' | 'random'>;
  readonly warn: (kind: WarningKind, message: string) => void;
}

/** As it is stored, in JSON. */
interface SavedState {
  readonly version: 1;
  readonly userId: number;
  readonly device: string;
  readonly connectionNumber: number;
  readonly cursor: Position | null;
  readonly window: SavedWindow;
}

export class DeviceState {
  readonly #clock: Clock;
  readonly #warn: DeviceStateOptions['warn'];
  /** Null: an ephemeral device. */
  #store: DeviceStore | null;
  #state: SavedState;
  /** The save under way, and whether the state has changed since it began. */
  #saving: Promise<void> | null = null;
  #changed = false;
  #saveFailed = false;

  static async open({ storage, userId, platform, warn }: DeviceStateOptions): Promise<DeviceState> {
    const opening = await storage?.open();
    if (opening?.status === 'in-use') {
      warn('state-in-use', 'another process is this device: this one remembers nothing');
    } else if (opening?.status === 'unusable') {
      warn('state-unusable', `this device remembers nothing: ${opening.reason}`);
    }
    const fresh = freshState(userId, toHex(platform.random.bytes(16)));
    if (opening?.status !== 'opened') return new DeviceState(platform.clock, warn, null, fresh);
    const { store } = opening;
    try {
      return new DeviceState(
        platform.clock,
        warn,
        store,
        (await loadState(store, userId, warn)) ?? fresh,
      );
    } catch (error) {
      warn('state-unusable', `this device remembers nothing: ${describeError(error)}`);
      await store.close();
      return new DeviceState(platform.clock, warn, null, fresh);
    }
  }

  private constructor(
    clock: Clock,
    warn: DeviceStateOptions['warn'],
    store: DeviceStore | null,
    state: SavedState,
  ) {
    this.#clock = clock;
    this.#warn = warn;
    this.#store = store;
    this.#state = state;
  }

  get device(): string {
    return this.#state.device;
  }

  get ephemeral(): boolean {
    return this.#store === null;
  }

  /** Null: the device has not read yet, the server knows where it starts. */
  get cursor(): Position | null {
    return this.#state.cursor;
  }

  get window(): SavedWindow {
    return this.#state.window;
  }

  /**
   * Grows with every connection of the device, also when the clock is set back; saved before it is
   * used.
   */
  async nextConnectionNumber(): Promise<number> {
    const connectionNumber = Math.max(this.#state.connectionNumber + 1, this.#clock.now());
    this.#state = { ...this.#state, connectionNumber };
    await this.#save();
    return connectionNumber;
  }

  /** How far the application has come; saved soon. */
  moveCursor(cursor: Position, window: SavedWindow): void {
    this.#state = { ...this.#state, cursor, window };
    void this.#save();
  }

  /** Saves what has changed and gives the place up. */
  async close(): Promise<void> {
    const store = this.#store;
    await this.#saving;
    this.#store = null;
    await store?.close();
  }

  /**
   * Resolves when the present state is saved, or could not be. One save at a time; what changes
   * meanwhile is one more.
   */
  async #save(): Promise<void> {
    if (!this.#store) return;
    this.#changed = true;
    this.#saving ??= this.#saveChanges(this.#store);
    await this.#saving;
  }

  async #saveChanges(store: DeviceStore): Promise<void> {
    while (this.#changed) {
      this.#changed = false;
      try {
        await store.save(JSON.stringify(this.#state));
        this.#saveFailed = false;
      } catch (error) {
        if (!this.#saveFailed) this.#warn('state-not-saved', describeError(error));
        this.#saveFailed = true;
      }
    }
    this.#saving = null;
  }
}

function freshState(userId: number, device: string): SavedState {
  return { version: 1, userId, device, connectionNumber: 0, cursor: null, window: [] };
}

/** Undefined: nothing was saved yet, or nothing of use. Throws if it is not for us to replace. */
async function loadState(
  store: DeviceStore,
  userId: number,
  warn: DeviceStateOptions['warn'],
): Promise<SavedState | undefined> {
  const text = await store.load();
  if (text === undefined) return undefined;
  const state = parseState(text);
  if (!state) warn('state-unreadable', 'what was saved makes no sense: starting as a new device');
  else if (state.userId !== userId)
    throw new CimError('bad-config', `the state is of user ${state.userId}`);
  return state;
}

function parseState(text: string): SavedState | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isSavedState(value) ? value : undefined;
}

function isSavedState(value: unknown): value is SavedState {
  if (typeof value !== 'object' || value === null) return false;
  const { version, userId, device, connectionNumber, cursor, window } = value as Record<
    string,
    unknown
  >;
  return (
    version === 1 &&
    isCount(userId) &&
    typeof device === 'string' &&
    isCount(connectionNumber) &&
    (cursor === null || isPosition(cursor)) &&
    Array.isArray(window) &&
    window.every(
      (place) =>
        Array.isArray(place) &&
        typeof place[0] === 'string' &&
        isCount(place[1]) &&
        isCount(place[2]),
    )
  );
}

function isPosition(value: unknown): value is Position {
  if (typeof value !== 'object' || value === null) return false;
  const { seq, identity } = value as Record<string, unknown>;
  return isCount(seq) && typeof identity === 'string';
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
