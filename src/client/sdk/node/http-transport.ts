/** HTTP as the SDK needs it. */
import { CimError, describeError } from '../../../base/errors.ts';
import type { HttpRequest, HttpTransport } from '../platform.ts';

export const httpTransport: HttpTransport = { request };

async function request({ method, url, headers, body, timeoutMs }: HttpRequest): Promise<unknown> {
  const init: RequestInit = { method, headers, signal: AbortSignal.timeout(timeoutMs) };
  if (body !== undefined) {
    init.headers = { ...headers, 'content-type': 'application/json' };
    init.body = JSON.stringify(body);
  }
  try {
    const answer = await fetch(url, init);
    return await answer.json();
  } catch (error) {
    throw new CimError('unavailable', `${url} does not answer: ${describeError(error)}`, {
      cause: error,
    });
  }
}
