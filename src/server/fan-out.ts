/**
 * One message for many connections here: encoded once, and that one buffer written to all. Not to
 * the connection that sent it, and not to a Java peer of the sender, as in the Java system.
 */
import { encodeJavaMessage, JavaFanOut, javaTextOf } from '../codec/java-frame.ts';
import { scanMessage } from '../codec/message-scan.ts';
import { encodePush } from '../codec/server-frame.ts';
import type { GroupMember } from './group-table.ts';

/** `seq` 0: it has no number. `takes`: whether there is room for it at a member. */
export function fanOut(
  members: Iterable<GroupMember>,
  body: Uint8Array,
  seq: number,
  takes: (member: GroupMember) => boolean,
): void {
  const fields = scanMessage(body);
  const { from, fromName, epochHex } = fields;
  const frame = encodePush(body, seq);
  let java: JavaFanOut | undefined;
  for (const member of members) {
    if (member.userId === from && (member.java || member.epochHex === epochHex)) continue;
    if (!takes(member)) continue;
    if (!member.java) {
      member.writeLive(frame);
      continue;
    }
    java ??= new JavaFanOut({ userId: from, name: fromName }, javaTextOf(body, fields));
    const { length, tail } = java.around(member.userId);
    for (const part of [length, java.shared, tail]) member.writeLive(part);
  }
}

/** A message that has no number, for one receiver. */
export function encodeUnnumbered({ java, userId }: GroupMember, body: Uint8Array): Uint8Array {
  if (!java) return encodePush(body, 0);
  const fields = scanMessage(body);
  const sender = { userId: fields.from, name: fields.fromName };
  return encodeJavaMessage(userId, sender, javaTextOf(body, fields));
}
