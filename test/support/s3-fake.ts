/**
 * An S3 for tests, in a process of its own that may be killed: objects are files of a folder. It takes
 * what is signed right, by a signature of its own making, and nothing else; what it has answered is
 * there after it was killed.
 */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';

const [folder = '', port = '0', key = '', secret = ''] = process.argv.slice(2);

createServer((request, response) => {
  answer(request, response).catch(() => response.destroy());
}).listen(Number(port), '127.0.0.1', () => process.stdout.write('ready\n'));

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '', 'http://any');
  if (signatureOf(request, url) !== request.headers.authorization)
    return refuse(response, 403, 'SignatureDoesNotMatch');
  const [, bucket, ...rest] = url.pathname.split('/');
  if (bucket !== 'files') return refuse(response, 404, 'NoSuchBucket');
  const path = join(folder, ...rest);
  if (rest.length === 0) return list(url, response);
  if (request.method === 'PUT') return put(request, response, path);
  if (!existsSync(path))
    return request.method === 'DELETE'
      ? void response.writeHead(204).end()
      : refuse(response, 404, 'NoSuchKey');
  if (request.method === 'DELETE') {
    await rm(path);
    return void response.writeHead(204).end();
  }
  const [, from = '', to = ''] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
  const { size } = await stat(path);
  if (from === '' || Number(to) >= size) return refuse(response, 416, 'InvalidRange');
  response.writeHead(206, { 'content-length': Number(to) - Number(from) + 1 });
  await pipeline(createReadStream(path, { start: Number(from), end: Number(to) }), response);
}

async function put(request: IncomingMessage, response: ServerResponse, path: string) {
  if (request.headers['content-length'] === undefined)
    return refuse(response, 411, 'MissingContentLength');
  mkdirSync(dirname(path), { recursive: true });
  const unfinished = `${folder}.${randomBytes(8).toString('hex')}`;
  const hash = createHash('sha256');
  request.on('data', (piece) => hash.update(piece));
  await pipeline(request, createWriteStream(unfinished));
  if (hash.digest('hex') !== request.headers['x-amz-content-sha256'])
    return refuse(response, 400, 'XAmzContentSHA256Mismatch');
  await rename(unfinished, path);
  response.end();
}

function list(url: URL, response: ServerResponse): void {
  const [name = ''] = (url.searchParams.get('prefix') ?? '').split('/');
  const own = join(folder, name);
  const parts = name !== '' && existsSync(own) ? readdirSync(own) : [];
  const keys = parts.map((part) => `<Contents><Key>${name}/${part}</Key></Contents>`);
  response.end(`<ListBucketResult>${keys.join('')}</ListBucketResult>`);
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { connection: 'close' }).end(`<Error><Code>${code}</Code></Error>`);
}

/** AWS Signature Version 4, of the headers that the request says it has signed. */
function signatureOf({ method = '', headers }: IncomingMessage, url: URL): string {
  const given = headers.authorization ?? '';
  const [, scope = '', signed = ''] =
    /Credential=[^/]+\/([^,]+), SignedHeaders=([^,]+),/.exec(given) ?? [];
  const query = [...url.searchParams]
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .sort()
    .join('&');
  const lines = signed.split(';').map((name) => `${name}:${headers[name] ?? ''}\n`);
  const hash = String(headers['x-amz-content-sha256']);
  const canonical = [method, url.pathname, query, lines.join(''), signed, hash].join('\n');
  const digest = createHash('sha256').update(canonical).digest('hex');
  const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, digest].join('\n');
  const hmac = (of: string | Buffer, what: string) =>
    createHmac('sha256', of).update(what).digest();
  const [date = '', region = '', service = ''] = scope.split('/');
  const signing = hmac(hmac(hmac(hmac(`AWS4${secret}`, date), region), service), 'aws4_request');
  const signature = createHmac('sha256', signing).update(text).digest('hex');
  return `AWS4-HMAC-SHA256 Credential=${key}/${scope}, SignedHeaders=${signed}, Signature=${signature}`;
}
