/**
 * Uploading and reading files: POST /files, PUT /files/ID/N, POST /finishFile, POST /cancelFile,
 * GET /files/ID; and POST /fileUsage for operators. A file's bytes are somebody's, and may be anything: they are given in
 * a way that no browser runs, shows or keeps.
 */
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { isMediaType } from '../../base/text/media-type.ts';
import { anyone } from '../../http/access.ts';
import { type Endpoint, endpoint } from '../../http/endpoint.ts';
import type { AnswerHeaders, StreamEndpoint } from '../../http/stream-endpoint.ts';
import { parseRange } from '../files/byte-range.ts';
import type { RouteOperations } from '../operations.ts';
import { integer, string, userId } from './fields.ts';

const capabilityHeader = 'x-cim-file';
const hashHeader = 'x-cim-sha256';

/** Of 16 bytes in base64url. */
const id = { type: 'string', maxLength: 22 } as const;
const capability = { type: 'string', maxLength: 64 } as const;
const hash = { type: 'string', minLength: 64, maxLength: 64 } as const;

const finishedFile = {
  type: 'object',
  properties: {
    id: string,
    bytes: integer,
    type: string,
    sha256: string,
    expiresAt: { ...integer, description: 'ms since 1970' },
  },
} as const;

export function fileEndpoints(operations: RouteOperations): readonly Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/files',
      access: { who: 'users', actor: 'userId', keys: ['push'] },
      keeps: 'file',
      summary: 'Begins to upload a file, or goes on with it (docs/guides/files.md)',
      body: {
        type: 'object',
        required: ['userId', 'id', 'bytes', 'type', 'sha256'],
        properties: {
          userId,
          id: { ...id, description: '16 random bytes in base64url, drawn for this file' },
          bytes: { type: 'integer', minimum: 0, maximum: limits.fileBytesCeiling },
          type: {
            type: 'string',
            maxLength: limits.fileTypeCharactersMax,
            description: 'a MIME type in lower case, without parameters: image/png',
          },
          sha256: { ...hash, description: 'of all bytes, in hex' },
        },
      },
      answer: {
        type: 'object',
        properties: {
          id: string,
          capability: { ...string, description: 'whoever has it may read the file' },
          chunkBytes: { ...integer, description: 'of each part; the last one is shorter' },
          chunks: { ...integer, description: 'how many parts there are' },
          received: { type: 'array', items: integer, description: 'parts that have come' },
          expiresAt: { ...integer, description: 'ms since 1970: until then it must be finished' },
        },
      },
      handle: ({ userId, id, bytes, type, sha256 }) =>
        operations.beginFile({
          ...{ owner: userId, id, bytes },
          type: typeOf(type),
          sha256: hashOf('sha256', sha256),
        }),
    }),

    endpoint({
      method: 'POST',
      path: '/finishFile',
      access: anyone,
      summary: 'Ends an upload: looks whether all is there, and from then on it can be read',
      body: { type: 'object', required: ['id', 'capability'], properties: { id, capability } },
      answer: finishedFile,
      handle: ({ id, capability }) => operations.finishFile(id, capability),
    }),

    endpoint({
      method: 'POST',
      path: '/cancelFile',
      access: anyone,
      summary: 'Ends an upload that is not to be finished, and leaves its room to others',
      body: { type: 'object', required: ['id', 'capability'], properties: { id, capability } },
      answer: {
        type: 'object',
        properties: {
          cancelled: { type: 'boolean', description: 'false: it is finished, and stays' },
        },
      },
      handle: async ({ id, capability }) => ({
        cancelled: await operations.cancelFile(id, capability),
      }),
    }),

    endpoint({
      method: 'POST',
      path: '/fileUsage',
      access: { who: 'operators' },
      summary: `How many files there are, their bytes, and the ${limits.fileOwnersListedMax} users who have most`,
      answer: {
        type: 'object',
        properties: {
          files: integer,
          bytes: integer,
          unfinishedBytes: { ...integer, description: 'of uploads that are not finished' },
          owners: {
            type: 'array',
            items: {
              type: 'object',
              properties: {
                userId: integer,
                files: integer,
                bytes: integer,
                unfinishedBytes: integer,
              },
            },
          },
        },
      },
      handle: () => operations.fileUsage(),
    }),
  ];
}

