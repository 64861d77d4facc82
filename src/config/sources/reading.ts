/**
 * What a source of settings gives, before it is known which source wins and whether the texts are
 * values.
 */
import type { Source } from '../option.ts';
import type { OptionName } from '../options.ts';

export interface Given {
  readonly name: OptionName;
  readonly text: string;
  readonly source: Source;
  /** As the user knows the place: `--port`, `CIM_PORT`, `cim.yaml: port`. */
  readonly where: string;
}

export interface Problem {
  readonly where: string;
  readonly source: Source;
  readonly message: string;
}

export interface Reading {
  readonly given: readonly Given[];
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}
