/** Keeps the secret of one account as long as the process lives: for load, checks and tests. */
import type { KeptSecrets, SecretKeeper } from '../platform.ts';

export function memorySecretKeeper(): SecretKeeper {
  return new MemorySecretKeeper();
}

class MemorySecretKeeper implements SecretKeeper {
  #kept: KeptSecrets = {};

  async load(): Promise<KeptSecrets> {
    return this.#kept;
  }

  async offer(which: keyof KeptSecrets, secret: string): Promise<string> {
    const kept = this.#kept[which] ?? secret;
    this.#kept = { ...this.#kept, [which]: kept };
    return kept;
  }

  async promote(next: string): Promise<void> {
    if (this.#kept.next === next) this.#kept = { current: next };
  }

  async replace(current: string | undefined, secret: string): Promise<void> {
    if (this.#kept.current === current) this.#kept = { current: secret };
  }
}