export function fileStreams(operations: RouteOperations): readonly StreamEndpoint[] {
  const parameters = { id: 'the id of the file' };
  const headers = { [capabilityHeader]: 'the capability of the file' };
  return [
    {
      method: 'PUT',
      path: '/files/:id/:number',
      summary: 'Takes a part of a file; may be repeated, in any order, several at a time',
      parameters: { ...parameters, number: 'of the part, from 0 on' },
      headers: { ...headers, [hashHeader]: 'of the part, in hex' },
      handle: async (request) => {
        const number = numberOf(request.parameter('number'));
        const sha256 = hashOf('X-Cim-Sha256', request.header(hashHeader) ?? '');
        const { bytes, peer } = request;
        if (bytes === undefined)
          throw new CimError(
            'invalid-argument',
            'the header Content-Length must say how long it is',
          );
        await operations.putFilePart({
          ...{ id: request.parameter('id'), number, sha256, bytes, peer },
          capability: request.header(capabilityHeader) ?? '',
          body: request.body,
        });
        return { dataBody: null };
      },
    },
    {
      method: 'GET',
      path: '/files/:id',
      summary: 'The bytes of a file, or a range of them',
      parameters,
      headers: { ...headers, range: 'one range: bytes=0-1023', 'if-range': 'its ETag' },
      handle: async (request) => {
        const { method, peer } = request;
        const file = await operations.openFile({
          ...{ id: request.parameter('id'), peer },
          capability: request.header(capabilityHeader) ?? '',
        });
        const { bytes, type, sha256 } = file;
        const etag = `"${sha256}"`;
        const ifRange = request.header('if-range');
        const isSame = ifRange === undefined || ifRange === etag;
        const range = isSame ? parseRange(request.header('range'), bytes) : 'whole';
        if (range === 'beyond') {
          file.close();
          const failure = new CimError('bad-range', `the file has ${bytes} bytes`);
          return { failure, headers: { 'content-range': `bytes */${bytes}` } };
        }
        const [from, to] = range === 'whole' ? [0, bytes] : [range.from, range.to];
        const answer = {
          status: range === 'whole' ? 200 : 206,
          headers: {
            ...asAttachment,
            etag,
            'content-type': type,
            'content-length': to - from,
            ...(range === 'whole' ? {} : { 'content-range': `bytes ${from}-${to - 1}/${bytes}` }),
          },
        };
        if (method === 'HEAD') file.close();
        return { ...answer, body: method === 'HEAD' ? null : await file.read(from, to) };
      },
    },
  ];
}

/** What a browser is told of bytes that anybody may have written. */
const asAttachment: AnswerHeaders = {
  'accept-ranges': 'bytes',
  // Without a name: that is in the message, and is text.
  'content-disposition': 'attachment',
  'content-security-policy': "sandbox; default-src 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'private, no-store',
};

function typeOf(type: string): string {
  if (isMediaType(type)) return type;
  const wanted = 'a MIME type in lower case, without parameters, as image/png';
  throw new CimError('invalid-argument', `type: must be ${wanted}`);
}

function hashOf(field: string, text: string): string {
  if (/^[0-9a-f]{64}$/.test(text)) return text;
  throw new CimError('invalid-argument', `${field}: must be a SHA-256 in 64 lower-case hex digits`);
}

function numberOf(text: string): number {
  if (/^(0|[1-9]\d{0,5})$/.test(text)) return Number(text);
  throw new CimError('bad-chunk', 'the number of a part is a number from 0 on');
}
