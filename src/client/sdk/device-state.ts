/**
 * What a device remembers from one process to the next: its id, the number of its last connection,
 * and the store that it was in; of each timeline how far its user has read, and the identities
 * shown last; and the keys of others as it has seen them. It keeps this in a Storage. Without a
 * usable one the device is ephemeral: it lives as long as the process and leaves nothing behind.
 */
import type { Clock } from '../../base/clock.ts';
import { CimError, describeError } from '../../base/errors.ts';
import { toHex } from '../../codec/message-scan.ts';
import type { WarningKind } from './client-events.ts';
import { isSavedGroups, type KnownGroups, type SavedGroups } from './e2ee/groups/known-groups.ts';
import { isSavedPins, type KeyPins, type SavedPins } from './e2ee/key-pins.ts';
import type { DeviceStore, Platform, Storage } from './platform.ts';
import type { SavedWindow } from './receiving/identity-window.ts';
import type { Position } from './receiving/timeline-cursor.ts';

export interface DeviceStateOptions {
  readonly storage: Storage | undefined;
  readonly userId: number;
  readonly platform: Pick<Platform, 'clock' | 'random'>;
  /** Get what was saved of them, and are saved with the rest. */
  readonly pins: KeyPins;
  /** Likewise. */
  readonly known: KnownGroups;
  readonly warn: (kind: WarningKind, message: string) => void;
}

/** How far a timeline was taken, and the identities taken last. */
export interface SavedCursor {
  readonly position: Position;
  readonly window: SavedWindow;
}

const stateVersion = 1;

/** As it is stored, in JSON. */
interface SavedState {
  readonly version: typeof stateVersion;
  readonly userId: number;
  readonly device: string;
  readonly connectionNumber: number;
  /** Whose numbers those of the places are; empty: it was in none yet. */
  readonly storeId: string;
  /** By group; one's own is the group without a name. */
  readonly places: readonly (readonly [string, SavedCursor])[];
  readonly pins: SavedPins;
  /** Groups that are encrypted; absent: as versions before 0.3 save it. */
  readonly encryptedGroups?: SavedGroups;
}

export class DeviceState {
  readonly #clock: Clock;
  readonly #warn: DeviceStateOptions['warn'];
  /** Null: an ephemeral device. */
  #store: DeviceStore | null;
  #state: Omit<SavedState, 'places' | 'pins' | 'encryptedGroups'>;
  readonly #cursors: Map<string, SavedCursor>;
  readonly #pins: KeyPins;
  readonly #known: KnownGroups;
  /** The save under way, and whether the state has changed since it began. */
  #saving: Promise<void> | null = null;
  #changed = false;
  #saveFailed = false;

  static async open(options: DeviceStateOptions): Promise<DeviceState> {
    const { storage, userId, platform, warn } = options;
    const opening = await storage?.open();
    if (opening?.status === 'in-use') {
      warn('state-in-use', 'another process is this device: this one remembers nothing');
    } else if (opening?.status === 'unusable') {
      warn('state-unusable', `this device remembers nothing: ${opening.reason}`);
    }
    const fresh = freshState(userId, toHex(platform.random.bytes(16)));
    if (opening?.status !== 'opened') return new DeviceState(options, null, fresh);
    const { store } = opening;
    try {
      return new DeviceState(options, store, (await loadState(store, userId, warn)) ?? fresh);
    } catch (error) {
      warn('state-unusable', `this device remembers nothing: ${describeError(error)}`);
      await store.close();
      return new DeviceState(options, null, fresh);
    }
  }

  private constructor(
    { platform, warn, pins, known }: DeviceStateOptions,
    store: DeviceStore | null,
    state: SavedState,
  ) {
    this.#clock = platform.clock;
    this.#warn = warn;
    this.#store = store;
    const { places, pins: savedPins, encryptedGroups = [], ...rest } = state;
    this.#state = rest;
    this.#cursors = new Map(places);
    this.#pins = pins;
    pins.restore(savedPins);
    this.#known = known;
    known.restore(encryptedGroups);
  }

  get device(): string {
    return this.#state.device;
  }

  get ephemeral(): boolean {
    return this.#store === null;
  }

