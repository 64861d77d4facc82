/** What a role says of the registry: that it is away hurts nobody who is in, and all roles alike. */
import type { Condition, Health } from '../base/process/health.ts';
import type { Registry } from './registry.ts';

export function watchRegistry(health: Health, registry: Pick<Registry, 'problem'>): Condition {
  return health.watch('registry', () => registry.problem);
}
