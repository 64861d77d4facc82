/**
 * `cim-client/crypto`: WebCrypto for where there is none, on pages of plain http and in Hermes.
 *
 *     import { installCrypto } from 'cim-client/crypto';
 *
 *     installCrypto();
 *     const client = new CimClient({ … });
 */
import { CimError } from '../../../base/errors.ts';
import { softwareCrypto } from '../crypto/software-crypto.ts';

/**
 * Puts what the SDK uses of WebCrypto at its place, `crypto.subtle`, unless it is there. It is slower, and
 * its keys can be read by every script of the page. Throws `no-web-crypto` where there are no random
 * numbers either: nothing makes up for those.
 */
export function installCrypto(): void {
  const here: Partial<typeof crypto> = globalThis.crypto ?? {};
  if (here.subtle) return;
  if (!here.getRandomValues)
    throw new CimError('no-web-crypto', 'there is no crypto.getRandomValues either');
  Object.defineProperty(here, 'subtle', { value: softwareCrypto, configurable: true });
}
