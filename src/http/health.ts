/** What an orchestrator asks: does the process live, and should it get work. */
import { CimError, describeError } from '../base/errors.ts';
import { type Endpoint, endpoint } from './endpoint.ts';

/** `problems`: what keeps the role from working, in one line each; empty when it is ready. */
export function healthEndpoints(
  version: string,
  problems: () => Promise<readonly string[]>,
): readonly Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: '/healthz',
      summary: 'Answers while the process lives',
      answer: { type: 'object', properties: { version: { type: 'string' } } },
      handle: () => ({ version }),
    }),
    endpoint({
      method: 'GET',
      path: '/readyz',
      summary: 'Whether it can do its work; if not, 503 with the reasons in message',
      handle: async () => {
        const found = await problems().catch((error: unknown) => [describeError(error)]);
        if (found.length > 0) throw new CimError('unavailable', found.join('; '));
      },
    }),
  ];
}
