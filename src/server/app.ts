/**
 * A server's HTTP port: /sendMsg [J3], counters and health. main.ts listens on it, and lets routes' links in
 * over its `server`.
 */
import type { Counters } from '../base/counters.ts';
import { CimError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Logger } from '../base/log.ts';
import type { TlsPort } from '../base/tls.ts';
import { buildHttpApp, type HttpApp } from '../http/app.ts';
import { countersEndpoint } from '../http/counters.ts';
import { type Endpoint, endpoint } from '../http/endpoint.ts';
import type { PortLimits } from '../limits/port-limits.ts';
import type { ServerOperations } from './operations.ts';

export interface ServerAppOptions {
  /** Empty while none is known: /sendMsg is refused. */
  readonly clusterSecrets: () => readonly string[];
  readonly tls?: TlsPort | undefined;
  readonly portLimits?: PortLimits;
  readonly counters: Counters;
  readonly log: Logger;
  readonly version: string;
}

export function buildServerApp(operations: ServerOperations, options: ServerAppOptions): HttpApp {
  return buildHttpApp({
    ...options,
    title: 'cim server',
    proofs: { clusterSecrets: options.clusterSecrets },
    endpoints: [sendMessageEndpoint(operations), countersEndpoint(options.counters)],
    problems: () => operations.problems(),
  });
}

function sendMessageEndpoint(operations: ServerOperations): Endpoint {
  return endpoint({
    method: 'POST',
    path: '/sendMsg',
    summary: "Writes to a Java client's connection, if there is one; nothing is stored",
    access: { who: 'operators' },
    body: {
      type: 'object',
      required: ['userId', 'cmd', 'properties'],
      properties: {
        userId: { type: 'integer', minimum: 1, maximum: limits.userIdMax },
        cmd: { type: 'string', enum: ['MESSAGE', 'OFFLINE'] },
        msg: { type: 'string' },
        batchMsg: { type: 'array', items: { type: 'string' }, maxItems: limits.batchTextsMax },
        properties: {
          type: 'object',
          additionalProperties: { type: 'string' },
          maxProperties: limits.propertiesMax,
        },
      },
    },
    answer: { type: 'object', properties: { msg: { type: 'string' } } },
    handle: (message) => {
      if (message.msg === undefined && !message.batchMsg?.length) {
        throw new CimError('invalid-argument', 'msg: must be given, or batchMsg');
      }
      operations.sendMessage(message);
      return { msg: 'OK' };
    },
  });
}
