/**
 * Calls routes over HTTP. It keeps to the route that answers; when that one does not, it tries the
 * others in turn. account/account.ts and routes.ts say what is asked, and as whom.
 */
import { CimError, errorTable } from '../../../base/errors.ts';
import { protocolVersion } from '../../../codec/commands.ts';
import type { HttpRequest, Platform } from '../platform.ts';

export interface RouteCallerOptions {
  /** Base URLs of routes, or how to find them. */
  readonly routes: readonly string[] | (() => Promise<readonly string[]>);
  readonly platform: Pick<Platform, 'http' | 'random'>;
}

export type Call = Pick<HttpRequest, 'method' | 'body'> & {
  readonly path: string;
  /** What proves who calls; undefined: nothing does. */
  readonly bearer?: string | undefined;
};

/** Above what a route may take to probe a server and to wait for its store. */
const answerMs = 5_000;

export class RouteCaller {
  readonly #options: RouteCallerOptions;
  /** The one to try first comes first. Empty: not asked for yet, or none of them answered. */
  #urls: readonly string[] = [];

  constructor(options: RouteCallerOptions) {
    this.#options = options;
  }

  /**
   * The answer's dataBody. Throws the CimError that the answer tells of, `unavailable` when no
   * route gave one.
   */
  call(call: Call): Promise<unknown> {
    return this.ask(call.path, (url) => this.#request(url, call));
  }

  /** The same in any other way of asking: `request` is given the URL at one route after the other. */
  async ask<Answer>(path: string, request: (url: string) => Promise<Answer>): Promise<Answer> {
    let failure = new CimError('unavailable', 'no route is known');
    for (const url of await this.#candidates()) {
      try {
        const answer = await askOne(url, path, request);
        this.#keep(url);
        return answer;
      } catch (error) {
        if (!(error instanceof CimError)) throw error;
        if (error.kind !== 'unavailable') {
          this.#keep(url);
          throw error;
        }
        failure = error;
      }
    }
    this.#urls = [];
    throw failure;
  }

  /** The route that has answered last comes last from now on. */
  tryOthers(): void {
    const [first, ...others] = this.#urls;
    if (first !== undefined) this.#urls = [...others, first];
  }

  /**
   * All routes, beginning with the one kept, else with any: clients spread over routes by
   * themselves.
   */
  async #candidates(): Promise<readonly string[]> {
    if (this.#urls.length > 0) return this.#urls;
    const { routes, platform } = this.#options;
    const urls = typeof routes === 'function' ? await routes() : routes;
    const start = Math.floor(platform.random.fraction() * urls.length);
    this.#urls = [...urls.slice(start), ...urls.slice(0, start)];
    return this.#urls;
  }

  #keep(url: string): void {
    const at = this.#urls.indexOf(url);
    if (at > 0) this.#urls = [...this.#urls.slice(at), ...this.#urls.slice(0, at)];
  }

  #request(url: string, { method, body, bearer }: Call): Promise<unknown> {
    return this.#options.platform.http.request(url, {
      method,
      headers: {
        'x-cim-version': String(protocolVersion),
        ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
      },
      body,
      timeoutMs: answerMs,
    });
  }
}

async function askOne<Answer>(
  route: string,
  path: string,
  request: (url: string) => Promise<Answer>,
): Promise<Answer> {
  try {
    return await request(`${route.replace(/\/$/, '')}${path}`);
  } catch (error) {
    if (!isPathMissing(error)) throw error;
    const { origin } = new URL(route);
    throw new CimError(
      'unavailable',
      `${origin} is no route, as it has no ${path}: perhaps the HTTP port of a server; a route listens on 8083 unless it is told another port`,
      { cause: error },
    );
  }
}

/** And not something that was asked for. */
function isPathMissing(error: unknown): boolean {
  return (
    error instanceof CimError &&
    error.kind === 'not-found' &&
    error.message === errorTable['not-found'].meaning
  );
}
