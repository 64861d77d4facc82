// Four suites by what they need: unit/contract/property need nothing, integration starts real services, system runs bin/cim.
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  transform: { '\\.(ts|js|mjs|lua)$': '<rootDir>/test/support/jest-transform.mjs' },
  // These packages are ESM only; Jest runs CommonJS.
  transformIgnorePatterns: ['/node_modules/(?!(cac|cookie|env-paths|is-safe-filename|jose)/)'],
  testTimeout: 30_000,
  reporters: ['default', '<rootDir>/test/support/jest-counts-reporter.mjs'],
  // Two cores: one test process for the services' sake beside one that waits for them.
  maxWorkers: 2,
};
