// aedes as its documentation shows it: a broker on a plain socket, what it keeps in memory.
//
//   node bench/peers/aedes.mjs PORT
import { createServer } from 'node:net';
import { Aedes } from 'aedes';

const broker = await Aedes.createBroker();
createServer({ noDelay: true }, broker.handle).listen(Number(process.argv[2]), '127.0.0.1', 4096);
process.once('SIGTERM', () => process.exit(0));
