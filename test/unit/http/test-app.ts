/** An HTTP app around the endpoints of a test, and ways to talk to it. */
import { connect, type Socket } from 'node:net';
import type { ErrorName } from '../../../src/base/errors.ts';
import { CimError } from '../../../src/base/errors.ts';
import { ignore } from '../../../src/base/ignore.ts';
import { limits } from '../../../src/base/limits.ts';
import { anyone } from '../../../src/http/access.ts';
import { buildHttpApp, type HttpApp, type HttpAppOptions } from '../../../src/http/app.ts';
import { endpoint } from '../../../src/http/endpoint.ts';
import { clusterKeysOf } from '../../support/cluster-key.ts';
import { onTeardown } from '../../support/teardown.ts';
import { recordingLog } from './recording-log.ts';

/** Takes every type of field, and gives back what arrived. */
export const echo = endpoint({
  method: 'POST',
  path: '/echo',
  access: anyone,
  summary: 'Gives back what it got',
  body: {
    type: 'object',
    required: ['id'],
    properties: {
      id: { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
      text: { type: 'string', maxLength: limits.httpBodyBytesMax },
      short: { type: 'string', minLength: 1, maxLength: 3 },
      kind: { type: 'string', enum: ['a', 'b'] },
      list: { type: 'array', items: { type: 'string', maxLength: 100 }, maxItems: 3 },
      map: {
        type: 'object',
        propertyNames: { type: 'string', maxLength: 10 },
        additionalProperties: { type: 'string', maxLength: 10 },
        maxProperties: 3,
      },
    },
  },
  handle: (body) => body,
});

/** Fails as its body says. */
const failing = endpoint({
  method: 'POST',
  path: '/fail',
  access: anyone,
  summary: 'Fails',
  body: { type: 'object', required: [], properties: { kind: { type: 'string', maxLength: 100 } } },
  handle: ({ kind }) => {
    if (kind === undefined) throw new Error('an internal detail');
    throw new CimError(kind as ErrorName, 'what happened');
  },
});

export interface TestApp {
  readonly app: HttpApp;
  readonly lines: readonly string[];
}

export function testApp(options: Partial<HttpAppOptions> = {}): TestApp {
  const { log, lines } = recordingLog();
  const app = buildHttpApp({
    title: 'test',
    version: '9.9.9',
    log,
    endpoints: [echo, failing],
    proofs: { clusterKeys: clusterKeysOf('the secret') },
    ...options,
  });
  onTeardown(() => app.close());
  return { app, lines };
}

/** POSTs a body as it is; without a content type if that is null. */
export function post(
  app: HttpApp,
  url: string,
  body: string | Buffer | undefined,
  contentType: string | null = 'application/json; charset=utf-8',
  headers: Record<string, string> = {},
) {
  return app.inject({
    method: 'POST',
    url,
    headers: { ...headers, ...(contentType === null ? {} : { 'content-type': contentType }) },
    ...(body === undefined ? {} : { body }),
  });
}

/** A connection over which a test says what it likes. */
export class RawConnection {
  readonly socket: Socket;
  received = '';
  readonly ended: Promise<void>;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (chunk) => {
      this.received += chunk.toString();
    });
    this.ended = new Promise((resolve) => {
      this.socket.on('error', ignore('the event close follows'));
      this.socket.on('close', () => resolve());
    });
    onTeardown(() => this.socket.destroy());
  }

  send(text: string): this {
    this.socket.write(text);
    return this;
  }
}
