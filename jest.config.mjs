// Suites by what they need: unit, contract, property and simulation need nothing, integration starts real services,
// browser a real Chromium, system runs bin/cim, long attacks it, breaks what it needs and puts load on it.
/** Packages that are ESM only; Jest runs CommonJS. */
const esmOnly = [
  ...['@noble/ciphers', '@noble/curves', '@noble/ed25519', '@noble/hashes', 'preact'],
  ...['ansi-regex', 'cac', 'cookie', 'env-paths', 'get-east-asian-width'],
  ...['is-safe-filename', 'jose', 'mime', 'string-width', 'strip-ansi'],
];

export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  transform: { '\\.(ts|js|mjs|lua)$': '<rootDir>/test/support/jest-transform.mjs' },
  transformIgnorePatterns: [`/node_modules/(?!(${esmOnly.join('|')})/)`],
  // Against hanging alone: no test is about it. A machine that has much else to do takes its time.
  testTimeout: 120_000,
  testSequencer: '<rootDir>/test/support/jest-sequencer.mjs',
  reporters: [
    'default',
    '<rootDir>/test/support/jest-slowest-reporter.mjs',
    '<rootDir>/test/support/jest-counts-reporter.mjs',
  ],
  // A worker that has nothing left to do ends by itself, within 500 ms (Jest's own bound) on no busy machine. What is
  // still there after that has left something open: then Jest says so.
  workerGracefulExitTimeout: 30_000,
  // For two cores: suites that start services and processes mostly wait for them.
  maxWorkers: 4,
};
