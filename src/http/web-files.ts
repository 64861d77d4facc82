/**
 * Files of a web page, from memory: small, known from the beginning, the same for everybody who asks.
 * They are kept compressed, and unpacked for the few who do not take that.
 */
import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import type { FastifyInstance } from 'fastify';

export interface WebFile {
  /** As `/web/app-4KJ2.js`. */
  readonly path: string;
  readonly type: string;
  /** What is in it, compressed with gzip. */
  readonly gzip: Buffer;
  /** Its path names its contents, so a browser never asks for it again. */
  readonly isImmutable: boolean;
  /** Beside those that every file has; asked for at each request. */
  readonly headers?: () => Readonly<Record<string, string>>;
}

/** Nobody may put it into a page of another site, nor learn from it where its reader comes from. */
const always = {
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  vary: 'accept-encoding',
};

const aYear = 'public, max-age=31536000, immutable';

export function addWebFiles(scope: FastifyInstance, files: readonly WebFile[]): void {
  for (const file of files) {
    const tag = createHash('sha256').update(file.gzip).digest('base64url').slice(0, 22);
    const [plainTag, gzipTag] = [`"${tag}"`, `"${tag}-gzip"`];
    scope.get(file.path, { schema: { hide: true } }, (request, reply) => {
      const takesGzip = takesGzipIn(request.headers['accept-encoding']);
      const etag = takesGzip ? gzipTag : plainTag;
      reply.headers({
        ...always,
        ...file.headers?.(),
        'cache-control': file.isImmutable ? aYear : 'no-cache',
        etag,
      });
      if (isKnown(request.headers['if-none-match'], etag)) return reply.code(304).send();
      reply.type(file.type);
      if (!takesGzip) return reply.send(gunzipSync(file.gzip));
      return reply.header('content-encoding', 'gzip').send(file.gzip);
    });
  }
}

function takesGzipIn(header: string | string[] | undefined): boolean {
  return /(?:^|,)\s*gzip\s*(?!\s*;\s*q=0(?:\.0+)?\s*(?:,|$))(?:;|,|$)/i.test(String(header ?? ''));
}

function isKnown(header: string | undefined, etag: string): boolean {
  return header?.split(',').some((each) => each.trim().replace(/^W\//, '') === etag) ?? false;
}
