import type { Format } from "./format.js";
import { json } from "./formats/json.js";
import { text } from "./formats/text.js";

/** Every output format; the first is the default. */
export const formats: readonly Format[] = [text, json];
