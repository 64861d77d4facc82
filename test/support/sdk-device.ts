/** A client of the SDK as its contract drives it (test/contract/sdk.ts), wherever it runs. */
import type { ClientEvents, EncryptionMode, Message } from '../../src/client/sdk/index.ts';

/** As a test drives it: what it gives and takes can be copied to where the client is. */
export interface Device {
  /** Calls a method of its CimClient. */
  call(method: string, ...given: unknown[]): Promise<unknown>;
  /** The messages that it was shown so far. */
  shown(): Promise<readonly Message[]>;
  /** What it was told to be missing, as it is not kept any more. */
  gaps(): Promise<readonly ClientEvents['gap'][]>;
  /** How often it was offline. */
  offlineCount(): Promise<number>;
}

export interface DeviceOptions {
  readonly userId: number;
  readonly userName: string;
  readonly secret: string;
  readonly routes: readonly string[];
  readonly e2ee: EncryptionMode;
  /** Under which its state is kept, for the next one of this name. Absent: it is ephemeral. */
  readonly name?: string;
  /** A port of this machine where its server is reached. */
  readonly port: number;
}
