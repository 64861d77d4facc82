/**
 * The four keys around every answer. Java callers parse strictly: there is never a fifth,
 * and the order is the Java system's.
 */
import { CimError, type ErrorName, errorTable, successCode } from '../base/errors.ts';

export interface Envelope {
  readonly code: string;
  readonly message: string;
  readonly reqNo: null;
  readonly dataBody: unknown;
}

export function successEnvelope(dataBody: unknown): Envelope {
  return { code: successCode, message: 'Success', reqNo: null, dataBody: dataBody ?? null };
}

export function errorEnvelope({ code, message }: CimError): Envelope {
  return { code, message, reqNo: null, dataBody: null };
}

/**
 * The dataBody of a success. Throws the CimError that the answer tells of, or `unavailable` if it
 * tells of nothing that cim knows.
 */
export function openEnvelope(answer: unknown, url: string): unknown {
  const { code, message, dataBody } = (answer ?? {}) as Partial<Record<keyof Envelope, unknown>>;
  if (code === successCode) return dataBody;
  const kinds = Object.keys(errorTable) as ErrorName[];
  const kind = kinds.find((name) => errorTable[name].code === code);
  if (!kind) throw new CimError('unavailable', `what answers at ${url} is not cim`);
  throw new CimError(kind, typeof message === 'string' ? message : undefined);
}
