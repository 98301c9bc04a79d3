import type { Fetch } from "../../client/index.js";
import { isThisMachine } from "./proxy.js";

/** Warns once if a request sends the key unencrypted to another machine. */
export function warnOnPlainHttpKey(fetch: Fetch, warn: (line: string) => void): Fetch {
  let warned = false;
  return (url, request) => {
    const { protocol, origin } = new URL(url);
    if (!warned && protocol === "http:" && !isThisMachine(new URL(url))) {
      warn(`warning: the key is sent unencrypted to ${origin}; anyone on the network can read it`);
      warned = true;
    }
    return fetch(url, request);
  };
}
