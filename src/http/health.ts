/** What an orchestrator asks: does the process live, and should it get work. */
import { CimError, describeError } from '../base/errors.ts';
import { anyone } from './access.ts';
import { type Endpoint, endpoint } from './endpoint.ts';

interface Health {
  readonly version: string;
  /** What keeps the role from working, in one line each; empty when it is ready. */
  readonly problems: () => Promise<readonly string[]>;
  /** What does not keep it from working, but should be known. */
  readonly warnings?: readonly string[];
}

export function healthEndpoints({ version, problems, warnings = [] }: Health): readonly Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: '/healthz',
      access: anyone,
      summary: 'Answers while the process lives',
      answer: { type: 'object', properties: { version: { type: 'string' } } },
      handle: () => ({ version }),
    }),
    endpoint({
      method: 'GET',
      path: '/readyz',
      access: anyone,
      summary: 'Whether it can do its work; if not, 503 with the reasons in message',
      answer: {
        type: 'object',
        description: 'null without warnings',
        properties: { warnings: { type: 'array', items: { type: 'string' } } },
      },
      handle: async () => {
        const found = await problems().catch((error: unknown) => [describeError(error)]);
        if (found.length > 0) throw new CimError('unavailable', found.join('; '));
        return warnings.length > 0 ? { warnings } : null;
      },
    }),
  ];
}
