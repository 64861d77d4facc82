/**
 * A frame of a server as protobufjs reads it: with what only Java clients are sent, and by another
 * decoder than the SDK's.
 */
import { com } from '../../src/codec/protobuf.ts';

const { Response } = com.crossoverjie.cim.common.protocol;

export type AnyFrame = InstanceType<typeof Response>;

export function decodeAnyFrame(bytes: Uint8Array): AnyFrame {
  return Response.decode(bytes);
}

/** The fields of `frame` that `like` has: those that are not there are inherited. */
export function sameFields<Frame extends object>(frame: AnyFrame, like: Frame): unknown {
  return Object.fromEntries(
    Object.keys(like).map((name) => [name, frame[name as keyof AnyFrame] ?? undefined]),
  );
}
