import { createLocalRegistry } from '../../src/registry/open-registry.ts';
import { describeRegistry } from './registry.ts';

describeRegistry('the registry of one process', async () => {
  const hub = await createLocalRegistry();
  return async () => hub.join();
});
