/** The same clients where a page has no WebCrypto, on what the package brings for that. */
import { installCrypto } from '../../../src/client/sdk/entries/crypto.ts';
import './devices.ts';

installCrypto();
