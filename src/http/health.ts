/** What an orchestrator asks: does the process live, and should it get work. */
import { CimError } from '../base/errors.ts';
import type { Health } from '../base/process/health.ts';
import { anyone } from './access.ts';
import { type Endpoint, endpoint } from './endpoint.ts';

interface HealthOptions {
  readonly version: string;
  /** Always well, if absent. */
  readonly health?: Pick<Health, 'report'> | undefined;
  /** What does not keep it from working, but should be known. */
  readonly warnings?: readonly string[];
}

/** Answered as soon as there is a port. */
export const healthPaths: ReadonlySet<string> = new Set(['/healthz', '/readyz']);

const well = { report: () => ({ own: [], shared: [] }) };
const reasons = { type: 'array', items: { type: 'string' } } as const;

export function healthEndpoints({
  version,
  health = well,
  warnings = [],
}: HealthOptions): readonly Endpoint[] {
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
      summary:
        'Whether it should get work; 503 with the reasons in message if another instance may do better',
      flags: {
        strict: '503 also for what all instances have alike, and which else is told as degraded',
      },
      answer: {
        type: 'object',
        description: 'null if there is nothing to tell',
        properties: { degraded: reasons, warnings: reasons },
      },
      handle: (_body, { flags }) => {
        const { own, shared } = health.report();
        if (own.length > 0 || (shared.length > 0 && flags.has('strict')))
          throw new CimError('unavailable', [...own, ...shared].join('; '));
        if (shared.length === 0 && warnings.length === 0) return null;
        return {
          ...(shared.length > 0 && { degraded: shared }),
          ...(warnings.length > 0 && { warnings }),
        };
      },
    }),
  ];
}
