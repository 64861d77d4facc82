/** Files, for callers: who may begin one, and how many are on their way at a time. */
import type { RouteOperations } from '../operations.ts';
import { callerOf, type OperationsContext } from './context.ts';

export function fileOperations(
  context: OperationsContext,
): Pick<
  RouteOperations,
  'beginFile' | 'putFilePart' | 'finishFile' | 'cancelFile' | 'openFile' | 'fileUsage'
> {
  const { files, store } = context;
  return {
    async beginFile(facts) {
      await callerOf(context, facts.owner);
      return files.begin(facts);
    },

    putFilePart: (part) => files.putPart(part),

    cancelFile: (id, capability) => files.cancel(id, capability),

    finishFile: (id, capability) => files.finish(id, capability),

    async openFile({ id, capability, peer }) {
      const file = await files.find(id, capability);
      const close = files.transfers.begin({ kind: 'download', of: id, peer });
      const { bytes, type, sha256 } = file;
      return {
        ...{ bytes, type, sha256, close },
        async read(from, to) {
          try {
            return (await files.read(file, from, to)).once('close', close);
          } catch (error) {
            close();
            throw error;
          }
        },
      };
    },

    fileUsage: () => store.files.usage(),
  };
}
