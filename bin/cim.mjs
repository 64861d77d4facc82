#!/usr/bin/env node
// The launcher for `npm install`ed copies: runs the bundle on the machine's Node.js. bin/cim needs none of this.
import { createRequire } from 'node:module';

const oldest = 24;
const { node } = process.versions;
if (Number.parseInt(node, 10) < oldest) {
  console.error(`cim: Node.js ${oldest} or newer is needed, this is ${node} (${process.execPath})`);
  process.exit(78);
}

// Else Node.js opens a debugger then, on a port for all users of the machine.
process.on('SIGUSR1', () => {});
createRequire(import.meta.url)('../dist/cim.cjs');
