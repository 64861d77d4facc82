/** Real processes for tests (src/processes/), each of which ends at teardown. */
import {
  type IsReady,
  LocalProcess,
  type ProcessOptions,
} from '../../src/processes/local-process.ts';
import { onTeardown } from './teardown.ts';
import { waitUntil } from './wait-until.ts';

/**
 * Starts a process and waits until it is ready; fails, with its output, when it exits or takes too
 * long. Without `ready` it counts as ready when it has been started.
 */
export async function startProcess({
  ready = () => true,
  ...options
}: ProcessOptions & { readonly ready?: IsReady }): Promise<TestProcess> {
  const started = new TestProcess(options);
  onTeardown(() => started.stop());
  try {
    await started.whenReady(ready);
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${started.output}`, { cause: error });
  }
  return started;
}

/** A role takes free ports, but for those that it is given. */
const anyPort = { CIM_WS_PORT: '0' };

/** Keeps all that it has printed. */
export class TestProcess extends LocalProcess {
  constructor(options: ProcessOptions) {
    const env = { ...anyPort, ...options.env };
    super({ ...options, env, charactersMax: Number.POSITIVE_INFINITY });
  }

  /** Polls until `pattern` has been printed on stdout. */
  async whenPrinted(pattern: RegExp): Promise<RegExpExecArray> {
    try {
      return await waitUntil(`${this.name} prints ${pattern}`, () => pattern.exec(this.stdout));
    } catch (error) {
      throw new Error(`${this.name} did not print ${pattern}:\n${this.output}`, { cause: error });
    }
  }
}
