/**
 * Makes protobufjs give 64-bit fields as JavaScript numbers: every id, number and time in cim is
 * below 2^53. It decides this once, when the generated code is loaded, and takes the `long` package
 * if it finds it; so this file is imported before that code.
 */
import protobuf from 'protobufjs/minimal.js';

(protobuf.util as { Long: unknown }).Long = null;
protobuf.configure();
