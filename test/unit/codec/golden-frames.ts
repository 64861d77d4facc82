/**
 * Frames of the Java system, byte for byte as its own libraries write them (user 1547028929408
 * "zs", sender 1547028929407 "cj"). Vectors, not output of ours: they were computed with the Java
 * system's protobuf definition.
 */
const properties =
  '221b0a0a73656e64557365724964120d31353437303238393239343037' +
  '22120a0c73656e64557365724e616d651202636a' +
  '221e0a0d72656365697665557365724964120d31353437303238393239343038';

export const receiverId = 1547028929408;
export const sender = { userId: 1547028929407, name: 'cj' };

export const golden = {
  login: '0b0a027a731080b7f090832d',
  loginWithExplicitZero: '0d0a027a731080b7f090832d1800',
  ping: '0f0a0470696e671080b7f090832d1802',
  pong: '080a04706f6e671802',
  push: `610a0568656c6c6f1080b7f090832d1801${properties}`,
  batch: `631080b7f090832d1801${properties}2a01612a01622a0163`,
  offline: `6b1080b7f090832d1803${properties}2a0f6f66666c696e65206d657373616765`,
} as const;

export function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}

export function hex(data: Uint8Array): string {
  return Buffer.from(data).toString('hex');
}
