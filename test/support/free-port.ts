/** Ports for tests: those that `cim verify` gives to the parts of its cluster. */
export { freePort } from '../../src/verify/cluster/free-port.ts';