  /** Undefined: the device has not read this timeline yet, the server knows where it starts. */
  cursorOf(group: string): SavedCursor | undefined {
    return this.#cursors.get(group);
  }

  /** The timelines that it remembers something of. */
  get groups(): readonly string[] {
    return [...this.#cursors.keys()];
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

  /**
   * Logged in to this store. True: it is another one than before. Then nothing was read of it, and
   * what was shown is known by its identity only; saved soon.
   */
  enterStore(storeId: string): boolean {
    const before = this.#state.storeId;
    if (before === storeId) return false;
    this.#state = { ...this.#state, storeId };
    if (before !== '') {
      for (const [group, { window }] of this.#cursors)
        this.#cursors.set(group, { position: { seq: 0, identity: '' }, window });
    }
    void this.#save();
    return before !== '';
  }

  /** How far the application has come in these timelines; saved soon. */
  move(places: ReadonlyMap<string, SavedCursor>): void {
    for (const [group, place] of places) this.#cursors.set(group, place);
    void this.#save();
  }

  /** The pins, or what is known of groups, have changed; saved soon. */
  pinsMoved(): void {
    void this.#save();
  }

  /** The user is in this group no longer; saved soon. False: nothing was remembered of it. */
  forget(group: string): boolean {
    const isForgotten = this.#cursors.delete(group);
    if (isForgotten) void this.#save();
    return isForgotten;
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
        await store.save(this.#toJson());
        this.#saveFailed = false;
      } catch (error) {
        if (!this.#saveFailed) this.#warn('state-not-saved', describeError(error));
        this.#saveFailed = true;
      }
    }
    this.#saving = null;
  }

  #toJson(): string {
    const places = [...this.#cursors];
    const pins = this.#pins.save();
    const state: SavedState = {
      ...this.#state,
      places,
      pins,
      encryptedGroups: this.#known.save(),
    };
    return JSON.stringify(state);
  }
}

function freshState(userId: number, device: string): SavedState {
  return {
    version: stateVersion,
    userId,
    device,
    connectionNumber: 0,
    storeId: '',
    places: [],
    pins: [],
  };
}

/** Undefined: nothing was saved yet, or nothing of use. Throws if it is not for us to replace. */
async function loadState(
  store: DeviceStore,
  userId: number,
  warn: DeviceStateOptions['warn'],
): Promise<SavedState | undefined> {
  const text = await store.load();
  if (text === undefined) return undefined;
  const value = parseJson(text);
  const version = (value as { version?: unknown } | null | undefined)?.version;
  if (typeof version === 'number' && version > stateVersion)
    throw new CimError(
      'bad-config',
      `the state was written by a newer cim (format ${version}, this one knows ${stateVersion}): use that version, or another place`,
    );
  const state = isSavedState(value) ? value : undefined;
  if (!state) warn('state-unreadable', 'what was saved makes no sense: starting as a new device');
  else if (state.userId !== userId)
    throw new CimError('bad-config', `the state is of user ${state.userId}`);
  return state;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isSavedState(value: unknown): value is SavedState {
  if (typeof value !== 'object' || value === null) return false;
  const { version, userId, device, connectionNumber, storeId, places, pins, encryptedGroups } =
    value as Record<string, unknown>;
  return (
    version === stateVersion &&
    isCount(userId) &&
    typeof device === 'string' &&
    isCount(connectionNumber) &&
    typeof storeId === 'string' &&
    Array.isArray(places) &&
    places.every(
      (entry) => Array.isArray(entry) && typeof entry[0] === 'string' && isSavedCursor(entry[1]),
    ) &&
    isSavedPins(pins) &&
    (encryptedGroups === undefined || isSavedGroups(encryptedGroups))
  );
}

function isSavedCursor(value: unknown): value is SavedCursor {
  if (typeof value !== 'object' || value === null) return false;
  const { position, window } = value as Record<string, unknown>;
  return (
    isPosition(position) &&
    Array.isArray(window) &&
    window.every(
      (known) =>
        Array.isArray(known) &&
        typeof known[0] === 'string' &&
        isCount(known[1]) &&
        isCount(known[2]),
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
