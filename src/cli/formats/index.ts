import type { Format } from "./format.js";
import { json } from "./json.js";
import { text } from "./text.js";

/** Every output format; the first is the default. */
export const formats: readonly Format[] = [text, json];
