/** The generated protobuf code (proto/*.proto, made by `make setup`), set up to use numbers. */
import './protobuf-numbers.ts';

export { cim, com } from './generated/cim.js';
