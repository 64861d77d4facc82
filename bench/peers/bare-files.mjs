// The least that a server of files does: what is PUT is hashed and written to a file, what is asked for is
// read from it.
//
//   node bench/peers/bare-files.mjs PORT FOLDER
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

const [, , port, folder] = process.argv;

createServer(async (request, response) => {
  const path = join(folder, request.url.replaceAll('/', '-'));
  if (request.method === 'GET') return void createReadStream(path).pipe(response);
  const hash = createHash('sha256');
  request.on('data', (piece) => hash.update(piece));
  await pipeline(request, createWriteStream(path));
  response.end(hash.digest('hex'));
}).listen(Number(port), '127.0.0.1', () => process.stdout.write('ready\n'));
