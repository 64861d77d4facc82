/**
 * A device's storage in memory that survives the device, also a crash of it: what was not saved by
 * then is as it was before.
 */
import type { DeviceStore, Storage } from '../client/sdk/index.ts';

export class DeviceStorage {
  #text: string | undefined;

  /** For the next SDK instance; the one before has lost it. */
  attach(): AttachedStorage {
    return new AttachedStorage(
      () => this.#text,
      (text) => {
        this.#text = text;
      },
    );
  }

  /** How far the device has read each timeline, as it was saved: by group, '' is its user's own. */
  get savedSeqs(): ReadonlyMap<string, number> {
    const { places = [] } = JSON.parse(this.#text ?? '{}') as {
      places?: readonly (readonly [string, { readonly position: { readonly seq: number } }])[];
    };
    return new Map(places.map(([group, { position }]) => [group, position.seq]));
  }
}

export class AttachedStorage implements Storage {
  readonly #load: () => string | undefined;
  readonly #save: (text: string) => void;
  #isDetached = false;

  constructor(load: () => string | undefined, save: (text: string) => void) {
    this.#load = load;
    this.#save = save;
  }

  /** As by a crash: nothing is saved any more. */
  detach(): void {
    this.#isDetached = true;
  }

  async open(): Promise<{ status: 'opened'; store: DeviceStore }> {
    const store: DeviceStore = {
      load: async () => this.#load(),
      save: async (text) => {
        // A disk takes its time, in which a device may crash.
        await new Promise(setImmediate);
        if (!this.#isDetached) this.#save(text);
      },
      close: async () => {},
    };
    return { status: 'opened', store };
  }
}
