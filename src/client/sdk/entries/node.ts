/** `cim-client` in Node.js: it speaks TCP, and keeps in a folder what it is to remember. */
import { folderSecretKeeper } from '../node/folder-secret-keeper.ts';
import { folderStorage } from '../node/folder-storage.ts';
import { nodePlatform } from '../node/node-platform.ts';
import { Client } from './client.ts';
import { type ClientOptions, optionsOf } from './options.ts';

export * from './public.ts';
export { folderSecretKeeper, folderStorage };

export interface NodeClientOptions extends ClientOptions {
  /** Where the device and the secret of its account are kept; absent: nothing is. One for each user. */
  readonly folder?: string;
}

/** A device of a user, in Node.js. */
export class CimClient extends Client {
  constructor({ folder, ...options }: NodeClientOptions) {
    const kept = folder !== undefined && {
      storage: folderStorage(folder),
      secrets: folderSecretKeeper(folder),
    };
    super(optionsOf(options, { platform: nodePlatform(), ...kept }));
  }
}
