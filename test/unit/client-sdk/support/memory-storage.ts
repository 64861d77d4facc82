/** A Storage that lasts as long as the test. */
import type { Storage, StorageOpening } from '../../../../src/client/sdk/platform.ts';

export class MemoryStorage implements Storage {
  text: string | undefined;
  saves = 0;
  isOpen = false;
  /** Saves wait for this. */
  gate: Promise<void> = Promise.resolve();
  failure: Error | undefined;

  async open(): Promise<StorageOpening> {
    if (this.isOpen) return { status: 'in-use' };
    this.isOpen = true;
    return {
      status: 'opened',
      store: {
        load: async () => this.text,
        save: async (text) => {
          await this.gate;
          if (this.failure) throw this.failure;
          this.saves += 1;
          this.text = text;
        },
        close: async () => {
          this.isOpen = false;
        },
      },
    };
  }

  /** What was saved last. */
  get state(): { device: string; connectionNumber: number } {
    return JSON.parse(this.text ?? 'null');
  }

  /** What was saved last of one's own timeline, or of a group's. */
  placeOf(group = ''): { position: unknown; window: unknown[] } | undefined {
    return new Map<string, { position: unknown; window: unknown[] }>(
      JSON.parse(this.text ?? 'null').places,
    ).get(group);
  }
}
