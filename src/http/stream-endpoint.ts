/**
 * Endpoints whose bodies are no JSON: what is sent, or answered, is a stream of bytes that is never in
 * memory as a whole. Everything else of a port holds for them too: places, foreign pages, failures in
 * the envelope.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifySchema } from 'fastify';
import { type CimError, errorTable } from '../base/errors.ts';
import { letGo } from '../base/let-go.ts';
import { errorEnvelope, successEnvelope } from './envelope.ts';

export interface StreamEndpoint {
  readonly method: 'GET' | 'PUT';
  /** With parameters, as `/files/:id`. */
  readonly path: string;
  readonly summary: string;
  /** Of the path and of the header, each with what it is: for the documentation, and to be asked for. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  /** Who may call is its own business. Throws a CimError for every outcome that is none. */
  handle(request: StreamRequest): Promise<StreamAnswer>;
}

export interface StreamRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT';
  parameter(name: string): string;
  header(name: string): string | undefined;
  readonly peer: StreamPeer;
  /** Of the body, as the caller says; undefined: it does not say. */
  readonly bytes: number | undefined;
  /** To be called before the body is looked at: from then on it is read as fast as it comes. */
  body(): Readable;
}

/** Who has asked, and how fast it sends and reads. */
export interface StreamPeer {
  readonly address: string;
  /** Bytes that have gone over its connection, in both directions. */
  moved(): number;
  /** Ends its connection. */
  drop(): void;
}

export type StreamAnswer =
  /** In the envelope. */
  | { readonly dataBody: unknown }
  | { readonly failure: CimError; readonly headers: AnswerHeaders }
  /** `body`: null for HEAD. */
  | {
      readonly status: number;
      readonly headers: AnswerHeaders;
      readonly body: Readable | null;
    };

export type AnswerHeaders = Readonly<Record<string, string | number>>;

/** In a scope of its own: bodies are not parsed there. `stream`: makes the bytes of a body come fast. */
export function addStreamEndpoints(
  scope: FastifyInstance,
  endpoints: readonly StreamEndpoint[],
  stream: (request: IncomingMessage) => void,
): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', (_request, body, done) => done(null, body));
  for (const endpoint of endpoints) {
    const { method } = endpoint;
    const add = (each: StreamRequest['method'], schema: FastifySchema) =>
      addRoute(scope, { ...endpoint, method: each }, schema, stream);
    add(method, documentationOf(endpoint));
    // Fastify's own would read the whole body.
    if (method === 'GET') add('HEAD', { hide: true });
  }
}

function addRoute(
  scope: FastifyInstance,
  endpoint: Pick<StreamEndpoint, 'path' | 'handle'> & Pick<StreamRequest, 'method'>,
  schema: FastifySchema,
  stream: (request: IncomingMessage) => void,
): void {
  scope.route({
    method: endpoint.method,
    url: endpoint.path,
    exposeHeadRoute: false,
    schema,
    handler: async ({ raw, headers, params, ip }, reply) => {
      const parameters = params as Readonly<Record<string, string>>;
      const answer = await endpoint.handle({
        method: endpoint.method,
        parameter: (name) => parameters[name] ?? '',
        header: (name) => {
          const value = headers[name];
          return Array.isArray(value) ? undefined : value;
        },
        peer: peerOf(raw.socket, ip),
        bytes: bytesOf(raw),
        body: () => {
          stream(raw);
          return raw;
        },
      });
      return send(reply, answer);
    },
  });
}

function send(reply: FastifyReply, answer: StreamAnswer): unknown {
  if ('dataBody' in answer) return successEnvelope(answer.dataBody);
  reply.headers(answer.headers);
  if ('failure' in answer)
    return reply.code(errorTable[answer.failure.kind].status).send(errorEnvelope(answer.failure));
  if (answer.body) letGoOfWritten(reply.raw);
  return reply.code(answer.status).send(answer.body ?? undefined);
}

/** Nobody needs the pieces of a stream when the socket has taken them. */
function letGoOfWritten(response: ServerResponse): void {
  const write = response.write.bind(response);
  response.write = (piece: Buffer) => write(piece, () => letGo(piece));
}

function peerOf(socket: Socket, address: string): StreamPeer {
  return {
    address,
    moved: () => socket.bytesRead + socket.bytesWritten - socket.writableLength,
    drop: () => socket.destroy(),
  };
}

function bytesOf({ headers }: IncomingMessage): number | undefined {
  const declared = headers['content-length'];
  return declared === undefined ? undefined : Number(declared);
}

function documentationOf({ summary, parameters, headers }: StreamEndpoint) {
  const described = (names: Readonly<Record<string, string>>) => ({
    type: 'object',
    properties: Object.fromEntries(
      Object.entries(names).map(([name, description]) => [name, { type: 'string', description }]),
    ),
  });
  return { summary, security: [], params: described(parameters), headers: described(headers) };
}
