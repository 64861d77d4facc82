#!/usr/bin/env node
// The launcher for `npm install`ed copies: runs the bundle on the machine's Node.js. bin/cim needs none of this.
import { createRequire } from 'node:module';

createRequire(import.meta.url)('../dist/cim.cjs');
