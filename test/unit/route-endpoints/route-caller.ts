/** A route's HTTP port over fake operations, spoken to as Java callers and cim clients do. */
import { Counters } from '../../../src/base/process/counters.ts';
import type { HttpApp } from '../../../src/http/app.ts';
import type { AuthMode } from '../../../src/route/accounts/authentication.ts';
import { buildRouteApp } from '../../../src/route/app.ts';
import { clusterKeysOf } from '../../support/cluster-key.ts';
import { routeFiguresOf } from '../../support/figures.ts';
import { onTeardown } from '../../support/teardown.ts';
import { recordingLog } from '../http/recording-log.ts';
import { FakeOperations } from './fake-operations.ts';

export const cim = { 'x-cim-version': '1' };
export const operator = { ...cim, authorization: 'Bearer cluster' };

export class RouteCaller {
  readonly operations = new FakeOperations();
  readonly counters = new Counters();
  readonly lines: string[];
  readonly #app: HttpApp;

  constructor(mode: AuthMode = 'open') {
    const { log, lines } = recordingLog();
    this.lines = lines;
    this.#app = buildRouteApp(this.operations, {
      mode,
      proofs: { clusterKeys: clusterKeysOf('cluster') },
      warnings: [],
      ...routeFiguresOf(this.counters),
      log,
      version: '9.9.9',
    });
    onTeardown(() => this.#app.close());
  }

  /** POSTs a body as okhttp does; the answer's status and its very text. */
  async post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const { statusCode, body: text } = await this.#app.inject({
      method: 'POST',
      url: path,
      headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return [statusCode, text];
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    const { statusCode, body } = await this.#app.inject({ url: path, headers });
    return [statusCode, body];
  }
}

export type Answer = [status: number, text: string];

export function success(dataBody: unknown = null): Answer {
  return [200, JSON.stringify({ code: '9000', message: 'Success', reqNo: null, dataBody })];
}

export function failure(status: number, code: string, message: string): Answer {
  return [status, JSON.stringify({ code, message, reqNo: null, dataBody: null })];
}
