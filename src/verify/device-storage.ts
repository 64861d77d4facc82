/**
 * A device's storage in memory that survives the device, also a crash of it: what was not saved by
 * then is as it was before.
 */
import type { DeviceStore, Storage } from '../client/sdk/index.ts';

export interface AttachedStorage extends Storage {
  /** As by a crash: nothing is saved any more. */
  detach(): void;
}

export class DeviceStorage {
  #text: string | undefined;

  /** For the next SDK instance; the one before has lost it. */
  attach(): AttachedStorage {
    let isAttached = true;
    const store: DeviceStore = {
      load: async () => this.#text,
      save: async (text) => {
        // A disk takes its time, in which a device may crash.
        await new Promise(setImmediate);
        if (isAttached) this.#text = text;
      },
      close: async () => {},
    };
    return {
      open: async () => ({ status: 'opened', store }),
      detach: () => {
        isAttached = false;
      },
    };
  }

  /** How far the device has read each timeline, as it was saved: by group, '' is its user's own. */
  get savedSeqs(): ReadonlyMap<string, number> {
    const { places = [] } = JSON.parse(this.#text ?? '{}') as {
      places?: readonly (readonly [string, { readonly position: { readonly seq: number } }])[];
    };
    return new Map(places.map(([group, { position }]) => [group, position.seq]));
  }
}
