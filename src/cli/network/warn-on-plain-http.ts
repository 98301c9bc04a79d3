import type { Fetch } from "../../client/index.js";
import { isThisMachine } from "./proxy.js";

/** Warns, once, of a request that takes the key to another machine for all on the way to read. */
export function warnOnPlainHttpKey(fetch: Fetch, warn: (line: string) => void): Fetch {
  let warned = false;
  return (url, request) => {
    const { protocol, origin } = new URL(url);
    if (!warned && protocol === "http:" && !isThisMachine(new URL(url))) {
      warn(`warning: the key goes unencrypted to ${origin}; anyone on the way can read it`);
      warned = true;
    }
    return fetch(url, request);
  };
}
