/**
 * The bytes of a request's body, in one piece of memory: each chunk is copied and let go, so a body
 * costs what it weighs, however small the pieces are in which it comes.
 */
import type { IncomingMessage } from 'node:http';
import { CimError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';

const startBytes = 4 * 1024;

/** Rejects with `too-large` beyond `limits.httpBodyBytesMax`, and with `invalid-argument` if it breaks off. */
export async function readRequestBody(request: IncomingMessage): Promise<Buffer> {
  const declared = Number(request.headers['content-length'] ?? 0);
  let bytes = Buffer.allocUnsafe(Math.min(Math.max(declared, startBytes), limits.httpBodyBytesMax));
  let length = 0;
  return new Promise((resolve, reject) => {
    const refuse = () => {
      request.removeAllListeners('data').resume();
      const reason = `the body may have ${limits.httpBodyBytesMax} bytes at most`;
      reject(new CimError('too-large', reason));
    };
    if (declared > limits.httpBodyBytesMax) return refuse();
    request.on('data', (chunk: Buffer) => {
      const end = length + chunk.length;
      if (end > limits.httpBodyBytesMax) return refuse();
      if (end > bytes.length) {
        const larger = Buffer.allocUnsafe(Math.min(2 * end, limits.httpBodyBytesMax));
        bytes.copy(larger, 0, 0, length);
        bytes = larger;
      }
      chunk.copy(bytes, length);
      length = end;
    });
    request.once('end', () => resolve(bytes.subarray(0, length)));
    request.once('error', (cause) =>
      reject(new CimError('invalid-argument', 'the body broke off', { cause })),
    );
  });
}
