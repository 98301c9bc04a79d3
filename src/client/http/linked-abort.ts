/** A controller of our own that a caller's signal aborts too, with its reason. */
export interface LinkedAbort {
  controller: AbortController;
  /** Leaves no listener on the caller's signal. */
  unlink(this: void): void;
}

/** What is linked to each signal. */
const links = new WeakMap<AbortSignal, { controllers: Set<AbortController>; listener: () => void }>();

/**
 * Links a new controller to a signal. However many there are at a time, the signal has one listener: Node warns of more
 * than ten as of a leak, and the pages of one history may be as many. `AbortSignal.any` would leave something behind on
 * a signal that outlives thousands of connections.
 */
export function linkAbort(signal: AbortSignal | undefined): LinkedAbort {
  const controller = new AbortController();
  if (signal === undefined) return { controller, unlink: () => {} };
  if (signal.aborted) {
    controller.abort(signal.reason);
    return { controller, unlink: () => {} };
  }
  const link = links.get(signal) ?? listenTo(signal);
  link.controllers.add(controller);
  const unlink = () => {
    link.controllers.delete(controller);
    if (link.controllers.size > 0 || links.get(signal) !== link) return;
    signal.removeEventListener("abort", link.listener);
    links.delete(signal);
  };
  return { controller, unlink };
}

function listenTo(signal: AbortSignal) {
  const controllers = new Set<AbortController>();
  const listener = () => {
    links.delete(signal);
    for (const controller of controllers) controller.abort(signal.reason);
  };
  const link = { controllers, listener };
  links.set(signal, link);
  signal.addEventListener("abort", listener, { once: true });
  return link;
}
