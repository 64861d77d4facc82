/** WebCrypto's keys, as types: the same whether those of Node.js or of browsers are at hand. */
export type CryptoKey = Awaited<ReturnType<typeof crypto.subtle.deriveKey>>;

export interface CryptoKeyPair {
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}
