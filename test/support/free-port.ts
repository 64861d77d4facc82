/** Ports for tests: those that `cim verify` gives to the parts of its cluster. */
export { freePort } from '../../src/processes/local-ports.ts';
