/**
 * Request bodies, as a small part of JSON Schema: a schema is what the handler's type is computed
 * from, what /openapi.json shows, and what `readBody` checks.
 *
 * The checking is our own because of what Java callers send and expect: a number may be a
 * string of digits, null is as good as absent, unknown fields are ignored. It copies what the
 * schema names into a new object, so nothing else of the caller's reaches a handler, least of all a
 * `__proto__`.
 */
import { CimError } from '../base/errors.ts';

interface IntegerSchema {
  readonly type: 'integer';
  readonly minimum: number;
  readonly maximum: number;
  readonly description?: string;
}

/** There is none without a bound: what is done to a text may take longer than reading it. */
type StringSchema = TextSchema | ChoiceSchema;

interface TextSchema {
  readonly type: 'string';
  readonly minLength?: number;
  /** In characters, not UTF-16 units. */
  readonly maxLength: number;
  readonly enum?: never;
  readonly description?: string;
}

interface ChoiceSchema {
  readonly type: 'string';
  readonly enum: readonly string[];
  readonly description?: string;
}

interface BooleanSchema {
  readonly type: 'boolean';
  readonly description?: string;
}

interface ListSchema {
  readonly type: 'array';
  readonly items: IntegerSchema | StringSchema | RecordSchema;
  readonly maxItems: number;
  readonly description?: string;
}

/** Any keys, each with a text. */
interface MapSchema {
  readonly type: 'object';
  readonly propertyNames: TextSchema;
  readonly additionalProperties: StringSchema;
  readonly maxProperties: number;
  readonly description?: string;
}

/** Fields of its own, as a body has them. */
interface RecordSchema extends BodySchema {
  readonly description?: string;
}

type FieldSchema =
  | IntegerSchema
  | StringSchema
  | BooleanSchema
  | ListSchema
  | MapSchema
  | RecordSchema;

export interface BodySchema {
  readonly type: 'object';
  readonly required: readonly string[];
  readonly properties: Readonly<Record<string, FieldSchema>>;
}

type FieldOf<Schema> = Schema extends { readonly enum: readonly (infer Choice)[] }
  ? Choice
  : Schema extends IntegerSchema
    ? number
    : Schema extends StringSchema
      ? string
      : Schema extends BooleanSchema
        ? boolean
        : Schema extends { readonly type: 'array'; readonly items: infer Item }
          ? readonly FieldOf<Item>[]
          : Schema extends BodySchema
            ? BodyOf<Schema>
            : Readonly<Record<string, string>>;

/** What a handler gets of a body with this schema. */
export type BodyOf<Schema extends BodySchema> = {
  readonly [Name in Schema['required'][number] & keyof Schema['properties']]: FieldOf<
    Schema['properties'][Name]
  >;
} & {
  readonly [Name in Exclude<keyof Schema['properties'], Schema['required'][number]>]?: FieldOf<
    Schema['properties'][Name]
  >;
};

/**
 * The fields that the schema names, in its types. Throws `invalid-argument` or `too-long`, naming
 * the field.
 */
export function readBody<Schema extends BodySchema>(schema: Schema, body: unknown): BodyOf<Schema> {
  if (!isObject(body)) throw new CimError('invalid-argument', 'the body must be a JSON object');
  return readFields(schema, body, '');
}

/** `place`: what names of fields are told with in front. */
function readFields<Schema extends BodySchema>(
  { required, properties }: Schema,
  body: object,
  place: string,
): BodyOf<Schema> {
  const fields: [string, unknown][] = [];
  for (const [name, schema] of Object.entries(properties)) {
    const value = Object.hasOwn(body, name) ? (body as Record<string, unknown>)[name] : undefined;
    if (value !== undefined && value !== null) {
      fields.push([name, readField(schema, value, `${place}${name}`)]);
    } else if (required.includes(name)) {
      throw new CimError('invalid-argument', `${place}${name}: must be given`);
    }
  }
  return Object.fromEntries(fields) as BodyOf<Schema>;
}

function readField(schema: FieldSchema, value: unknown, name: string): unknown {
  switch (schema.type) {
    case 'integer':
      return readInteger(schema, value, name);
    case 'string':
      return readString(schema, value, name);
    case 'boolean':
      return readBoolean(value, name);
    case 'array':
      return readList(schema, value, name);
    case 'object':
      if (!isObject(value)) refuse(name, 'must be an object');
      return 'properties' in schema
        ? readFields(schema, value, `${name}.`)
        : readMap(schema, value, name);
  }
}

function readInteger({ minimum, maximum }: IntegerSchema, value: unknown, name: string): number {
  const number = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value;
  if (
    !Number.isSafeInteger(number) ||
    (number as number) < minimum ||
    (number as number) > maximum
  ) {
    refuse(name, `must be a whole number from ${minimum} to ${maximum}`);
  }
  return number as number;
}

function readString(schema: StringSchema, value: unknown, name: string): string {
  if (typeof value !== 'string') refuse(name, 'must be a string');
  if (schema.enum) {
    if (!schema.enum.includes(value)) refuse(name, `must be one of ${schema.enum.join(', ')}`);
    return value;
  }
  const { minLength = 0, maxLength } = schema;
  // Before anything else is done to it.
  if (value.length > maxLength && isLonger(value, maxLength))
    throw new CimError('too-long', `${name}: must have at most ${maxLength} characters`);
  // Half a surrogate pair has no UTF-8 form, and would become a frame that a peer refuses.
  if (!value.isWellFormed()) refuse(name, 'must be well-formed Unicode');
  if (value.length < minLength) refuse(name, 'must not be empty');
  return value;
}

function isLonger(text: string, charactersMax: number): boolean {
  return text.length > 2 * charactersMax || [...text].length > charactersMax;
}

function readBoolean(value: unknown, name: string): boolean {
  if (typeof value !== 'boolean') refuse(name, 'must be true or false');
  return value;
}

function readList({ items, maxItems }: ListSchema, value: unknown, name: string): unknown[] {
  if (!Array.isArray(value)) refuse(name, 'must be an array');
  if (value.length > maxItems) refuse(name, `must have at most ${maxItems} elements`);
  return value.map((item, index) => readField(items, item, `${name}[${index}]`));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readMap(schema: MapSchema, value: object, name: string): Record<string, string> {
  const { maxProperties } = schema;
  const given = Object.entries(value);
  if (given.length > maxProperties) refuse(name, `must have at most ${maxProperties} keys`);
  const entries = given.map(([key, text]) => [
    readString(schema.propertyNames, key, `a key of ${name}`),
    readString(schema.additionalProperties, text, `a value of ${name}`),
  ]);
  return Object.fromEntries(entries);
}

function refuse(name: string, expectation: string): never {
  throw new CimError('invalid-argument', `${name}: ${expectation}`);
}
